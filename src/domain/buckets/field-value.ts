import type { Fault } from '../failure.ts'
import { fileTypes, type BucketField } from './bucket.ts'

type Location = (string | number)[]

/** Faults of a value that a schema's field describes: type, enum, nested fields (contract 11, 12). */
export function fieldFaults(field: BucketField, value: unknown, location: Location): Fault[] {
  if (fileTypes.includes(field.type) && field.type !== 'text') return []
  if (!hasType(field, value)) {
    const message = `${named(location)} ${kindOf(value)}; it must be ${wanted[field.type]}`
    return [{ location, message, type: 'wrong_type' }]
  }
  return [...enumFaults(field, value, location), ...nestedFaults(field, value, location)]
}

/** "is the number 5", "is an array": what stands there, for a message. */
export function kindOf(value: unknown): string {
  if (value === undefined) return 'is missing'
  if (value === null) return 'is null'
  if (Array.isArray(value)) return 'is an array'
  if (typeof value === 'object') return 'is an object'
  if (typeof value !== 'string') return `is the ${typeof value} ${JSON.stringify(value)}`
  return value.length > 60
    ? `is a string of ${value.length} characters`
    : `is the string '${value}'`
}

const wanted: Readonly<Record<BucketField['type'], string>> = {
  string: 'a string',
  text: 'a string',
  number: 'a number',
  float: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  array: 'an array',
  date: 'a date such as 2026-01-31',
  datetime: 'a date and time such as 2026-01-31T10:30:00Z',
  image: 'an image',
  audio: 'audio',
  video: 'a video',
  pdf: 'a PDF',
  excel: 'a spreadsheet',
}

function hasType({ type }: BucketField, value: unknown): boolean {
  switch (type) {
    case 'string':
    case 'text':
      return typeof value === 'string'
    case 'number':
    case 'float':
      return typeof value === 'number'
    case 'integer':
      return Number.isInteger(value)
    case 'boolean':
      return typeof value === 'boolean'
    case 'object':
      return isObject(value)
    case 'array':
      return Array.isArray(value)
    case 'date':
      return typeof value === 'string' && /^\d{4}-\d\d-\d\d/.test(value) && isDate(value)
    case 'datetime':
      return typeof value === 'string' && /^\d{4}-\d\d-\d\d([T ]|$)/.test(value) && isDate(value)
    case 'image':
    case 'audio':
    case 'video':
    case 'pdf':
    case 'excel':
      return true
  }
}

function isDate(value: string): boolean {
  return !Number.isNaN(Date.parse(value))
}

function enumFaults({ enum: values }: BucketField, value: unknown, location: Location): Fault[] {
  if (!values || values.some((known) => JSON.stringify(known) === JSON.stringify(value))) return []
  const listed = values
    .slice(0, 20)
    .map((known) => JSON.stringify(known))
    .join(', ')
  const message = `${named(location)} ${kindOf(value)}; it must be one of ${listed}`
  return [{ location, message, type: 'invalid_value' }]
}

function nestedFaults(
  { items, properties }: BucketField,
  value: unknown,
  location: Location,
): Fault[] {
  if (Array.isArray(value) && isField(items)) {
    return value.flatMap((item, i) => fieldFaults(items, item, [...location, i]))
  }
  if (!isObject(value) || !isObject(properties)) return []
  return Object.entries(properties).flatMap(([name, field]) => {
    if (!isField(field)) return []
    const at = [...location, name]
    const inner = value[name]
    if (inner !== undefined && inner !== null) return fieldFaults(field, inner, at)
    return field.required
      ? [{ location: at, message: `${named(at)} is missing`, type: 'missing' }]
      : []
  })
}

function named(location: Location): string {
  return location.slice(1).join('.')
}

function isField(value: unknown): value is BucketField {
  return isObject(value) && typeof value['type'] === 'string'
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
