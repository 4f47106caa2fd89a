import type { BucketField, FieldType } from '../buckets/bucket.ts'
import { reservedRootKeys } from '../filters/field-path.ts'

type Fields = Record<string, BucketField>

/** Kinds of values seen at each root field, with how often. */
export type SeenFields = Map<string, Map<FieldType, number>>

/** Counts the root fields of one document; null says nothing of a kind, and what is the system's is no field. */
export function seeFields(seen: SeenFields, payload: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(payload)) {
    if (value === null || value === undefined || reservedRootKeys.has(name)) continue
    const kinds = seen.get(name) ?? new Map<FieldType, number>()
    const kind = kindOf(value)
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
    seen.set(name, kinds)
  }
}

/** Fields that were seen and that the schema does not have, each said to be discovered. */
export function discoveredFields(seen: SeenFields, schema: Fields): Fields {
  const fresh = [...seen].filter(([name]) => !Object.hasOwn(schema, name))
  return Object.fromEntries(
    fresh.map(([name, kinds]) => [name, { type: typeOf(kinds), discovered: true }]),
  )
}

/** Nobody declared anything: any path may be there, also beside what documents turned out to hold. */
export function isOpen(schema: Fields): boolean {
  return Object.values(schema).every((field) => field['discovered'] === true)
}

function kindOf(value: unknown): FieldType {
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'float'
  if (typeof value === 'boolean') return 'boolean'
  if (Array.isArray(value)) return 'array'
  return typeof value === 'object' ? 'object' : 'string'
}

/** Whole numbers among others are numbers; of kinds that have nothing in common the most frequent one. */
function typeOf(kinds: ReadonlyMap<FieldType, number>): FieldType {
  const [first] = [...kinds].toSorted(([, a], [, b]) => b - a)
  const type = first?.[0] ?? 'string'
  const isNumber = type === 'integer' || type === 'float'
  return isNumber && kinds.has('integer') && kinds.has('float') ? 'number' : type
}
