import { z } from 'zod'
import type { Ports } from '../../ports/ports.ts'
import { countNamespaceParts, type NamespaceCounts } from '../../store/namespaces.ts'
import { countDocuments } from '../documents/read.ts'
import { isFailure } from '../failure.ts'
import { PayloadIndexAnswer, payloadIndexAnswer } from '../payload-indexes/payload-index-answer.ts'
import { infrastructureAnswer } from './infrastructure.ts'
import type { Namespace } from './namespace.ts'
import { OwnVectorAnswer, ownVectorsAnswer } from './own-vectors.ts'

const count = z.int().nullable()

/** Contract 7.2: the seed page's ten fields, always, and what else clients read. */
export const NamespaceAnswer = z
  .looseObject({
    namespace_name: z.string(),
    namespace_id: z.string(),
    infrastructure: z.looseObject({ qdrant_collection: z.string() }),
    description: z.string().nullable(),
    feature_extractors: z.array(
      z.looseObject({
        feature_extractor_name: z.string(),
        version: z.string(),
        feature_extractor_id: z.string(),
      }),
    ),
    payload_indexes: z.array(PayloadIndexAnswer),
    document_count: count,
    auto_create_indexes: z.boolean(),
    created_at: z.string(),
    updated_at: z.string(),
    namespace_type: z.enum(['standard', 'marketplace']),
    document_count_complete: z.boolean(),
    bucket_count: count,
    collection_count: count,
    object_count: count,
    vector_inference_map: z.record(z.string(), z.string()),
    /** Ours: the vectors that documents bring with them, as declared; the name of one is its feature URI. */
    vectors: z.record(z.string(), OwnVectorAnswer),
    /** Ours: what the fixed model is and which languages it reads (design 6). */
    embedding_model: z.looseObject({ inference_name: z.string(), languages: z.array(z.string()) }),
    /** Ours: the task of an index build that outlasted the request. */
    task_id: z.string().optional(),
    /** Ours: values that a new payload index cannot hold; it is made as declared, and answers stay right. */
    warnings: z
      .array(
        z.object({
          field_name: z.string(),
          values_not_representable: z.int(),
          examples: z.array(z.string()),
        }),
      )
      .optional(),
  })
  .meta({ id: 'Namespace' })
export type NamespaceAnswer = z.infer<typeof NamespaceAnswer>

/** How many namespaces of one list are counted at once. */
const countsAtOnce = 8

export async function namespaceAnswer(
  ports: Ports,
  namespace: Namespace,
): Promise<NamespaceAnswer> {
  const [answer] = await namespaceAnswers(ports, [namespace])
  if (!answer) throw new Error('one namespace has one answer')
  return answer
}

/** Namespaces as the wire shows them, in their order, with counts that are true now. */
export async function namespaceAnswers(
  ports: Ports,
  namespaces: readonly Namespace[],
): Promise<NamespaceAnswer[]> {
  const parts = await countNamespaceParts(
    ports.db,
    namespaces.map(({ id }) => id),
  )
  const answers: NamespaceAnswer[] = []
  for (let i = 0; i < namespaces.length; i += countsAtOnce) {
    const some = namespaces.slice(i, i + countsAtOnce)
    const counts = await Promise.all(some.map((namespace) => documentCount(ports, namespace)))
    answers.push(
      ...some.map((namespace, j) =>
        answerOf(namespace, counts[j] ?? null, parts.get(namespace.id)),
      ),
    )
  }
  return answers
}

/** Exact, from the engine; null while a shard cannot answer (design 6): never stale, never a failure. */
async function documentCount(ports: Ports, namespace: Namespace): Promise<number | null> {
  try {
    return await countDocuments(ports, namespace, { collectionIds: null }, null)
  } catch (error) {
    if (!isFailure(error, 'engine_unavailable') && !isFailure(error, 'engine_busy')) throw error
    ports.log.warn({ namespaceId: namespace.id, error }, 'documents not counted')
    return null
  }
}

function answerOf(
  namespace: Namespace,
  documents: number | null,
  parts: NamespaceCounts | undefined,
): NamespaceAnswer {
  return {
    namespace_name: namespace.name,
    namespace_id: namespace.id,
    infrastructure: infrastructureAnswer(namespace),
    description: namespace.description,
    feature_extractors: namespace.featureExtractors.map((extractor) => ({ ...extractor })),
    payload_indexes: namespace.payloadIndexes.map(payloadIndexAnswer),
    document_count: documents,
    auto_create_indexes: namespace.autoCreateIndexes,
    created_at: namespace.createdAt.toISOString(),
    updated_at: namespace.updatedAt.toISOString(),
    namespace_type: namespace.namespaceType,
    document_count_complete: documents !== null,
    bucket_count: parts?.buckets ?? 0,
    collection_count: parts?.collections ?? 0,
    object_count: parts?.objects ?? 0,
    vector_inference_map: Object.fromEntries(
      Object.values(namespace.vectors).flatMap(({ name, inferenceName }) =>
        inferenceName === null ? [] : [[name, inferenceName]],
      ),
    ),
    vectors: ownVectorsAnswer(namespace.vectors),
    embedding_model: {
      inference_name: namespace.embedding.inferenceName,
      languages: [...namespace.embedding.languages],
      dimensions: namespace.embedding.dimensions,
    },
  }
}
