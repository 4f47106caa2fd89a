import { compareGain, thresholdsOf } from '../index-advisor/compare-gain.ts'
import type { IndexDecision } from '../index-advisor/decision.ts'

type Measured = Pick<IndexDecision, 'before' | 'after' | 'path'>

/**
 * What an index gained or lost, in a sentence with sample size and interval; null where recorded queries of the field
 * were not timed before and after it. Never an estimate (design 4, I-14).
 */
export function tellMeasuredGain(
  { before, after, path }: Measured,
  config: Parameters<typeof thresholdsOf>[0],
): string | null {
  if (before === null || after === null) return null
  const isMeasured = [before, after].every(({ shapes }) =>
    shapes.some(({ paths }) => paths.includes(path)),
  )
  return isMeasured ? compareGain(before, after, path, thresholdsOf(config)).sentence : null
}
