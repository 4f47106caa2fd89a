import { hash } from 'node:crypto'
import { z } from 'zod'
import { DocumentAnswer, documentAnswer } from '../documents/document-answer.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { Execution } from './execute-retriever.ts'
import { Explanation } from './explain/explanation.ts'
import type { ResultPage } from './pagination.ts'
import type { Results } from './read-results.ts'
import { rounded } from './rounded.ts'
import type { FoundDocument } from './stage.ts'

const Json = z.record(z.string(), z.unknown())

const GroupAnswer = z.object({
  key: z.unknown(),
  group_key: z.unknown(),
  /** How many documents belong to the group, answered or not. */
  count: z.int(),
  documents: z.array(DocumentAnswer),
})

const AggregationAnswer = z.object({
  results: z.array(z.object({ group: Json, metrics: Json })),
  total_groups: z.int(),
})

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
  /** Of the documents answered, where a stage grouped them; each document says in `_group` where it belongs. */
  groups: z.array(GroupAnswer).optional(),
  /** What aggregate stages computed, by their names. */
  aggregations: z.record(z.string(), AggregationAnswer).optional(),
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
  const documents = foundAnswers(results.documents, namespace, options)
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
    ...(execution.aggregations.size > 0 && {
      aggregations: Object.fromEntries(execution.aggregations),
    }),
    ...groupsIn(results.documents, documents),
    ...(explanation && { explain: explanation }),
    created_at: createdAt.toISOString(),
    completed_at: new Date(createdAt.getTime() + durationMs).toISOString(),
    stages_completed: execution.stagesCompleted,
    total_stages: execution.stagesTotal,
  }
}

/** What stages found, as it goes over the wire: a document that no search ranked has the score null. */
export function foundAnswers(
  found: readonly FoundDocument[],
  namespace: Pick<Namespace, 'id'>,
  { vectors }: { vectors: boolean },
): DocumentAnswer[] {
  return found.map((record) => ({
    ...documentAnswer(record, { namespace, vectors }),
    score: record.score,
    ...(record.group && { _group: groupOf(record.group) }),
  }))
}

/**
 * The answer as JSON, and an ETag of what was found: the same where nothing but times and ids of the execution differ.
 * Documents are most of it and stand in it twice; they are turned into text once.
 */
export function executionText(answer: z.infer<typeof ExecutionAnswer>): {
  text: string
  tag: string
} {
  const { documents, results: _, ...rest } = answer
  const { pagination, facets, aggregations } = rest
  const found = JSON.stringify(documents)
  const besides = JSON.stringify([pagination, facets, aggregations])
  return {
    text: `{"documents":${found},"results":${found},${JSON.stringify(rest).slice(1)}`,
    tag: `"${hash('sha256', found + besides, 'base64url')}"`,
  }
}

function groupOf({ field, key, count }: NonNullable<FoundDocument['group']>) {
  return { field, key, count }
}

/** The groups of a page, in the order of their first documents. */
function groupsIn(
  found: readonly FoundDocument[],
  answers: readonly DocumentAnswer[],
): { groups?: z.infer<typeof GroupAnswer>[] } {
  const groups = new Map<unknown, z.infer<typeof GroupAnswer>>()
  for (const [i, { group }] of found.entries()) {
    const answer = answers[i]
    if (!group || group.isFlat || !answer) continue
    const { key, count } = group
    const known = groups.get(key) ?? { key, group_key: key, count, documents: [] }
    known.documents.push(answer)
    groups.set(key, known)
  }
  return groups.size > 0 ? { groups: [...groups.values()] } : {}
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
