import { fileTypes, type BucketField } from '../buckets/bucket.ts'
import { fieldFaults, kindOf } from '../buckets/field-value.ts'
import type { Fault } from '../failure.ts'
import { isRecord } from '../parse-parameters.ts'

type Location = readonly (string | number)[]

/** Faults of a value that is no such input, with those of its elements and fields; null is nothing given. */
export function inputFaults(field: BucketField, value: unknown, location: Location): Fault[] {
  const type = String(field.type)
  if (type === 'document_reference') return referenceFaults(value, location)
  if (type !== 'text' && fileTypes.includes(field.type) && typeof value !== 'string') {
    const message = `${String(location.at(-1))} ${kindOf(value)}; it must be a string: a data URI, or a URL`
    return [{ location: [...location], message, type: 'wrong_type' }]
  }
  const { items: _, properties: __, enum: allowed, ...plain } = field
  const isListOfAllowed =
    Array.isArray(value) && Array.isArray(allowed) && value.every((one) => allowed.includes(one))
  const own = { ...plain, ...(!isListOfAllowed && allowed && { enum: allowed }) }
  const faults = fieldFaults(own, value, [...location])
  return faults.length > 0 ? faults : nestedFaults(field, value, location)
}

function nestedFaults({ items, properties }: BucketField, value: unknown, location: Location) {
  if (Array.isArray(value) && isField(items))
    return value.flatMap((one, i) => inputFaults(items, one, [...location, i]))
  if (!isRecord(value) || !isRecord(properties)) return []
  return Object.entries(properties).flatMap(([name, field]): Fault[] => {
    const given = Object.hasOwn(value, name) ? value[name] : undefined
    const at = [...location, name]
    if (!isField(field)) return []
    if (given !== undefined && given !== null) return inputFaults(field, given, at)
    if (field.required !== true) return []
    return [{ location: at, message: `${name} is missing: a ${field.type}`, type: 'missing' }]
  })
}

function referenceFaults(value: unknown, location: Location): Fault[] {
  if (typeof value === 'string' || (isRecord(value) && typeof value['document_id'] === 'string'))
    return []
  const message = `${String(location.at(-1))} ${kindOf(value)}; it must be a document reference {collection_id, document_id}`
  return [{ location: [...location], message, type: 'wrong_type' }]
}

function isField(field: unknown): field is BucketField {
  return isRecord(field) && typeof field['type'] === 'string'
}
