/**
 * Durations as counts in buckets that grow by a quarter of an octave, so that histograms of processes and hours add up
 * and a quantile is within 10 % of the truth. Bucket 0 holds everything up to `firstMs`.
 */
const firstMs = 0.01
const perOctave = 4

/** Buckets in all: the last one begins at about 2 minutes. */
export const bucketsMax = 96

/** The bucket of a duration in milliseconds. */
export function bucketOf(durationMs: number): number {
  if (!(durationMs > firstMs)) return 0
  const bucket = Math.ceil(Math.log2(durationMs / firstMs) * perOctave)
  return Math.min(bucket, bucketsMax - 1)
}

/** Counts a read in its bucket; a histogram is as long as its last bucket with a read. */
export function countIn(histogram: number[], bucket: number): void {
  while (histogram.length <= bucket) histogram.push(0)
  histogram[bucket] = (histogram[bucket] ?? 0) + 1
}

/**
 * The duration in ms below which the share `q` (0..1) of the counted reads lie: the geometric middle of its bucket.
 * NaN where nothing was counted.
 */
export function quantileOf(histogram: readonly number[], q: number): number {
  const total = histogram.reduce((sum, count) => sum + count, 0)
  if (total === 0) return Number.NaN
  const wanted = Math.min(Math.max(q, 0), 1) * total
  let passed = 0
  for (const [bucket, count] of histogram.entries()) {
    passed += count
    if (count > 0 && passed >= wanted) return middleOf(bucket)
  }
  return middleOf(histogram.length - 1)
}

/** The sum of two histograms, whatever their lengths. */
export function addHistograms(a: readonly number[], b: readonly number[]): number[] {
  const length = Math.max(a.length, b.length)
  return Array.from({ length }, (_, i) => (a[i] ?? 0) + (b[i] ?? 0))
}

function middleOf(bucket: number): number {
  return bucket === 0 ? firstMs / 2 : firstMs * 2 ** ((bucket - 0.5) / perOctave)
}
