import { createHash } from 'node:crypto'
import { fieldFaults, kindOf } from '../buckets/field-value.ts'
import { fileTypes, type BucketField } from '../buckets/bucket.ts'
import { fail, invalid } from '../failure.ts'

type Location = (string | number)[]

/** What a blob's `data` says, decoded: a JSON value or text that may stay in the row, or bytes. */
export interface BlobContent {
  /** Text of a text blob, or the JSON value of a metadata type; null where `bytes` are the content. */
  value: unknown
  bytes: Uint8Array | null
  sizeBytes: number
  /** SHA-256 of the bytes, or of the value's text. */
  hash: string
  mimeType: string | null
  filename: string | null
}

/**
 * Reads `data` by the blob's type: raw text, a data URI, {base64}, or a JSON value (contract 12). A URL is never
 * fetched nor taken for text: `not_enabled` (design 7). Throws `request_invalid` for data of another kind.
 */
export function readBlobData(field: BucketField, data: unknown, location: Location): BlobContent {
  if (!fileTypes.includes(field.type)) return jsonContent(field, data, location)
  refuseUrl(data)
  const file = fileOf(data, location)
  if (field.type === 'text') return textContent(file ?? data, location)
  if (file) return bytesContent(file)
  const wanted = "it must be a data URI or {base64: '…', mime_type: '…'}"
  throw invalid(
    location,
    `${named(location)} ${kindOf(data)}; for type ${field.type} ${wanted}`,
    'wrong_type',
  )
}

/** Throws `not_enabled` where a file-typed field holds an address instead of data. */
export function refuseUrl(data: unknown): void {
  const url = isObject(data) ? data['url'] : data
  const isAddress = typeof url === 'string' && /^\s*(https?|s3|gs|ftp|file):\/\/\S+\s*$/i.test(url)
  if (!isAddress && !(isObject(data) && data['url'] !== undefined)) return
  throw fail('not_enabled', {
    feature: 'Fetching content from a URL',
    hint: 'Send the content itself as data: raw text, a data URI, or {"base64": "…", "mime_type": "…"}.',
  })
}

interface File {
  bytes: Uint8Array
  mimeType: string | null
  filename: string | null
}

function fileOf(data: unknown, location: Location): File | null {
  if (typeof data === 'string') return dataUriOf(data, location)
  if (!isObject(data) || data['base64'] === undefined) return null
  const { base64, mime_type: mimeType, filename } = data
  if (typeof base64 !== 'string')
    throw invalid([...location, 'base64'], 'must be a string', 'wrong_type')
  return {
    bytes: decodeBase64(base64, [...location, 'base64']),
    mimeType: typeof mimeType === 'string' ? mimeType : null,
    filename: typeof filename === 'string' ? filename : null,
  }
}

function dataUriOf(text: string, location: Location): File | null {
  if (!text.startsWith('data:')) return null
  const match = /^data:([\w.+-]+\/[\w.+-]+)?((?:;[\w-]+=[^;,]*)*)(;base64)?,/i.exec(text)
  if (!match) return null
  const content = text.slice(match[0].length)
  const bytes = match[3] ? decodeBase64(content, location) : decodePercent(content, location)
  return { bytes, mimeType: match[1] ?? 'text/plain', filename: null }
}

function decodeBase64(text: string, location: Location): Uint8Array {
  const plain = text.replace(/\s+/g, '')
  const isBase64 =
    /^[A-Za-z0-9+/_-]*={0,2}$/.test(plain) && plain.replace(/=+$/, '').length % 4 !== 1
  if (!isBase64) throw invalid(location, `${named(location)} is not base64`, 'invalid_format')
  return Buffer.from(plain, 'base64')
}

function decodePercent(text: string, location: Location): Uint8Array {
  try {
    return Buffer.from(decodeURIComponent(text))
  } catch {
    throw invalid(
      location,
      `${named(location)} is a data URI with a broken escape`,
      'invalid_format',
    )
  }
}

function textContent(given: unknown, location: Location): BlobContent {
  if (typeof given === 'string')
    return { ...sized(given), bytes: null, mimeType: 'text/plain', filename: null }
  if (isFile(given)) {
    const text = decodeText(given.bytes, location)
    return {
      ...sized(text),
      bytes: null,
      mimeType: given.mimeType ?? 'text/plain',
      filename: given.filename,
    }
  }
  const wanted = "it must be text, a data URI or {base64: '…'}"
  throw invalid(location, `${named(location)} ${kindOf(given)}; ${wanted}`, 'wrong_type')
}

function decodeText(bytes: Uint8Array, location: Location): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    // PostgreSQL's text cannot hold it, and no reader of the text wants it.
    if (!text.includes('\u0000')) return text
  } catch {
    // Falls through: the bytes are no text either way.
  }
  throw invalid(location, `${named(location)} is not UTF-8 text`, 'invalid_format')
}

function bytesContent({ bytes, mimeType, filename }: File): BlobContent {
  return {
    value: null,
    bytes,
    sizeBytes: bytes.byteLength,
    hash: sha256(bytes),
    mimeType,
    filename,
  }
}

function jsonContent(field: BucketField, data: unknown, location: Location): BlobContent {
  const faults = fieldFaults(field, data, location)
  if (faults.length > 0) throw fail('request_invalid', { faults })
  const { sizeBytes, hash } = sized(JSON.stringify(data))
  return { value: data, bytes: null, sizeBytes, hash, mimeType: 'application/json', filename: null }
}

function sized(text: string) {
  const bytes = Buffer.from(text)
  return { value: text, sizeBytes: bytes.byteLength, hash: sha256(bytes) }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function named(location: Location): string {
  return location.slice(1).join('.')
}

function isFile(value: unknown): value is File {
  return isObject(value) && value['bytes'] instanceof Uint8Array
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
