import { z } from 'zod'
import { DocumentAnswer, documentAnswer } from '../documents/document-answer.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { Execution } from './execute-retriever.ts'
import { Explanation } from './explain/explanation.ts'
import type { ResultPage } from './pagination.ts'
import type { Results } from './read-results.ts'
import { rounded } from './rounded.ts'

const Json = z.record(z.string(), z.unknown())

/** Contract 17.3: the last published shape, with `results` beside `documents` (contract 2.3). */
export const ExecutionAnswer = z.looseObject({
  execution_id: z.string(),
  status: z.enum(['completed', 'failed']),
  documents: z.array(DocumentAnswer),
  results: z.array(DocumentAnswer),
  pagination: Json,
  stage_statistics: z.object({
    stages: z.record(z.string(), Json),
    total_time_ms: z.number(),
    credits_used: z.int(),
  }),
  budget: Json,
  error: z.string().nullable(),
  optimization_applied: z.boolean(),
  facets: Json.optional(),
  /** Where the request said `explain: true`. */
  explain: Explanation.optional(),
  created_at: z.string(),
  completed_at: z.string(),
  stages_completed: z.int(),
  total_stages: z.int(),
})

/** An execution on the wire; a document that no search ranked has the score null. */
export function executionAnswer(
  execution: Execution,
  namespace: Pick<Namespace, 'id'>,
  options: { vectors: boolean },
): z.infer<typeof ExecutionAnswer> {
  const { results, statistics, createdAt, durationMs, facets, explanation } = execution
  const documents = results.documents.map((record) => ({
    ...documentAnswer(record, { namespace, vectors: options.vectors }),
    score: record.score,
  }))
  const ms = rounded(durationMs)
  return {
    execution_id: execution.id,
    status: execution.error === null ? 'completed' : 'failed',
    documents,
    results: documents,
    pagination: paginationOf(results, execution.page),
    stage_statistics: {
      stages: Object.fromEntries(
        Object.entries(statistics).map(([name, stage]) => [name, { ...stage }]),
      ),
      total_time_ms: ms,
      credits_used: 0,
    },
    budget: { credits_used: 0, credits_remaining: null, time_used_ms: ms, time_elapsed_ms: ms },
    error: execution.error,
    optimization_applied: Object.values(statistics).some(
      ({ metadata }) => metadata?.['pushed_down'] === true,
    ),
    ...(facets && { facets }),
    ...(explanation && { explain: explanation }),
    created_at: createdAt.toISOString(),
    completed_at: new Date(createdAt.getTime() + durationMs).toISOString(),
    stages_completed: execution.stagesCompleted,
    total_stages: execution.stagesTotal,
  }
}

function paginationOf(results: Results, { method, offset }: ResultPage): Record<string, unknown> {
  const { total, limit, hasNext, nextCursor } = results
  const common = { method, limit, has_next: hasNext, ...(total !== null && { total }) }
  switch (method) {
    case 'offset':
      return {
        ...common,
        offset,
        has_previous: offset > 0,
        page_size: limit,
        page_number: Math.floor(offset / limit) + 1,
      }
    case 'keyset':
      return { ...common, next_cursor: nextCursor === null ? null : { cursor: nextCursor } }
    case 'scroll':
      return { ...common, scroll_id: nextCursor }
    case 'cursor':
      return { ...common, cursor: nextCursor, next_cursor: nextCursor, page_size: limit }
  }
}
