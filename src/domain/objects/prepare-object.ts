import type { Ports } from '../../ports/ports.ts'
import { fieldFaults, kindOf } from '../buckets/field-value.ts'
import {
  fieldTypes,
  fileTypes,
  type Bucket,
  type BucketField,
  type FieldType,
} from '../buckets/bucket.ts'
import { uniqueValueOf } from '../buckets/unique-key.ts'
import { fail, invalid, type Fault } from '../failure.ts'
import { suggestion } from '../nearest-name.ts'
import { readBlobData, refuseUrl, type BlobContent } from './blob-data.ts'
import type { StoredBlobRow } from './object.ts'

type Location = (string | number)[]

/** A body of create: blobs beside user fields at the root (contract 12); `blob` is one of them (contract 2.2). */
export type ObjectSpec = Record<string, unknown>

/** What stands ready to be written: rows, and the bytes that go to the blob store first. */
export interface PreparedObject {
  keyPrefix: string | null
  uniqueValue: string | null
  fields: Record<string, unknown>
  blobs: StoredBlobRow[]
  contents: { hash: string; bytes: Uint8Array }[]
}

/** Keys of the body that are not user fields. */
const requestKeys = [
  'key_prefix',
  'blobs',
  'blob',
  'skip_duplicates',
  'canonicalize_source',
  'force_remirror',
]
/** Kept by the server; below the root of an object they would be lost or forged. */
const reservedKeys = [
  '_internal',
  '_vectors',
  'object_id',
  'document_id',
  'collection_id',
  'bucket_id',
  'namespace_id',
  'source_details',
  'status',
  'error',
  'created_at',
  'updated_at',
  '__proto__',
]
const blobsMax = 100

/**
 * Checks a body against the bucket's schema and decodes its blobs; nothing is written. Throws `request_invalid` with
 * each wrong place, `not_enabled` for a URL where data is due.
 */
export function prepareObject(
  ports: Pick<Ports, 'newId' | 'config'>,
  bucket: Bucket,
  spec: ObjectSpec,
): PreparedObject {
  const fields = userFields(spec)
  const given = blobsOf(spec, bucket)
  const blobs = given.map((blob, position) => prepareBlob(ports, bucket, blob, position))
  const values = new Map(blobs.map(({ row, content }) => [row.property, content.value ?? row]))
  const valueOf = (name: string) => values.get(name) ?? fieldValue(fields, name)
  checkFields(bucket, fields, valueOf)
  const keyPrefix = spec['key_prefix'] ?? null
  if (keyPrefix !== null && typeof keyPrefix !== 'string') {
    throw invalid(
      ['body', 'key_prefix'],
      `key_prefix ${kindOf(keyPrefix)}; it must be a string`,
      'wrong_type',
    )
  }
  return {
    keyPrefix,
    uniqueValue: bucket.uniqueKey && uniqueValueOf(bucket.uniqueKey, valueOf),
    fields,
    blobs: blobs.map(({ row }) => row),
    contents: blobs.flatMap(({ row, bytes }) =>
      bytes && row.hash ? [{ hash: row.hash, bytes }] : [],
    ),
  }
}

/** User fields of a body. Throws `request_invalid` for a key that the server keeps, dotted paths into it too. */
export function userFields(spec: ObjectSpec): Record<string, unknown> {
  const faults: Fault[] = []
  const fields: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(spec)) {
    if (requestKeys.includes(key)) continue
    const [root = ''] = key.split('.')
    if (reservedKeys.includes(root)) faults.push(reservedFault(key))
    else fields[key] = value
  }
  const metadata = fields['metadata']
  if (metadata === null) delete fields['metadata']
  else if (metadata !== undefined && !isObject(metadata)) {
    const message = `metadata ${kindOf(metadata)}; it must be an object`
    faults.push({ location: ['body', 'metadata'], message, type: 'wrong_type' })
  }
  if (faults.length > 0) throw fail('request_invalid', { faults })
  return fields
}

/** Declared fields where the object keeps them: at the root, else in `metadata` (issue 3, part 8). */
export function fieldValue(fields: Record<string, unknown>, name: string): unknown {
  if (Object.hasOwn(fields, name)) return fields[name]
  const metadata = fields['metadata']
  return isObject(metadata) && Object.hasOwn(metadata, name) ? metadata[name] : undefined
}

/** Required fields are there and declared ones have their type, wherever they stand. */
export function checkFields(
  bucket: Bucket,
  fields: Record<string, unknown>,
  valueOf: (name: string) => unknown,
): void {
  const faults = Object.entries(bucket.fields).flatMap(([name, field]) => {
    const value = valueOf(name)
    if (value === undefined || value === null) return field.required ? [missingFault(name)] : []
    const metadata = fields['metadata']
    return [
      ...declaredFaults(field, fields[name], ['body', name]),
      ...(isObject(metadata)
        ? declaredFaults(field, metadata[name], ['body', 'metadata', name])
        : []),
    ]
  })
  if (faults.length > 0) throw fail('request_invalid', { faults })
}

function declaredFaults(field: BucketField, value: unknown, location: Location): Fault[] {
  if (value === undefined || value === null) return []
  if (fileTypes.includes(field.type)) refuseUrl(value)
  return fieldFaults(field, value, location)
}

function missingFault(name: string): Fault {
  const message = `${name} is missing; the bucket's schema requires it`
  return { location: ['body', name], message, type: 'missing' }
}

function reservedFault(key: string): Fault {
  const message = `'${key}' is kept by the server; put your own value under metadata`
  return { location: ['body', key], message, type: 'reserved' }
}

interface GivenBlob {
  blob: Record<string, unknown>
  location: Location
}

function blobsOf(spec: ObjectSpec, bucket: Bucket): GivenBlob[] {
  const { blobs = null, blob = null } = spec
  if (blobs !== null && !Array.isArray(blobs)) {
    throw invalid(['body', 'blobs'], `blobs ${kindOf(blobs)}; it must be a list`, 'wrong_type')
  }
  if (Array.isArray(blobs) && blobs.length > blobsMax) {
    throw invalid(
      ['body', 'blobs'],
      `has ${blobs.length} entries; at most ${blobsMax} are taken`,
      'out_of_range',
    )
  }
  const listed = (blobs ?? []).map((entry: unknown, i: number) =>
    blobAt(entry, ['body', 'blobs', i]),
  )
  return blob === null ? listed : [...listed, soleBlob(blob, bucket)]
}

function blobAt(entry: unknown, location: Location): GivenBlob {
  if (isObject(entry)) return { blob: entry, location }
  throw invalid(location, `${kindOf(entry)}; it must be {property, type, data}`, 'wrong_type')
}

/** The one-class client names neither property nor type: the schema's first file field is meant (contract 2.2). */
function soleBlob(entry: unknown, bucket: Bucket): GivenBlob {
  const { blob, location } = blobAt(entry, ['body', 'blob'])
  const file = Object.entries(bucket.fields).find(([, { type }]) => fileTypes.includes(type))
  const [property, field] = file ?? ['text', { type: 'text' }]
  const { url, ...rest } = blob
  if (url !== undefined) refuseUrl({ url })
  return { location, blob: { property, type: field.type, ...rest } }
}

function prepareBlob(
  { newId, config }: Pick<Ports, 'newId' | 'config'>,
  bucket: Bucket,
  { blob, location }: GivenBlob,
  position: number,
) {
  const property = propertyOf(blob, location)
  const field = blobField(bucket, property, blob['type'], location)
  const content = readBlobData(field, dataOf(blob, location), [...location, 'data'])
  const bytes = storedBytes(content, config.inlineBlobBytesMax)
  const { key_prefix: keyPrefix, metadata } = blob
  const row: StoredBlobRow = {
    id: newId('blob'),
    position,
    property,
    type: field.type,
    keyPrefix: typeof keyPrefix === 'string' ? keyPrefix : null,
    metadata: isObject(metadata) ? metadata : {},
    data: bytes ? null : content.value,
    hash: content.hash,
    sizeBytes: content.sizeBytes,
    mimeType: content.mimeType,
    filename: content.filename,
  }
  return { row, content, bytes }
}

/** What the row does not hold: bytes always, and values too large to read with every list. */
function storedBytes(content: BlobContent, inlineBytesMax: number): Uint8Array | null {
  if (content.bytes) return content.bytes
  if (content.sizeBytes <= inlineBytesMax) return null
  const { value } = content
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
}

function dataOf(blob: Record<string, unknown>, location: Location): unknown {
  const { data, url, upload_id: uploadId } = blob
  if (uploadId !== undefined && uploadId !== null) {
    throw fail('not_enabled', { feature: 'Uploads', hint: 'Send the content itself as data.' })
  }
  if (url !== undefined && url !== null) refuseUrl({ url })
  if (data !== undefined && data !== null) return data
  throw invalid([...location, 'data'], 'is missing; send the content itself', 'missing')
}

function propertyOf(blob: Record<string, unknown>, location: Location): string {
  const { property } = blob
  if (typeof property === 'string' && property.length >= 1 && property.length <= 100)
    return property
  const kind = property === undefined ? 'missing' : 'wrong_type'
  const wanted = 'it must be the name of a field, 1 to 100 characters'
  throw invalid([...location, 'property'], `property ${kindOf(property)}; ${wanted}`, kind)
}

/** The schema's field; in a bucket without a schema, whatever the blob says it is. */
function blobField(
  bucket: Bucket,
  property: string,
  given: unknown,
  location: Location,
): BucketField {
  const field = Object.hasOwn(bucket.fields, property) ? bucket.fields[property] : undefined
  const isOpen = Object.keys(bucket.fields).length === 0
  if (!field && !isOpen) {
    const tail = suggestion(property, Object.keys(bucket.fields))
    const message = `'${property}' is not in the schema of bucket '${bucket.name}'${tail}`
    throw invalid([...location, 'property'], message, 'unknown_field')
  }
  const type = blobType(given, field, [...location, 'type'])
  return field ?? { type }
}

function blobType(given: unknown, field: BucketField | undefined, location: Location): FieldType {
  const word = typeof given === 'string' ? given.toLowerCase() : given
  if (field && (word === field.type || word === undefined || word === null)) return field.type
  if (field) {
    throw invalid(
      location,
      `type ${kindOf(given)}; the schema says '${field.type}'`,
      'invalid_value',
    )
  }
  const known = fieldTypes.find((type) => type === word)
  if (known) return known
  throw invalid(
    location,
    `type ${kindOf(given)}; it must be one of ${fieldTypes.join(', ')}`,
    'invalid_value',
  )
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
