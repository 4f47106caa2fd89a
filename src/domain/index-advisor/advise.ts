import type { FieldUsage } from '../../store/query-usage.ts'
import type { PayloadIndex } from '../payload-indexes/payload-index.ts'
import { openStates, type AdviceRule, type DecisionState, type IndexDecision } from './decision.ts'

/** What leads to decisions, all of it: same inputs, same advice (M-10 of its kind). */
export interface AdviceInput {
  now: Date
  usage: readonly FieldUsage[]
  indexes: readonly PayloadIndex[]
  /** Path → its newest decision. */
  newest: ReadonlyMap<string, IndexDecision>
  /** Of the namespace; null where nobody counted. */
  documents: number | null
  thresholds: Thresholds
}

/** By their names in config.ts. */
export interface Thresholds {
  indexFiltersMin: number
  indexCostMs: number
  indexChurnMs: number
}

/** A field about which something has to be decided now. */
export interface Advice {
  path: string
  fieldName: string
  rule: AdviceRule
  usage: FieldUsage
  /** Milliseconds that reads which named it took in 24 hours. */
  costMs: number
  /** Which decision about the field it is. */
  attempts: number
}

/** So many times more documents than when it was decided make an old "no" worth another look. */
const growth = 10

/**
 * The fields that need a decision, dearest first: filtered more often than the documented count, or few times at a
 * great cost, without an index that is built, and neither decided about already nor left alone for now.
 */
export function advise(input: AdviceInput): Advice[] {
  const built = new Set(
    input.indexes.filter(({ state }) => state !== 'virtual').map(({ path }) => path),
  )
  return input.usage
    .flatMap((usage): Advice[] => {
      const rule = ruleOf(usage, input.thresholds)
      const newest = input.newest.get(usage.path)
      if (rule === null || built.has(usage.path) || isAnswered(usage.path)) return []
      if (newest && isSettled(newest, input)) return []
      return [
        {
          path: usage.path,
          fieldName: usage.field,
          rule,
          usage,
          costMs: costOf(usage),
          attempts: (newest?.attempts ?? 0) + 1,
        },
      ]
    })
    .toSorted((a, b) => b.costMs - a.costMs || a.path.localeCompare(b.path))
}

/** Of which rule the use of a field is the case; null: of none. More than the count in 24 hours always is. */
export function ruleOf(
  usage: FieldUsage,
  { indexFiltersMin, indexCostMs }: Pick<Thresholds, 'indexFiltersMin' | 'indexCostMs'>,
): AdviceRule | null {
  if (usage.filtered24h > indexFiltersMin) return 'frequency'
  return usage.filtered24h > 0 && costOf(usage) >= indexCostMs ? 'cost' : null
}

/** Reads of 24 hours × their mean duration. */
export function costOf({ filtered24h, totalMs, count }: FieldUsage): number {
  return count === 0 ? 0 : filtered24h * (totalMs / count)
}

/** Ids and the namespace itself are answered without reading any document (design 7). */
function isAnswered(path: string): boolean {
  return path === '_internal.document_id' || path === '_internal.namespace_id'
}

const open: readonly DecisionState[] = openStates

/** Whether the last decision still stands: open, or the field is left alone (I-4: no flapping). */
function isSettled(newest: IndexDecision, { now, documents, thresholds }: AdviceInput): boolean {
  if (open.includes(newest.state)) return true
  const wasBuilt = newest.activeAt !== null || newest.state === 'reverted'
  const restsUntil = newest.updatedAt.getTime() + thresholds.indexChurnMs
  if (wasBuilt && newest.state !== 'taken_over' && restsUntil > now.getTime()) {
    return !isOutgrown(newest)
  }
  if (newest.blockedUntil === null || newest.blockedUntil <= now) return false
  const then = newest.before?.documents ?? newest.census?.documents
  return documents === null || then === undefined || documents < then * growth
}

/** Dropped to be followed at once: integers that fractions came to (design 4, widening), or an index that was dead. */
function isOutgrown({ state, blockedUntil }: IndexDecision): boolean {
  return state === 'dropped' && blockedUntil === null
}
