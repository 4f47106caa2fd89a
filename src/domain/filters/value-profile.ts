import type { PayloadFieldSchema } from '../../ports/vector-engine.ts'
import { instantOf } from './instant.ts'

export type ValueKind =
  | 'null'
  | 'boolean'
  | 'integer'
  | 'fraction'
  | 'date'
  | 'text'
  | 'object'
  | 'list'

/** Which kinds of values stand at a path, in all documents that were looked at. */
export interface ValueProfile {
  kinds: Set<ValueKind>
  /** Whether some document has a list there, so that two conditions may hold for two of its elements. */
  hasLists: boolean
}

export function emptyProfile(): ValueProfile {
  return { kinds: new Set(), hasLists: false }
}

/** Adds the values that one document has at the path; lists are opened one level, as indexes do. */
export function profileValues(profile: ValueProfile, values: readonly unknown[]): void {
  if (values.length > 1) profile.hasLists = true
  for (const value of values) {
    if (!Array.isArray(value)) profile.kinds.add(kindOfValue(value))
    else {
      profile.hasLists = true
      for (const element of value) profile.kinds.add(kindOfValue(element))
    }
  }
}

const held: Readonly<Record<PayloadFieldSchema['type'], readonly ValueKind[]>> = {
  keyword: ['text', 'date'],
  integer: ['integer'],
  float: ['integer', 'fraction'],
  bool: ['boolean'],
  datetime: ['date'],
  geo: [],
  uuid: [],
  text: [],
}

/** Whether an index of the type holds every one of the values; nulls are kept beside each index. */
export function isCovered(profile: ValueProfile, type: PayloadFieldSchema['type']): boolean {
  return [...profile.kinds].every((kind) => kind === 'null' || held[type].includes(kind))
}

function kindOfValue(value: unknown): ValueKind {
  if (typeof value === 'boolean') return 'boolean'
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'integer' : 'fraction'
  if (typeof value === 'string') return instantOf(value) === null ? 'text' : 'date'
  if (value === null || value === undefined) return 'null'
  return Array.isArray(value) ? 'list' : 'object'
}
