import { medianOf, redrawn } from './bootstrap.ts'
import type { Measurement } from './measurement.ts'

/** A shape that was measured on both sides of an index. */
export interface PairedShape {
  shape: string
  weight: number
  paths: readonly string[]
  /** Of each query that was asked on both sides, its runs. */
  queries: { before: readonly number[]; after: readonly number[] }[]
}

/** What was asked before and after; of the weights, those of before. */
export function pairsOf(before: Measurement, after: Measurement): PairedShape[] {
  const later = new Map(after.shapes.map((each) => [each.shape, each]))
  return before.shapes.flatMap((one): PairedShape[] => {
    const other = later.get(one.shape)
    if (!other) return []
    const runs = new Map(other.runs.map(({ key, ms }) => [key, ms]))
    const queries = one.runs.flatMap(({ key, ms }) => {
      const again = runs.get(key) ?? []
      return ms.length > 0 && again.length > 0 ? [{ before: ms, after: again }] : []
    })
    if (queries.length === 0) return []
    return [{ shape: one.shape, weight: one.weight, paths: one.paths, queries }]
  })
}

/** What stands for the runs of one query: the median, or the fastest, which other work disturbed least. */
export type Middle = (ms: readonly number[]) => number

export function fastestOf(ms: readonly number[]): number {
  return Math.min(...ms)
}

/** Milliseconds of a read of the shape: the mean of its queries. */
export function costOf(
  pair: PairedShape,
  side: 'before' | 'after',
  middle: Middle = medianOf,
): number {
  const times = pair.queries.map((query) => middle(query[side]))
  return times.reduce((sum, ms) => sum + ms, 0) / times.length
}

/** The weighted sum of both sides; shapes that nobody counted weigh the same. */
export function sumsOf(
  pairs: readonly PairedShape[],
  middle: Middle = medianOf,
): { before: number; after: number; weight: number } {
  const isCounted = pairs.some(({ weight }) => weight > 0)
  const sums = { before: 0, after: 0, weight: 0 }
  for (const pair of pairs) {
    const weight = isCounted ? pair.weight : 1
    sums.before += weight * costOf(pair, 'before', middle)
    sums.after += weight * costOf(pair, 'after', middle)
    sums.weight += weight
  }
  return sums
}

/** The queries drawn anew, and of each its runs. */
export function redrawnPair(pair: PairedShape, random: () => number): PairedShape {
  const queries = redrawn(pair.queries, random).map(({ before, after }) => ({
    before: redrawn(before, random),
    after: redrawn(after, random),
  }))
  return { ...pair, queries }
}
