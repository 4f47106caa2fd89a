import type { ReplayedIds } from './replay.ts'

/** A document that the engine tells otherwise than the filter's meaning, on its payload as it is now. */
export interface AnswerDifference {
  shape: string
  pointId: string
  engine: boolean
  naive: boolean
}

/**
 * Whether the queries that both replays asked have the same answers. An id that only one of them has counts only if
 * the naive evaluation on the current payload contradicts the engine: writes go on meanwhile (design 7).
 */
export function sameAnswers(
  before: ReplayedIds,
  after: ReplayedIds,
): { queries: number; differences: AnswerDifference[] } {
  const asked = new Set(before.queries.map(({ key }) => key))
  const compared = after.queries.filter(({ key }) => asked.has(key))
  const differences = compared.flatMap(({ shape, judged }) =>
    judged.flatMap(({ pointId, engine, naive }) =>
      naive === null || naive === engine ? [] : [{ shape, pointId, engine, naive }],
    ),
  )
  return { queries: compared.length, differences }
}
