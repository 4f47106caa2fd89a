import { quantileOf } from '../query-usage/histogram.ts'

/** How long reads took, in milliseconds. Quantiles are of a histogram: right to the width of its buckets. */
export interface LatencyFigures {
  avg_latency_ms: number
  p50_latency_ms: number
  p95_latency_ms: number
  p99_latency_ms: number
}

/** Of `count` reads that took `totalMs` together, spread as `histogram` says; zeros where there was none. */
export function latencyFigures({
  count,
  totalMs,
  histogram,
}: {
  count: number
  totalMs: number
  histogram: readonly number[]
}): LatencyFigures {
  const at = (q: number) => (count === 0 ? 0 : roundMs(quantileOf(histogram, q)))
  return {
    avg_latency_ms: count === 0 ? 0 : roundMs(totalMs / count),
    p50_latency_ms: at(0.5),
    p95_latency_ms: at(0.95),
    p99_latency_ms: at(0.99),
  }
}

/** To the microsecond: what is below is noise of the clock. */
export function roundMs(ms: number): number {
  return Math.round(ms * 1_000) / 1_000
}
