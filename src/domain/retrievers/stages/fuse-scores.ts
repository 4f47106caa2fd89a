/** What one search has found, best first. */
export interface ScoredList {
  /** Of the search, 0 to 1. */
  weight: number
  found: readonly { pointId: string; score: number | null }[]
}

export type ScoreFusion = 'weighted' | 'max'

/**
 * Several searches as one, by the scores themselves (contract 18): `weighted` adds weight times score, a search that
 * did not find a document adding nothing; `max` takes the best score of any search, whatever its weight. Best first,
 * equal ones by their ids, each document once.
 */
export function fuseScores(
  lists: readonly ScoredList[],
  fusion: ScoreFusion,
): { pointId: string; score: number }[] {
  const scores = new Map<string, number>()
  for (const { weight, found } of lists) {
    for (const { pointId, score } of found) {
      const before = scores.get(pointId)
      const own = score ?? 0
      const fused =
        fusion === 'max' ? Math.max(before ?? -Infinity, own) : (before ?? 0) + weight * own
      scores.set(pointId, fused)
    }
  }
  return Array.from(scores, ([pointId, score]) => ({ pointId, score })).sort(
    (a, b) => b.score - a.score || (a.pointId < b.pointId ? -1 : 1),
  )
}
