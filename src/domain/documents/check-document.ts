import type { SparseVector, VectorValue } from '../../ports/vector-engine.ts'
import { fail, type Fault } from '../failure.ts'
import { pathKeys, reservedRootKeys } from '../filters/field-path.ts'
import { kindOf } from '../filters/value-kind.ts'
import type { Namespace, VectorDefinition } from '../namespaces/namespace.ts'
import { suggestion } from '../nearest-name.ts'

type Location = Fault['location']

/**
 * Throws `request_invalid` for root keys that are the system's, or the name of a vector: a document answers its
 * vectors at its root (contract 16.1). With `dotted`, names are paths, as in a PATCH, and their first key counts.
 */
export function checkFieldNames(
  namespace: Pick<Namespace, 'vectors'>,
  fields: Readonly<Record<string, unknown>>,
  location: Location,
  names: 'plain' | 'dotted' = 'plain',
): void {
  const faults: Fault[] = []
  for (const name of Object.keys(fields)) {
    // A plain key with a dot is checked as a path, too: a later PATCH or filter would read it as one.
    const root = names === 'dotted' || name.includes('.') ? String(pathKeys(name)[0] ?? name) : name
    if (reservedRootKeys.has(root)) {
      const message = `'${root}' is the system's own and cannot be written; it stands in answers only`
      faults.push({ location: [...location, name], message, type: 'reserved_field' })
    } else if (Object.hasOwn(namespace.vectors, root)) {
      const message = `'${root}' is a vector of this namespace and cannot be a field; vectors come with the document's creation, under vectors`
      faults.push({ location: [...location, name], message, type: 'reserved_field' })
    }
  }
  if (faults.length > 0) throw fail('request_invalid', { faults })
}

/**
 * Vectors as they came in JSON (or already typed), checked against the namespace's and made ready for the engine.
 * Throws `request_invalid` for an unknown name, a wrong length, and what is no finite number.
 */
export function parseVectors(
  namespace: Pick<Namespace, 'vectors'>,
  given: Readonly<Record<string, unknown>>,
  location: Location,
): Record<string, VectorValue> {
  const vectors: Record<string, VectorValue> = {}
  for (const [name, value] of Object.entries(given)) {
    const at = [...location, name]
    const definition = Object.hasOwn(namespace.vectors, name) ? namespace.vectors[name] : undefined
    if (!definition) throw unknownVector(namespace, name, at)
    vectors[name] =
      definition.type === 'sparse' ? parseSparse(value, at) : parseDense(definition, value, at)
  }
  return vectors
}

function parseDense(definition: VectorDefinition, value: unknown, at: Location): Float32Array {
  const { dimensions, name } = definition
  if (!Array.isArray(value) && !(value instanceof Float32Array)) {
    throw fault(at, `is a list of ${dimensions} numbers; this is ${kindOf(value)}`, 'wrong_type')
  }
  if (value.length !== dimensions) {
    throw fault(
      at,
      `has ${value.length} numbers; the vector '${name}' has ${dimensions}`,
      'wrong_dimension',
    )
  }
  const numbers = value instanceof Float32Array ? value : floats(value, at)
  const wrong = numbers.findIndex((number) => !Number.isFinite(number))
  if (wrong >= 0) throw notFinite(value[wrong], [...at, wrong])
  return numbers
}

/** One copy; a value that is no number would become 0, NaN or its length, so each is looked at. */
function floats(values: readonly unknown[], at: Location): Float32Array {
  const numbers = new Float32Array(values.length)
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    if (typeof value !== 'number') throw notFinite(value, [...at, i])
    numbers[i] = value
  }
  return numbers
}

function parseSparse(value: unknown, at: Location): SparseVector {
  if (!isSparse(value)) {
    throw fault(
      at,
      `is {"indices": [...], "values": [...]} of one length; this is ${kindOf(value)}`,
      'wrong_type',
    )
  }
  const { indices, values } = value
  const wrongIndex = indices.findIndex((i) => !Number.isInteger(i) || i < 0 || i > 0xffff_ffff)
  if (wrongIndex >= 0) {
    throw fault(
      [...at, 'indices', wrongIndex],
      `is a whole number from 0 to 2^32-1; this is ${kindOf(indices[wrongIndex])}`,
      'out_of_range',
    )
  }
  if (new Set(indices).size !== indices.length) {
    throw fault([...at, 'indices'], 'names an index twice', 'duplicate')
  }
  const wrong = values.findIndex((number) => !Number.isFinite(number))
  if (wrong >= 0) throw notFinite(values[wrong], [...at, 'values', wrong])
  return value
}

function isSparse(value: unknown): value is SparseVector {
  if (typeof value !== 'object' || value === null || !('indices' in value) || !('values' in value))
    return false
  const { indices, values } = value
  return Array.isArray(indices) && Array.isArray(values) && indices.length === values.length
}

/** The failure for a name that no vector of the namespace has. */
export function unknownVector({ vectors }: Pick<Namespace, 'vectors'>, name: string, at: Location) {
  const known = Object.keys(vectors)
  const list = known.length > 0 ? `it has ${known.join(', ')}` : 'it has none'
  return fault(
    at,
    `is no vector of this namespace${suggestion(name, known)}; ${list}`,
    'unknown_vector',
  )
}

function notFinite(value: unknown, at: Location) {
  return fault(at, `is a finite number; this is ${kindOf(value)}`, 'wrong_type')
}

function fault(location: Location, message: string, type: string) {
  return fail('request_invalid', { faults: [{ location, message, type }] })
}
