import type { DecisionInputs } from './decision.ts'

/** Why the field was looked at, in one sentence with its figures. */
export function tellRule({ rule, filtered24h, thresholds, usage }: DecisionInputs): string {
  const times = `Filtered ${filtered24h} times in 24 hours`
  if (rule === 'frequency') return `${times} (more than ${thresholds['indexFiltersMin']}).`
  const { totalMs = 0, count = 0 } = usage
  const meanMs = count === 0 ? 0 : totalMs / count
  return `${times}, ${Math.round(meanMs)} ms each on average: together at least ${thresholds['indexCostMs']} ms.`
}
