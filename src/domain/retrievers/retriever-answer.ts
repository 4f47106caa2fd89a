import { z } from 'zod'
import { featureDependencies } from './feature-dependencies.ts'
import { stageCategories } from './retriever.ts'
import type { Retriever } from './retriever.ts'

const Json = z.record(z.string(), z.unknown())

/** A retriever on the wire (contract 17.1): canonical stages, ids of collections, a flat input schema. */
export const RetrieverAnswer = z.object({
  retriever_id: z.string(),
  retriever_name: z.string(),
  description: z.string().nullable(),
  collection_ids: z.array(z.string()),
  stages: z.array(
    z.looseObject({ stage_name: z.string(), stage_type: z.enum(stageCategories), config: Json }),
  ),
  input_schema: Json,
  budget_limits: Json,
  feature_dependencies: z.array(
    z.looseObject({ scheme: z.string(), extractor: z.string(), version: z.string() }),
  ),
  tags: z.array(z.string()),
  display_config: z.unknown().nullable(),
  visibility: z.enum(['private', 'public', 'marketplace']),
  version: z.int(),
  created_at: z.string(),
  updated_at: z.string(),
  created_by: z.string().nullable(),
  updated_by: z.string().nullable(),
  is_published: z.boolean(),
  marketplace_listing_id: z.string().nullable(),
})

export function retrieverAnswer(retriever: Retriever): z.infer<typeof RetrieverAnswer> {
  return {
    retriever_id: retriever.id,
    retriever_name: retriever.name,
    description: retriever.description,
    collection_ids: retriever.collectionIds,
    stages: retriever.stages.map((stage) => ({ ...stage })),
    input_schema: retriever.inputSchema,
    budget_limits: retriever.budgetLimits,
    feature_dependencies: featureDependencies(retriever.stages),
    tags: retriever.tags,
    display_config: retriever.displayConfig,
    visibility: retriever.visibility,
    version: retriever.version,
    created_at: retriever.createdAt.toISOString(),
    updated_at: retriever.updatedAt.toISOString(),
    created_by: retriever.createdBy,
    updated_by: retriever.createdBy,
    is_published: false,
    marketplace_listing_id: null,
  }
}
