import { z } from 'zod'
import { PayloadIndexConfig } from '../payload-indexes/parse-payload-indexes.ts'
import { OwnVectors } from './own-vectors.ts'

/** Text that PostgreSQL can hold: without NUL, well-formed. */
const text = z
  .string()
  .max(10_000)
  .refine((given) => !given.includes('\u0000') && given.isWellFormed(), {
    message: 'must be well-formed Unicode without NUL',
  })

const ExtractorRequest = z.object({
  feature_extractor_name: z.string().min(1),
  version: z.string().min(1),
  params: z.record(z.string(), z.unknown()).nullish(),
})
export type ExtractorRequest = z.infer<typeof ExtractorRequest>

const infrastructure = z.record(z.string(), z.unknown()).nullish()
const payloadIndexes = z.array(PayloadIndexConfig).max(10_000).nullish()

/** Contract 7.1; `name` and `ttl_seconds` are what real clients send besides (contract 2.2, 2.3); `vectors` is ours. */
export const NewNamespace = z.object({
  namespace_name: z.string().nullish(),
  name: z.string().nullish(),
  feature_extractors: z.array(ExtractorRequest).max(100).nullish(),
  vectors: OwnVectors.nullish(),
  namespace_type: z.enum(['standard', 'marketplace']).nullish(),
  description: text.nullish(),
  payload_indexes: payloadIndexes,
  auto_create_indexes: z.boolean().nullish(),
  infrastructure,
  ttl_seconds: z.int().min(1).max(315_360_000).nullish(),
})
export type NewNamespace = z.infer<typeof NewNamespace>

/** Contract 7.4: absent is unchanged; what null means is design 6's. */
export const NamespacePatch = z.object({
  namespace_name: z.string().nullish(),
  description: text.nullish(),
  payload_indexes: payloadIndexes,
  auto_create_indexes: z.boolean().nullish(),
  infrastructure,
  /** Appended to those that are there (design 4). */
  feature_extractors: z.array(ExtractorRequest).max(100).nullish(),
  /** True: adds what vectors the schema lacks for the extractors and deployed plugins. */
  repair_vectors: z.boolean().nullish(),
})
export type NamespacePatch = z.infer<typeof NamespacePatch>

/** Contract 7.5. */
export const NamespacePut = NamespacePatch.pick({ namespace_name: true, payload_indexes: true })
