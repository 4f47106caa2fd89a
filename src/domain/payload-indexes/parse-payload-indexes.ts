import { z } from 'zod'
import { fail, type Fault } from '../failure.ts'
import { resolveFieldPath } from '../filters/field-path.ts'
import { suggestion } from '../nearest-name.ts'
import { payloadPath, isPath } from './payload-path.ts'
import { parseFieldSchema } from './index-schema.ts'
import { indexTypes, type DeclaredIndex, type PayloadIndex } from './payload-index.ts'

/** An entry of `payload_indexes` as clients send it (contract 8.1), before its meaning is looked at. */
export const PayloadIndexConfig = z.looseObject({
  field_name: z.string().min(1).max(255),
  type: z.enum(indexTypes),
  field_schema: z.record(z.string(), z.unknown()).nullish(),
  is_protected: z.boolean().nullish(),
})
export type PayloadIndexConfig = z.infer<typeof PayloadIndexConfig>

/** Keys of an answer's entry that come back when a client sends on what it read. */
const knownKeys = [
  'field_name',
  'type',
  'field_schema',
  'is_protected',
  'origin',
  'state',
  'error',
  'note',
]

export interface IndexRules {
  /** Where the list stands, e.g. `['body', 'payload_indexes']`. */
  location: Fault['location']
  /** The namespace's indexes as they are: what an entry may be an echo of. */
  existing: readonly PayloadIndex[]
  /** Most custom indexes of one namespace (setting `NACRE_INDEXES_MAX`). */
  indexesMax: number
}

/**
 * The custom indexes that a list declares (contract 7.4, 8; design 6). Echoes of protected entries are left out.
 * Throws `request_invalid` with every fault of the list; nothing is half accepted.
 */
export function parsePayloadIndexes(
  entries: readonly PayloadIndexConfig[],
  { location, existing, indexesMax }: IndexRules,
): DeclaredIndex[] {
  const known = { byPath: byKey(existing, 'path'), byName: byKey(existing, 'fieldName') }
  const faults: Fault[] = []
  const seen = new Map<string, string>()
  const declared: DeclaredIndex[] = []
  for (const [i, entry] of entries.entries()) {
    const parsed = parseEntry(entry, [...location, i], known)
    faults.push(...parsed.faults)
    if (parsed.path === null) continue
    const first = seen.get(parsed.path)
    if (first !== undefined) faults.push(duplicate([...location, i], entry.field_name, first))
    seen.set(parsed.path, first ?? entry.field_name)
    if (parsed.index) declared.push(parsed.index)
  }
  if (declared.length > indexesMax) faults.push(tooMany(location, declared.length, indexesMax))
  if (faults.length > 0) throw fail('request_invalid', { faults })
  return declared
}

interface Known {
  byPath: Map<string, PayloadIndex>
  byName: Map<string, PayloadIndex>
}

interface ParsedEntry {
  /** Null where the name itself is at fault. */
  path: string | null
  /** Null for an echo of a protected index. */
  index: DeclaredIndex | null
  faults: Fault[]
}

function parseEntry(
  entry: PayloadIndexConfig,
  location: Fault['location'],
  known: Known,
): ParsedEntry {
  const faults = unknownKeys(entry, location)
  const name = entry.field_name
  const named = pathOf(name, [...location, 'field_name'])
  if (named.path === null) return { path: null, index: null, faults: [...faults, ...named.faults] }

  const { schema, faults: optionFaults } = parseFieldSchema(
    entry.type,
    entry.field_schema ?? null,
    [...location, 'field_schema'],
  )
  faults.push(...optionFaults)
  const protectedOne = protectedBy(known, name, named.path)
  if (protectedOne && (entry.is_protected || protectedOne.origin !== 'auto')) {
    faults.push(...echoFaults(entry, protectedOne, location))
    return { path: protectedOne.path, index: null, faults }
  }
  faults.push(...customFaults(entry, named.path, location))
  return { path: named.path, index: { fieldName: name, path: named.path, schema }, faults }
}

/** The protected index that an entry names, by its path or by the short name that answers show. */
function protectedBy({ byPath, byName }: Known, name: string, path: string): PayloadIndex | null {
  return [byPath.get(path), byName.get(name)].find((index) => index?.isProtected) ?? null
}

/** An echo says what is there; generated clients may have dropped or added options (contract 2.1, trap 17). */
function echoFaults(
  entry: PayloadIndexConfig,
  index: PayloadIndex,
  location: Fault['location'],
): Fault[] {
  if (!entry.is_protected) {
    const message = `'${entry.field_name}' is a protected ${index.origin} index and cannot be declared by a client; leave it out, it stays`
    return [{ location: [...location, 'field_name'], message, type: 'protected_field' }]
  }
  const refuse = (key: string, was: unknown): Fault => ({
    location: [...location, key],
    message: `the protected index '${entry.field_name}' cannot be changed; it is ${JSON.stringify(was)}`,
    type: 'protected_field',
  })
  if (entry.type !== index.schema.type) return [refuse('type', index.schema.type)]
  return Object.entries(index.schema)
    .filter(([key, was]) => key !== 'type' && (entry.field_schema?.[key] ?? was) !== was)
    .map(([key]) =>
      refuse('field_schema', { [key]: index.schema[key as keyof typeof index.schema] }),
    )
}

function customFaults(
  entry: PayloadIndexConfig,
  path: string,
  location: Fault['location'],
): Fault[] {
  const faults: Fault[] = []
  if (entry.is_protected) {
    faults.push({
      location: [...location, 'is_protected'],
      message: 'is true, but only the server protects indexes; send false or leave it out',
      type: 'protected_field',
    })
  }
  if (/^(_internal|_vectors)($|[.[])/.test(path)) {
    faults.push({
      location: [...location, 'field_name'],
      message: `'${entry.field_name}' is one of the server's own fields; index a field of your documents`,
      type: 'protected_field',
    })
  }
  return faults
}

function pathOf(
  name: string,
  location: Fault['location'],
): { path: string | null; faults: Fault[] } {
  const refuse = (message: string) => ({
    path: null,
    faults: [{ location, message, type: 'invalid_field_name' }],
  })
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(name))
    return refuse('holds a control character; use printable ones')
  if (!name.isWellFormed())
    return refuse('holds half of a surrogate pair; send well-formed Unicode')
  if (name.trim() === '') return refuse('is blank; name a field such as "metadata.category"')
  if (!isPath(name))
    return refuse('is no path; write keys with dots between, as "a.b", and odd keys in quotes')
  return { path: payloadPath(resolveFieldPath(name)), faults: [] }
}

function duplicate(location: Fault['location'], name: string, first: string): Fault {
  const message =
    name === first
      ? `'${name}' is in the list twice; name each field once`
      : `'${name}' and '${first}' are the same field of a document; name it once`
  return { location: [...location, 'field_name'], message, type: 'duplicate' }
}

function tooMany(location: Fault['location'], given: number, max: number): Fault {
  const message = `declares ${given} indexes; a namespace has at most ${max} (NACRE_INDEXES_MAX)`
  return { location: [...location], message, type: 'too_many' }
}

function unknownKeys(entry: PayloadIndexConfig, location: Fault['location']): Fault[] {
  return Object.keys(entry)
    .filter((key) => !knownKeys.includes(key))
    .map((key) => ({
      location: [...location, key],
      message: `is no key of a payload index${suggestion(key, knownKeys)}`,
      type: 'unknown_field',
    }))
}

function byKey(
  indexes: readonly PayloadIndex[],
  key: 'path' | 'fieldName',
): Map<string, PayloadIndex> {
  return new Map(indexes.map((index) => [index[key], index]))
}
