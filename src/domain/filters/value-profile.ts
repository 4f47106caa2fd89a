import type { PayloadFieldSchema } from '../../ports/vector-engine.ts'
import { indexedLatMax, indexedLonMax } from './geo-cover.ts'
import { momentOf } from './instant.ts'

/**
 * What a stored value is, as the engine's indexes tell values apart. `integer`: whole and within 2^53, as an integer
 * index holds it for good; every other number is a `fraction`, 1e300 as well. `date`: text that the engine reads as one,
 * but for leap seconds, which its index takes for the next minute. `geo`: an object with `lon` and `lat` on the globe, but
 * for its very ends. A list within a list is a `list`, which no index holds.
 */
export type ValueKind =
  | 'null'
  | 'boolean'
  | 'integer'
  | 'fraction'
  | 'date'
  | 'text'
  | 'geo'
  | 'object'
  | 'list'

type IndexType = PayloadFieldSchema['type']

const held: Readonly<Record<IndexType, readonly ValueKind[]>> = {
  keyword: ['text', 'date'],
  integer: ['integer'],
  float: ['integer', 'fraction'],
  bool: ['boolean'],
  datetime: ['date'],
  geo: ['geo'],
  uuid: ['text'],
  text: ['text', 'date'],
}

/** Whether an index of the type can hold values of the kind; of uuid, only some of them. Nulls are beside each index. */
export function isKindHeld(type: IndexType, kind: ValueKind): boolean {
  return kind === 'null' || held[type].includes(kind)
}

/** Whether an index of the type holds this one value, no list, so that asking it loses nothing. */
export function isHeld(type: IndexType, value: unknown, kind = kindOfValue(value)): boolean {
  if (!isKindHeld(type, kind)) return false
  return type !== 'uuid' || kind === 'null' || isPlainUuid(value)
}

export function kindOfValue(value: unknown): ValueKind {
  if (typeof value === 'boolean') return 'boolean'
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'integer' : 'fraction'
  if (typeof value === 'string') return momentOf(value)?.isLeap === false ? 'date' : 'text'
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return 'list'
  return isPlace(value) ? 'geo' : 'object'
}

function isPlace(value: object): boolean {
  if (!('lon' in value) || !('lat' in value)) return false
  const { lon, lat } = value
  return isWithin(lon, indexedLonMax) && isWithin(lat, indexedLatMax)
}

function isWithin(value: unknown, max: number): boolean {
  return typeof value === 'number' && Math.abs(value) < max
}

/** In the one spelling in which a uuid index gives it back: others are equal to it there, and nowhere else. */
function isPlainUuid(value: unknown): boolean {
  return typeof value === 'string' && /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/.test(value)
}
