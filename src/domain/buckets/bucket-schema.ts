import { fail, type Fault } from '../failure.ts'
import { nearestName } from '../nearest-name.ts'
import { fieldTypes, type BucketField, type FieldType } from './bucket.ts'

type Location = (string | number)[]

/** Names that prose uses and the closed list lacks (contract 11), with what is meant. */
const meant: Readonly<Record<string, FieldType>> = {
  json: 'object',
  dict: 'object',
  map: 'object',
  binary: 'pdf',
  blob: 'text',
  document: 'pdf',
  file: 'pdf',
  str: 'string',
  keyword: 'string',
  int: 'integer',
  long: 'integer',
  double: 'float',
  decimal: 'float',
  bool: 'boolean',
  list: 'array',
  vector: 'array',
  timestamp: 'datetime',
  gif: 'image',
}

/** Property names that would collide with what the server keeps on an object or a document. */
const reservedNames = ['_internal', '_vectors', 'object_id', 'document_id', '__proto__']

const propertiesMax = 1_000
const nestingMax = 10

/**
 * A bucket's or collection's schema, canonical: types lower-case, extra keys kept (contract 11). Absent means open:
 * any field is taken. Throws `request_invalid` with every wrong place below `location`.
 */
export function parseBucketSchema(given: unknown, location: Location): Record<string, BucketField> {
  if (given === undefined || given === null) return {}
  const faults: Fault[] = []
  const fields = isObject(given) ? parseProperties(given, location, faults) : {}
  if (!isObject(given))
    faults.push(fault(location, 'must be an object with properties', 'wrong_type'))
  if (faults.length > 0) throw fail('request_invalid', { faults })
  return fields
}

function parseProperties(given: Record<string, unknown>, location: Location, faults: Fault[]) {
  if (given['properties'] === undefined && Object.keys(given).length === 0) return {}
  const properties = given['properties']
  const at = [...location, 'properties']
  if (!isObject(properties)) {
    const kind = properties === undefined ? 'missing' : 'wrong_type'
    faults.push(fault(at, "must be an object of fields, {name: {type: 'text'}}", kind))
    return {}
  }
  if (Object.keys(properties).length > propertiesMax) {
    faults.push(fault(at, `has more than ${propertiesMax} fields`, 'out_of_range'))
    return {}
  }
  return parseFields(properties, at, faults, 1)
}

function parseFields(given: Record<string, unknown>, at: Location, faults: Fault[], depth: number) {
  const fields: Record<string, BucketField> = {}
  for (const [name, field] of Object.entries(given)) {
    const fault = nameFault(name, [...at, name])
    if (fault) faults.push(fault)
    const parsed = parseField(field, [...at, name], faults, depth)
    if (parsed) fields[name] = parsed
  }
  return fields
}

function parseField(
  field: unknown,
  at: Location,
  faults: Fault[],
  depth: number,
): BucketField | null {
  if (depth > nestingMax) {
    faults.push(fault(at, `is nested deeper than ${nestingMax} levels`, 'out_of_range'))
    return null
  }
  if (!isObject(field)) {
    faults.push(fault(at, "must be an object with a type, {type: 'text'}", 'wrong_type'))
    return null
  }
  const type = parseType(field['type'], [...at, 'type'], faults)
  checkOptions(field, at, faults)
  const { items, properties } = field
  return {
    ...field,
    type,
    ...(isObject(items) && { items: parseField(items, [...at, 'items'], faults, depth + 1) }),
    ...(isObject(properties) && {
      properties: parseFields(properties, [...at, 'properties'], faults, depth + 1),
    }),
  }
}

function parseType(given: unknown, at: Location, faults: Fault[]): FieldType {
  const word = typeof given === 'string' ? given.trim().toLowerCase() : null
  const known = fieldTypes.find((type) => type === word)
  if (known) return known
  if (word === null) {
    const kind = given === undefined ? 'missing' : 'wrong_type'
    faults.push(fault(at, `must be one of ${fieldTypes.join(', ')}`, kind))
    return 'string'
  }
  const near = (Object.hasOwn(meant, word) ? meant[word] : null) ?? nearestName(word, fieldTypes)
  const tail = near ? `did you mean '${near}'?` : `it must be one of ${fieldTypes.join(', ')}`
  faults.push(fault(at, `'${String(given)}' is not a field type; ${tail}`, 'invalid_value'))
  return 'string'
}

function checkOptions(field: Record<string, unknown>, at: Location, faults: Fault[]): void {
  const { required, enum: values } = field
  if (required !== undefined && required !== null && typeof required !== 'boolean') {
    faults.push(fault([...at, 'required'], 'must be true or false', 'wrong_type'))
  }
  if (values !== undefined && values !== null && (!Array.isArray(values) || values.length === 0)) {
    faults.push(fault([...at, 'enum'], 'must be a list of at least one value', 'wrong_type'))
  }
}

function nameFault(name: string, at: Location): Fault | null {
  if (name.length === 0 || name.length > 100) {
    return fault(at, 'a field name has 1 to 100 characters', 'out_of_range')
  }
  const [root = ''] = name.split('.')
  if (!reservedNames.includes(root)) return null
  return fault(at, `'${name}' is kept by the server; choose another name`, 'reserved')
}

function fault(location: Location, message: string, type: string): Fault {
  return { location, message, type }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
