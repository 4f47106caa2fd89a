import { z } from 'zod'
import type { Stage } from './stage.ts'
import { aggregateStage } from './stages/aggregate.ts'
import { attributeFilterStage } from './stages/attribute-filter.ts'
import { deduplicateStage } from './stages/deduplicate.ts'
import { featureSearchStage } from './stages/feature-search.ts'
import { groupByStage } from './stages/group-by.ts'
import { limitStage } from './stages/limit.ts'
import { sampleStage } from './stages/sample.ts'
import { sortAttributeStage } from './stages/sort-attribute.ts'
import { sortRelevanceStage } from './stages/sort-relevance.ts'

/** Every stage that runs here, and none that does not (contract 18). */
export const stages: readonly Stage[] = [
  featureSearchStage,
  attributeFilterStage,
  sortAttributeStage,
  sortRelevanceStage,
  limitStage,
  sampleStage,
  deduplicateStage,
  groupByStage,
  aggregateStage,
]

const byId = new Map(stages.map((one) => [one.stageId, one]))

/** Ids of older pages whose meaning is clear (contract 17.1). */
const olderIds: ReadonlyMap<string, string> = new Map([
  ['feature_filter', 'feature_search'],
  ['semantic_search', 'feature_search'],
  ['knn_search', 'feature_search'],
  ['vector_search', 'feature_search'],
  ['hybrid_search', 'feature_search'],
  ['structured_filter', 'attribute_filter'],
  ['filter', 'attribute_filter'],
])

export const stageIds: readonly string[] = stages.map(({ stageId }) => stageId)

/** By its id or an older one; null for what does not run here. */
export function findStage(id: string): Stage | null {
  return byId.get(olderIds.get(id) ?? id) ?? null
}

/** JSON Schema of a stage's parameters, made once. */
export function parameterSchemaOf({ parameters }: Stage): Record<string, unknown> {
  return z.toJSONSchema(parameters, { io: 'input' })
}
