import type { BucketField } from '../buckets/bucket.ts'
import type { Extractor } from '../extractors/extractor.ts'
import { fail, invalid, type Fault } from '../failure.ts'
import { nearestName, suggestion } from '../nearest-name.ts'
import { plainPath } from '../objects/field-at.ts'
import { pluginMappings } from './plugin-mappings.ts'

type Location = (string | number)[]
type Fields = Record<string, BucketField>

/**
 * Extractor input → source path (contract 15.1): as an object, or as a list of {input_key, path}. Absent: each
 * required input takes the field of its name, else the source's only field of a type that it supports; a plugin,
 * whose inputs are names only, what its manifest maps (plugin-contract 4.1). Empty: every blob of a fitting type.
 * Throws `request_invalid` for an unknown input and for a path that the source's schema does not have.
 */
export function parseMappings(
  extractor: Extractor,
  fields: Fields,
  given: unknown,
  location: Location,
): Record<string, string> {
  if (given === undefined || given === null) return defaultMappings(extractor, fields, location)
  const entries = Array.isArray(given)
    ? listEntries(given, location)
    : objectEntries(given, location)
  const faults = entries.flatMap((entry) => [
    ...inputFaults(extractor, entry),
    ...pathFaults(fields, entry),
  ])
  if (faults.length > 0) throw fail('request_invalid', { faults })
  const mappings = Object.fromEntries(entries.map(({ input, path }) => [input, path]))
  return entries.length === 0
    ? defaultMappings(extractor, fields, location)
    : requireOne(extractor, mappings, location)
}

interface Entry {
  input: string
  path: string
  location: Location
}

function objectEntries(given: unknown, location: Location): Entry[] {
  if (typeof given !== 'object' || given === null) {
    throw invalid(location, "must be {input: 'source.path'}", 'wrong_type')
  }
  return Object.entries(given).map(([input, path]) => entryOf(input, path, [...location, input]))
}

function listEntries(given: readonly unknown[], location: Location): Entry[] {
  return given.map((item, i) => {
    const at = [...location, i]
    if (typeof item !== 'object' || item === null) {
      throw invalid(
        at,
        "must be {input_key: 'text', source_type: 'payload', path: 'content'}",
        'wrong_type',
      )
    }
    const entry: Record<string, unknown> = { ...item }
    const type = entry['source_type'] ?? 'payload'
    if (type === 'literal' || type === 'vector') {
      throw fail('not_enabled', { feature: `An input mapping of source_type ${type}` })
    }
    if (type !== 'payload') {
      throw invalid([...at, 'source_type'], "must be 'payload'", 'invalid_value')
    }
    if (typeof entry['input_key'] !== 'string') {
      throw invalid([...at, 'input_key'], "must name one of the extractor's inputs", 'missing')
    }
    return entryOf(entry['input_key'], entry['path'], [...at, 'path'])
  })
}

function entryOf(input: string, path: unknown, location: Location): Entry {
  if (typeof path === 'string' && plainPath(path) !== '')
    return { input, path: plainPath(path), location }
  throw invalid(
    location,
    'must be the path of a source field, such as content or metadata.title',
    'wrong_type',
  )
}

function inputFaults(extractor: Extractor, { input, location }: Entry): Fault[] {
  // Rows carry `data` whatever an input is called; its name is one more column.
  if (extractor.source === 'custom') return []
  const known = Object.keys(extractor.inputs)
  if (known.includes(input)) return []
  const tail = suggestion(input, known)
  const message = `'${input}' is no input of ${extractor.id}; it has ${known.join(', ')}${tail}`
  return [{ location, message, type: 'unknown_field' }]
}

function pathFaults(fields: Fields, { path, location }: Entry): Fault[] {
  if (hasPath(fields, path)) return []
  const near = nearestName(path, Object.keys(fields))
  const tail =
    near === null ? `it has ${Object.keys(fields).join(', ')}` : `did you mean '${near}'?`
  return [
    {
      location,
      message: `'${path}' is not in the source's schema; ${tail}`,
      type: 'unknown_field',
    },
  ]
}

/** An open schema has every path; so has `metadata`, declared or not. */
export function hasPath(fields: Fields, path: string): boolean {
  const [root = '', ...rest] = path.split('.')
  if (Object.keys(fields).length === 0 || root === 'metadata' || Object.hasOwn(fields, path))
    return true
  const field = Object.hasOwn(fields, root) ? fields[root] : undefined
  if (!field) return false
  const { properties } = field
  if (rest.length === 0 || !isFields(properties) || Object.keys(properties).length === 0)
    return true
  return hasPath(properties, rest.join('.'))
}

function requireOne(extractor: Extractor, mappings: Record<string, string>, location: Location) {
  const required = requiredInputs(extractor)
  if (required.length === 0 || required.some((input) => Object.hasOwn(mappings, input)))
    return mappings
  throw invalid(location, `must map ${required.join(' or ')} of ${extractor.id}`, 'missing')
}

function defaultMappings(
  extractor: Extractor,
  fields: Fields,
  location: Location,
): Record<string, string> {
  if (extractor.source === 'custom') return pluginMappings(extractor, fields, location)
  const mappings: Record<string, string> = {}
  const required = requiredInputs(extractor)
  for (const input of Object.keys(extractor.inputs)) {
    const isOwn = Object.hasOwn(fields, input)
    const path = required.includes(input)
      ? defaultPath(extractor, fields, input)
      : isOwn
        ? input
        : null
    if (path !== null) mappings[input] = path
  }
  if (required.length === 0 || Object.keys(mappings).length > 0) return mappings
  const names = Object.keys(fields).join(', ')
  const example = `{"${required[0]}": "${Object.keys(fields)[0]}"}`
  throw invalid(
    location,
    `is missing, and none of ${names} is the obvious one; send ${example}`,
    'missing',
  )
}

function defaultPath(
  { supportedInputTypes }: Extractor,
  fields: Fields,
  input: string,
): string | null {
  if (Object.keys(fields).length === 0 || Object.hasOwn(fields, input)) return input
  const fitting = Object.entries(fields).filter(([, { type }]) =>
    supportedInputTypes.includes(type),
  )
  // A bucket's `text` file field is meant before its plain strings.
  const files = fitting.filter(([, { type }]) => type !== 'string')
  const [only, ...others] = files.length > 0 ? files : fitting
  return only && others.length === 0 ? only[0] : null
}

function requiredInputs({ inputs }: Extractor): string[] {
  return Object.keys(inputs).filter((name) => inputs[name]?.required)
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null
}
