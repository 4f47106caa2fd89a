import { besides, exactly, isExact, type Bounds, type RangeCondition } from './bounds.ts'
import type { FilterContext } from './compile-filter.ts'

/** Some ends of a range, said of all documents, or of all but some, of which `matching` meet them. */
interface Ends {
  range: RangeCondition
  aside: { exceptions: readonly string[]; matching: readonly string[] } | null
  /** Where its bounds stand among the joined ones. */
  place: number
}

/**
 * The two ends of a range, members of one AND, as one condition: an index then reads what lies between them, not
 * what lies on either side. Where a list may stand at the path the ends stay apart: two of its elements may meet them.
 */
export function joinRanges(bounds: readonly Bounds[], context: FilterContext): Bounds[] {
  const joined: Bounds[] = []
  const byKey = new Map<string, Ends>()
  for (const each of bounds) {
    const ends = endsOf(each, joined.length)
    const before = ends && byKey.get(ends.range.key)
    if (ends && before && canJoin(before, ends) && isWorthIt(ends.range.key, context)) {
      const both = joinedEnds(before, ends)
      byKey.set(ends.range.key, both)
      joined[both.place] = boundsOf(both)
    } else {
      if (ends && !before) byKey.set(ends.range.key, ends)
      joined.push(each)
    }
  }
  return joined
}

function endsOf(bounds: Bounds, place: number): Ends | null {
  const { upper, aside } = bounds
  if (!isExact(bounds)) return null
  if (aside) return { range: aside.range, aside, place }
  if (typeof upper === 'boolean' || !('key' in upper) || !upper.range) return null
  return { range: { key: upper.key, range: upper.range }, aside: null, place }
}

/** Ends of one kind, numbers or dates, each said once, of the same documents. */
function canJoin(a: Ends, b: Ends): boolean {
  const kind = typeof Object.values(a.range.range)[0]
  const isSame = a.aside?.exceptions === b.aside?.exceptions
  return (
    isSame &&
    Object.entries(b.range.range).every(
      ([name, value]) => typeof value === kind && !Object.hasOwn(a.range.range, name),
    )
  )
}

/** An exception meets both where it meets each, by whichever of its values. */
function joinedEnds(a: Ends, b: Ends): Ends {
  const range = { key: a.range.key, range: { ...a.range.range, ...b.range.range } }
  if (!a.aside || !b.aside) return { range, aside: null, place: a.place }
  const second = new Set(b.aside.matching)
  const matching = a.aside.matching.filter((id) => second.has(id))
  return { range, aside: { exceptions: a.aside.exceptions, matching }, place: a.place }
}

function boundsOf({ range, aside }: Ends): Bounds {
  return aside ? besides(range, aside.exceptions, aside.matching) : exactly(range)
}

function isWorthIt(key: string, context: FilterContext): boolean {
  const index = context.indexes.get(key)
  const isRange =
    index !== undefined && ['integer', 'float', 'datetime'].includes(index.schema.type)
  return isRange && context.knows({ kind: 'single', path: key }) === true
}
