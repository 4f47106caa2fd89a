import { fieldTypes } from '../buckets/bucket.ts'
import type { BucketField } from '../buckets/bucket.ts'
import { fail, invalid } from '../failure.ts'
import type { Fault } from '../failure.ts'
import { suggestion } from '../nearest-name.ts'
import { isRecord } from '../parse-parameters.ts'
import { inputFaults } from './input-value.ts'
import type { Location } from './stage.ts'

type Schema = Record<string, BucketField>
type Inputs = Record<string, unknown>

const inputTypes: readonly string[] = [...fieldTypes, 'document_reference']
const inputsMax = 200
const nestingMax = 24
const fieldKeys = [
  'type',
  'required',
  'default',
  'description',
  'enum',
  'items',
  'properties',
  'examples',
  'additional_properties',
]

/**
 * A retriever's inputs, flat. Prose wraps them in `properties`, names the required ones in a list, and writes a bare
 * type for a field (contract 17.1). Throws `request_invalid` for a type that is none.
 */
export function parseInputSchema(given: unknown, location: Location): Schema {
  if (given === undefined || given === null) return {}
  if (!isRecord(given)) throw invalid([...location], 'must be an object of inputs', 'wrong_type')
  const wrapped = isWrapped(given) ? given['properties'] : given
  const at = wrapped === given ? location : [...location, 'properties']
  const required = wrapped !== given && Array.isArray(given['required']) ? given['required'] : []
  const entries = Object.entries(wrapped)
  if (entries.length > inputsMax)
    throw invalid([...at], `has more than ${inputsMax} inputs`, 'too_many')
  return Object.fromEntries(
    entries.map(([name, field]) => {
      const parsed = parseField(field, [...at, name])
      return [name, required.includes(name) ? { ...parsed, required: true } : parsed]
    }),
  )
}

/** `{properties: {…}}`, and not an input that happens to be called properties. */
function isWrapped(given: Inputs): given is { properties: Inputs; required?: unknown } {
  const { properties } = given
  return (
    isRecord(properties) &&
    !(typeof properties['type'] === 'string' && inputTypes.includes(properties['type']))
  )
}

function parseField(given: unknown, location: Location): BucketField {
  if (location.length > nestingMax) throw invalid([...location], 'is nested too deeply', 'too_deep')
  const field = typeof given === 'string' ? { type: given } : given
  if (!isRecord(field))
    throw invalid([...location], "must be an object such as {type: 'string'}", 'wrong_type')
  const { type = 'string' } = field
  const word = typeof type === 'string' ? type.toLowerCase() : ''
  if (!inputTypes.includes(word)) {
    const shown =
      typeof type === 'string' ? `is '${type}'${suggestion(type, inputTypes)}` : 'is no word'
    throw invalid(
      [...location, 'type'],
      `${shown}; it must be one of ${inputTypes.join(', ')}`,
      'invalid_value',
    )
  }
  refuseMistypedKey(field, location)
  const { items, properties, enum: allowed, ...rest } = field
  // document_reference is an input type only; it is kept beside the bucket's own.
  const parsed: BucketField = {
    ...rest,
    type: word as BucketField['type'],
    ...(Array.isArray(allowed) && allowed.length > 0 && { enum: allowed }),
    ...(isPresent(items) && { items: parseItems(items, [...location, 'items']) }),
    ...(isRecord(properties) && { properties: parseNested(properties, location) }),
  }
  checkDefault(parsed, location)
  return parsed
}

/** Items of no type are of any. */
function parseItems(items: unknown, location: Location): unknown {
  return isRecord(items) && items['type'] === undefined ? items : parseField(items, location)
}

function parseNested(properties: Inputs, location: Location): Schema {
  return Object.fromEntries(
    Object.entries(properties).map(([name, field]) => [
      name,
      parseField(field, [...location, 'properties', name]),
    ]),
  )
}

/** What else a client says of an input is kept; a known word with a slip in it would be without effect. */
function refuseMistypedKey(field: Inputs, location: Location): void {
  for (const key of Object.keys(field)) {
    const near = fieldKeys.includes(key) ? '' : suggestion(key, fieldKeys)
    if (near !== '')
      throw invalid([...location, key], `${key} is not known here${near}`, 'unknown_field')
  }
}

function checkDefault(field: BucketField, location: Location): void {
  if (!isPresent(field.default)) return
  const faults = inputFaults(field, field.default, [...location, 'default'])
  if (faults.length > 0) throw fail('request_invalid', { faults })
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null
}

/**
 * The inputs of one execution with defaults put in; undeclared ones are passed on. Throws `request_invalid` naming
 * every required input that is missing and every value of another kind.
 */
export function readInputs(schema: Schema, given: Readonly<Inputs>): Inputs {
  const inputs: Inputs = { ...given }
  const faults: Fault[] = []
  for (const [name, field] of Object.entries(schema)) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined
    if (value === undefined || value === null) {
      if (field.default !== undefined && field.default !== null) inputs[name] = field.default
      else if (field.required === true) faults.push(missing(name, field, Object.keys(given)))
      continue
    }
    faults.push(...inputFaults(field, value, ['body', 'inputs', name]))
  }
  if (faults.length > 0) throw fail('request_invalid', { faults })
  return inputs
}

function missing(
  name: string,
  { type, description }: BucketField,
  given: readonly string[],
): Fault {
  const near = given.find((key) => suggestion(key, [name]) !== '')
  const hint = near === undefined ? '' : `; was '${near}' meant?`
  const about = description ? ` (${description})` : ''
  return {
    location: ['body', 'inputs', name],
    message: `${name} is missing: a ${type}${about}${hint}`,
    type: 'missing',
  }
}
