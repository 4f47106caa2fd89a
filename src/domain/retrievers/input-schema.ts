import { fieldTypes } from '../buckets/bucket.ts'
import type { BucketField } from '../buckets/bucket.ts'
import { fail, invalid } from '../failure.ts'
import type { Fault } from '../failure.ts'
import { suggestion } from '../nearest-name.ts'
import { isRecord } from '../parse-parameters.ts'
import type { Location } from './stage.ts'

type Schema = Record<string, BucketField>
type Inputs = Record<string, unknown>

const inputTypes: readonly string[] = [...fieldTypes, 'document_reference']
const inputsMax = 200

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
  // document_reference is an input type only; it is kept beside the bucket's own.
  return { ...field, type: word as BucketField['type'] }
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
    const wanted = mismatch(field, value)
    if (wanted !== null)
      faults.push({
        location: ['body', 'inputs', name],
        message: `${name} must be ${wanted}`,
        type: 'wrong_type',
      })
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

/** What the value should have been, or null where it fits. */
function mismatch(field: BucketField, value: unknown): string | null {
  const { type, enum: allowed } = field
  if (Array.isArray(allowed) && allowed.length > 0 && !allowed.includes(value)) {
    return `one of ${allowed.map((one) => JSON.stringify(one)).join(', ')}`
  }
  switch (String(type)) {
    case 'number':
    case 'float':
      return typeof value === 'number' ? null : 'a number'
    case 'integer':
      return Number.isInteger(value) ? null : 'a whole number'
    case 'boolean':
      return typeof value === 'boolean' ? null : 'true or false'
    case 'array':
      return Array.isArray(value) ? null : 'a list'
    case 'object':
      return isRecord(value) ? null : 'an object'
    case 'document_reference':
      return isRecord(value) || typeof value === 'string'
        ? null
        : 'a document reference {collection_id, document_id}'
    default:
      return typeof value === 'string' ? null : 'a string'
  }
}
