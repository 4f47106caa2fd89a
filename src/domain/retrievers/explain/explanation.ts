import { z } from 'zod'

const Json = z.record(z.string(), z.unknown())

/** One condition of a filter, and who answered it. */
export const ExplainedCondition = z.object({
  field: z.string(),
  operator: z.string(),
  value: z.unknown(),
  /** Below a NOT, or a negation itself: it is checked on candidates and finds none. */
  is_negated: z.boolean(),
  /** `engine`: alone; `engine_and_test`: the engine narrows, each candidate is tested; `test`: documents are read for it. */
  answered_by: z.enum(['engine', 'engine_and_test', 'test']),
  index: z
    .object({ field_name: z.string(), type: z.string(), origin: z.string(), state: z.string() })
    .nullable(),
  /** Why no index served it, or why the engine could not answer it alone. */
  why: z.string().nullable(),
  /** Documents of the scope that meet this condition alone, counted exactly; null where it was not counted. */
  matches: z.int().nullable(),
})
export type ExplainedCondition = z.infer<typeof ExplainedCondition>

export const ExplainedFilter = z.object({
  /** As the engine was asked; long lists of ids are cut. */
  engine_filter: Json.nullable(),
  conditions: z.array(ExplainedCondition),
  /** Documents of the collections that are read, and those of them that meet the filter, counted exactly. */
  in_scope: z.int(),
  candidates: z.int(),
  /** Documents on which a part of the filter was tested outside of the engine. */
  documents_tested: z.int(),
  /** Documents that an index cannot hold, tested beside it. */
  exceptions_tested: z.int(),
})
export type ExplainedFilter = z.infer<typeof ExplainedFilter>

export const ExplainedSearch = z.object({
  vector: z.string(),
  vector_type: z.enum(['dense', 'sparse']),
  top_k: z.int().nullable(),
  min_score: z.number().nullable(),
  /** `exact`: every candidate is scored; `graph`: HNSW, where the graph of a segment is built. */
  method: z.enum(['exact', 'graph']),
  why: z.string(),
  /** The same search without the graph, run for this explanation: how many of its documents the answer has. */
  compared_with_exact: z.object({ same: z.int(), of: z.int() }).nullable(),
  filter: ExplainedFilter,
})
export type ExplainedSearch = z.infer<typeof ExplainedSearch>

export const ExplainedRead = z.object({
  /** The stages that this read carries out. */
  stages: z.array(z.string()),
  kind: z.enum(['search', 'pass', 'count', 'order', 'values']),
  /** What was done, in one sentence. */
  how: z.string(),
  found: z.int(),
  duration_ms: z.number(),
  searches: z.array(ExplainedSearch).optional(),
  fusion: z.enum(['rrf', 'dbsf']).nullable().optional(),
  filter: ExplainedFilter.optional(),
})
export type ExplainedRead = z.infer<typeof ExplainedRead>

/** Why an answer has fewer documents than were asked for. */
export const shortReasons = [
  'no_documents',
  'data',
  'filter',
  'no_vector',
  'min_score',
  'top_k',
  'graph',
  'empty_query',
  'stage_limit',
  'stage_offset',
  'stage_filter',
  'post_filters',
  'groups',
  'duplicates',
  'sample',
  'aggregate',
  'last_page',
  'budget',
] as const
export const ShortReason = z.object({
  reason: z.enum(shortReasons),
  stage: z.string().nullable(),
  message: z.string(),
  /** The measured numbers of the message. */
  figures: z.record(z.string(), z.number()),
})
export type ShortReason = z.infer<typeof ShortReason>

export const Explanation = z.object({
  /** Documents the page could have had, and has. */
  asked: z.int(),
  returned: z.int(),
  is_short: z.boolean(),
  why_short: z.array(ShortReason),
  reads: z.array(ExplainedRead),
  /** What the explanation itself took, beside the execution. */
  explain_ms: z.number(),
})
export type Explanation = z.infer<typeof Explanation>
