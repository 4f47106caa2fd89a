import type { Leaf } from '../filters/filter.ts'
import { isInstant } from '../filters/instant.ts'

/**
 * What a condition compares with. Words for values are those of the facts about documents (`ValueKind`); `date` is a
 * text that the engine reads as one.
 */
export type ConditionKind =
  | 'text'
  | 'date'
  | 'integer'
  | 'fraction'
  | 'boolean'
  | 'geo'
  /** `exists`, `is_null`: no value. */
  | 'none'
  /** A list of different kinds. */
  | 'mixed'

/** Elements of a list that are looked at. */
const elementsMax = 8

export function kindOfCondition({ operator, value }: Leaf): ConditionKind {
  if (operator === 'exists' || operator === 'is_null') return 'none'
  if (operator.startsWith('geo_')) return 'geo'
  return Array.isArray(value) ? kindOfList(value) : kindOfScalar(value)
}

function kindOfList(values: readonly unknown[]): ConditionKind {
  if (values.length === 0) return 'none'
  let kind = kindOfScalar(values[0])
  for (let i = 1; i < values.length && i < elementsMax; i++) {
    const other = kindOfScalar(values[i])
    if (other === kind) continue
    if (!isNumber(kind) || !isNumber(other)) return 'mixed'
    kind = 'fraction'
  }
  return kind
}

function isNumber(kind: ConditionKind): boolean {
  return kind === 'integer' || kind === 'fraction'
}

function kindOfScalar(value: unknown): ConditionKind {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'integer' : 'fraction'
  if (typeof value === 'boolean') return 'boolean'
  if (typeof value !== 'string') return 'mixed'
  // Most texts are told from dates without the pattern: `2024-…`.
  return value.charCodeAt(4) === 45 && isInstant(value) ? 'date' : 'text'
}
