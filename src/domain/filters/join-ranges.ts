import type { FieldCondition } from '../../ports/vector-engine.ts'
import { exactly, isExact, type Bounds } from './bounds.ts'
import type { FilterContext } from './compile-filter.ts'

type RangeCondition = { key: string; range: NonNullable<FieldCondition['range']> }

/**
 * The two ends of a range, members of one AND, as one condition: an index then reads what lies between them, not
 * what lies on either side. Where a list may stand at the path the ends stay apart: two of its elements may meet them.
 */
export function joinRanges(bounds: readonly Bounds[], context: FilterContext): Bounds[] {
  const joined: Bounds[] = []
  const byKey = new Map<string, RangeCondition>()
  for (const each of bounds) {
    const range = rangeOf(each)
    const before = range && byKey.get(range.key)
    if (range && before && canJoin(before, range) && isWorthIt(range.key, context)) {
      // The earlier condition was made here, for this filter, and is nobody else's.
      Object.assign(before.range, range.range)
    } else if (range && !before) {
      const own: RangeCondition = { key: range.key, range: { ...range.range } }
      byKey.set(range.key, own)
      joined.push(exactly(own))
    } else {
      joined.push(each)
    }
  }
  return joined
}

function rangeOf(bounds: Bounds): RangeCondition | null {
  const { upper } = bounds
  if (!isExact(bounds) || typeof upper === 'boolean' || !('key' in upper) || !upper.range)
    return null
  return { key: upper.key, range: upper.range }
}

/** Ends of one kind, numbers or dates, each said once. */
function canJoin(a: RangeCondition, b: RangeCondition): boolean {
  const kind = typeof Object.values(a.range)[0]
  return Object.entries(b.range).every(
    ([name, value]) => typeof value === kind && !Object.hasOwn(a.range, name),
  )
}

function isWorthIt(key: string, context: FilterContext): boolean {
  const index = context.indexes.get(key)
  const isRange =
    index !== undefined && ['integer', 'float', 'datetime'].includes(index.schema.type)
  return isRange && context.knows({ kind: 'single', path: key }) === true
}
