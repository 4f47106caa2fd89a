import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { addHistograms, bucketOf, bucketsMax, quantileOf } from './histogram.ts'

const durations = fc.array(fc.double({ min: 0.02, max: 100_000, noNaN: true }), {
  minLength: 1,
  maxLength: 200,
})

test('a quantile of the histogram is within a tenth of the true one', () => {
  fc.assert(
    fc.property(durations, fc.double({ min: 0, max: 1, noNaN: true }), (times, q) => {
      const sorted = times.toSorted((a, b) => a - b)
      const truth = sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN

      assert.ok(Math.abs(quantileOf(histogramOf(times), q) / truth - 1) < 0.1)
    }),
  )
})

test('histograms of two processes add up to the histogram of both', () => {
  fc.assert(
    fc.property(durations, durations, (a, b) => {
      const joined = addHistograms(histogramOf(a), histogramOf(b))

      assert.deepEqual(joined, addHistograms(histogramOf([...a, ...b]), []))
    }),
  )
})

test('nothing counted is no quantile, and no duration is outside of the buckets', () => {
  assert.ok(Number.isNaN(quantileOf([], 0.5)))
  for (const ms of [-1, 0, Number.NaN, 1e300]) {
    const bucket = bucketOf(ms)
    assert.ok(bucket >= 0 && bucket < bucketsMax)
  }
})

function histogramOf(times: readonly number[]): number[] {
  const counts: number[] = []
  for (const ms of times) counts[bucketOf(ms)] = (counts[bucketOf(ms)] ?? 0) + 1
  return Array.from(counts, (count) => count ?? 0)
}
