import { z } from 'zod'
import { fail, type Fault } from '../domain/failure.ts'
import { suggestion } from '../domain/nearest-name.ts'

type Issue = z.core.$ZodIssue
type RawIssue = z.core.$ZodRawIssue
type Location = (string | number)[]

const faultsMax = 50
/** Marks our own sentences: they lack their subject until the whole path is known. */
const mark = '\u0001'

/**
 * The parsed value. Throws `request_invalid` with one fault for each wrong place: its location, what kind of value
 * stands there, and what would be right.
 */
export function parseWith<S extends z.ZodType>(
  schema: S,
  input: unknown,
  part: string,
): z.infer<S> {
  const result = schema.safeParse(input, { error: sentenceOf, reportInput: true })
  if (result.success) return result.data
  const faults = faultsOf(result.error.issues, [part])
  throw fail('request_invalid', { faults: faults.slice(0, faultsMax) })
}

/** Zod's issues as faults below `at`; unions say what the nearest of their options misses. */
export function faultsOf(issues: readonly Issue[], at: Location): Fault[] {
  return issues.flatMap((issue) => {
    const location = [...at, ...pathOf(issue.path)]
    if (issue.code === 'unrecognized_keys') return unknownKeys(issue, location)
    if (issue.code === 'invalid_union' && issue.errors.length > 0)
      return unionFaults(issue, location)
    if (issue.code === 'invalid_key' || issue.code === 'invalid_element') {
      return faultsOf(issue.issues, location)
    }
    return [{ location, message: named(location, issue.message), type: typeOf(issue) }]
  })
}

/** What follows the field's name; zod asks for it where the schema has no message of its own. */
function sentenceOf(issue: RawIssue): string {
  if (issue.code === 'unrecognized_keys') return JSON.stringify(knownKeys(issue.inst))
  return `${mark}${kindOf(issue.input)}; ${wantOf(issue)}`
}

function named(location: Location, message: string): string {
  const name = nameOf(location)
  return message.startsWith(mark) ? `${name} ${message.slice(mark.length)}` : `${name}: ${message}`
}

/** `payload_indexes[0].type`; the part of the request itself where the fault is at its root. */
function nameOf(location: Location): string {
  const [part = 'body', ...path] = location
  if (path.length === 0) return `the ${part}`
  return path.map((p, i) => (typeof p === 'number' ? `[${p}]` : i === 0 ? p : `.${p}`)).join('')
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'is missing'
  if (value === null) return 'is null'
  if (Array.isArray(value)) return 'is an array'
  if (typeof value === 'object') return 'is an object'
  if (typeof value === 'string') return `is the string ${shown(value)}`
  if (typeof value === 'number') return `is the number ${value}`
  return typeof value === 'boolean' ? `is ${value}` : `is a ${typeof value}`
}

function shown(text: string): string {
  return text.length > 60 ? `of ${text.length} characters '${text.slice(0, 57)}…'` : `'${text}'`
}

function wantOf(issue: RawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `it must be ${typeName(String(issue['expected']))}`
    case 'invalid_value':
      return oneOf(issue['values'] as unknown[], issue.input)
    case 'too_small':
      return sizeRule(issue, 'minimum')
    case 'too_big':
      return sizeRule(issue, 'maximum')
    case 'not_multiple_of':
      return `it must be a multiple of ${String(issue['divisor'])}`
    case 'invalid_format':
      return formatRule(issue)
    case 'invalid_union':
      return unionRule(issue)
    case 'unrecognized_keys':
    case 'invalid_key':
    case 'invalid_element':
    case 'custom':
    default:
      return 'it is not accepted here'
  }
}

function unionRule(issue: RawIssue): string {
  const options = issue['options']
  if (!Array.isArray(options)) return 'it fits none of the accepted forms'
  const key = String(issue['discriminator'])
  const given = isObject(issue.input) ? issue.input[key] : undefined
  return `its ${key} ${kindOf(given)}; ${oneOf(options, given)}`
}

function oneOf(values: readonly unknown[], input: unknown): string {
  const listed = values.map((v) => (typeof v === 'string' ? `'${v}'` : String(v)))
  const meant = typeof input === 'string' ? suggestion(input, values.filter(isString)) : ''
  const [only] = listed
  return listed.length === 1
    ? `it must be ${only}${meant}`
    : `it must be one of ${listed.join(', ')}${meant}`
}

function sizeRule(issue: RawIssue, key: 'minimum' | 'maximum'): string {
  const bound = String(issue[key])
  const more = key === 'minimum' ? 'at least' : 'at most'
  const beyond = key === 'minimum' ? 'greater than' : 'less than'
  const word = issue['inclusive'] === false ? beyond : more
  const count = (unit: string) =>
    issue['exact'] === true
      ? `it must have exactly ${bound} ${unit}`
      : `it must have ${word} ${bound} ${unit}`
  switch (issue['origin']) {
    case 'string':
      return count('characters')
    case 'array':
    case 'set':
      return count('entries')
    case 'object':
    case 'map':
      return count('keys')
    default:
      return `it must be ${word} ${bound}`
  }
}

const formats: Readonly<Record<string, string>> = {
  datetime: 'an RFC 3339 date and time such as 2026-01-31T10:30:00Z',
  date: 'a date such as 2026-01-31',
  email: 'an e-mail address',
  url: 'a URL',
  uuid: 'a UUID',
  stringbool: 'true or false',
}

function formatRule(issue: RawIssue): string {
  const format = String(issue['format'])
  if (format === 'starts_with') return `it must begin with '${String(issue['prefix'])}'`
  if (format === 'ends_with') return `it must end with '${String(issue['suffix'])}'`
  if (format === 'includes') return `it must contain '${String(issue['includes'])}'`
  if (format === 'regex') return `it must match ${String(issue['pattern'])}`
  return `it must be ${formats[format] ?? format}`
}

function typeName(expected: string): string {
  const words: Readonly<Record<string, string>> = {
    int: 'a whole number',
    nan: 'NaN',
    null: 'null',
    record: 'an object',
    never: 'absent',
    nonoptional: 'present',
    date: 'a date',
    stringbool: 'true or false',
  }
  const article = /^[aeiou]/.test(expected) ? 'an' : 'a'
  return words[expected] ?? `${article} ${expected}`
}

/** `sentenceOf` has left the names that a strict object knows in the message. */
function unknownKeys(issue: z.core.$ZodIssueUnrecognizedKeys, location: Location): Fault[] {
  const known = issue.message.startsWith('[')
    ? z.array(z.string()).parse(JSON.parse(issue.message))
    : []
  return issue.keys.map((key) => {
    const at = [...location, key]
    const meant = suggestion(key, known)
    const rest = meant === '' && known.length > 0 ? `; known are ${known.join(', ')}` : meant
    return {
      location: at,
      message: `${nameOf(at)} is not known here${rest}`,
      type: 'unknown_field',
    }
  })
}

function knownKeys(schema: unknown): string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : []
}

/** Of the options whose kind fits, the one with the fewest faults speaks; else all kinds are named. */
function unionFaults(issue: z.core.$ZodIssueInvalidUnion, location: Location): Fault[] {
  const options = issue.errors.filter((issues) => issues.length > 0)
  const fitting = options.filter(
    (issues) => !issues.some((i) => i.path.length === 0 && isKindIssue(i)),
  )
  const [nearest] = fitting.toSorted((a, b) => a.length - b.length)
  if (nearest) return faultsOf(nearest, location)
  const values = options.flat().flatMap((i) => (i.code === 'invalid_value' ? [...i.values] : []))
  const kinds = options
    .flat()
    .flatMap((i) => (i.code === 'invalid_type' ? [typeName(i.expected)] : []))
  const wanted = [
    ...new Set([...kinds, ...values.map((v) => (isString(v) ? `'${v}'` : String(v)))]),
  ]
  const message = `${nameOf(location)} ${kindOf(issue.input)}; it must be ${wanted.join(' or ') || 'another kind of value'}`
  return [{ location, message, type: issue.input === undefined ? 'missing' : 'wrong_type' }]
}

function isKindIssue(issue: Issue): boolean {
  return issue.code === 'invalid_type' || issue.code === 'invalid_value'
}

function typeOf(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'missing' : 'wrong_type'
    case 'invalid_value':
      return issue.input === undefined ? 'missing' : 'invalid_value'
    case 'too_big':
    case 'too_small':
      return 'out_of_range'
    case 'invalid_format':
      return 'invalid_format'
    case 'custom':
      return typeof issue.params?.['type'] === 'string' ? issue.params['type'] : 'invalid_value'
    case 'unrecognized_keys':
    case 'invalid_union':
    case 'invalid_key':
    case 'invalid_element':
    case 'not_multiple_of':
    default:
      return 'invalid_value'
  }
}

function pathOf(path: readonly PropertyKey[]): Location {
  return path.map((p) => (typeof p === 'number' ? p : String(p)))
}

function isString(value: unknown): value is string {
  return typeof value === 'string'
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
