import type { Payload } from '../../ports/vector-engine.ts'
import { elementsOf, fieldValues, type DocumentIdentity } from '../filters/field-values.ts'
import { instantOf } from '../filters/instant.ts'
import { invalid } from '../failure.ts'
import type { SortOption } from '../listing.ts'

/** What a value weighs in an order: false < true < numbers < dates < other texts; null: no such value. */
export type SortKey = readonly [rank: number, weight: number | string] | null

/** A document's place in an order; equal keys are told apart by the point's id, so that pages never overlap. */
export interface Place {
  keys: readonly SortKey[]
  pointId: string
}

/** The keys of one document, one a field to sort by; of a list the end that comes first. */
export function sortKeys(
  payload: Payload,
  sort: readonly SortOption[],
  identity?: DocumentIdentity,
): SortKey[] {
  return sort.map(({ field, direction }) => {
    const keys = elementsOf(fieldValues(payload, field, identity)).map(sortKeyOf)
    const present = keys.filter((key) => key !== null)
    present.sort((a, b) => compareSortKeys(a, b) * (direction === 'desc' ? -1 : 1))
    return present[0] ?? null
  })
}

/** Orders places; documents without a value come last in either direction (contract 18, nulls_last). */
export function comparePlaces(sort: readonly SortOption[]): (a: Place, b: Place) => number {
  return (a, b) => {
    for (const [i, { direction }] of sort.entries()) {
      const [left, right] = [a.keys[i] ?? null, b.keys[i] ?? null]
      if (left === null || right === null) {
        if (left !== right) return left === null ? 1 : -1
        continue
      }
      const order = compareSortKeys(left, right)
      if (order !== 0) return direction === 'desc' ? -order : order
    }
    return a.pointId < b.pointId ? -1 : a.pointId > b.pointId ? 1 : 0
  }
}

/** Keeps the first `size` of however many places, in memory for twice as many. */
export function firstPlaces(
  size: number,
  compare: (a: Place, b: Place) => number,
): { add(place: Place): void; sorted(): Place[] } {
  let kept: Place[] = []
  return {
    add(place) {
      kept.push(place)
      if (kept.length >= 2 * size + 64) kept = kept.sort(compare).slice(0, size)
    },
    sorted: () => kept.sort(compare).slice(0, size),
  }
}

/** A place as an opaque cursor: the next page begins after it. */
export function cursorOf(place: Place): string {
  return Buffer.from(JSON.stringify([place.pointId, ...place.keys])).toString('base64url')
}

/** Throws `request_invalid` for a cursor that no list of this order made, as its ids show too. */
export function placeOf(cursor: string, keysCount: number, ids: RegExp = uuid): Place {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    if (isPlaceTuple(parsed, keysCount)) {
      const [pointId, ...keys] = parsed
      if (ids.test(pointId)) return { pointId, keys }
    }
  } catch {
    // Not JSON: no cursor of ours, as below.
  }
  throw invalid(
    ['query', 'cursor'],
    'is no cursor of this list; take next_cursor of the page before',
    'invalid_cursor',
  )
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

function isPlaceTuple(value: unknown, keysCount: number): value is [string, ...SortKey[]] {
  if (!Array.isArray(value) || value.length !== keysCount + 1) return false
  const [pointId, ...keys]: unknown[] = value
  return typeof pointId === 'string' && keys.every(isSortKey)
}

function isSortKey(value: unknown): boolean {
  if (value === null) return true
  return (
    Array.isArray(value) &&
    value.length === 2 &&
    typeof value[0] === 'number' &&
    ['number', 'string'].includes(typeof value[1])
  )
}

/** What one value weighs; null for what has no place in an order. */
export function sortKeyOf(value: unknown): SortKey {
  if (typeof value === 'boolean') return [0, Number(value)]
  if (typeof value === 'number') return [1, value]
  if (typeof value !== 'string') return null
  const instant = instantOf(value)
  // Microseconds of a date need more than 53 bits only after the year 2255.
  return instant === null ? [3, value] : [2, Number(instant)]
}

/** Below zero where `a` comes first, going up. */
export function compareSortKeys(a: NonNullable<SortKey>, b: NonNullable<SortKey>): number {
  if (a[0] !== b[0]) return a[0] - b[0]
  return a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : 0
}
