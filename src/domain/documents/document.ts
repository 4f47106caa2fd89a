import { hash } from 'node:crypto'
import type { Payload, SparseVector, VectorValue } from '../../ports/vector-engine.ts'

/** Where a document came from: only `extracted` ones can be made again from their source (design 7). */
export const documentOrigins = ['extracted', 'imported', 'api'] as const
export type DocumentOrigin = (typeof documentOrigins)[number]

/** What a document was made of (contract 16.1); stored flat under `_internal`, answered as `_internal.lineage`. */
export interface Lineage {
  root_object_id?: string
  root_bucket_id?: string
  source_type?: 'bucket' | 'collection'
  source_object_id?: string
  source_collection_id?: string
  source_document_id?: string
}
export const lineageKeys = [
  'root_object_id',
  'root_bucket_id',
  'source_type',
  'source_object_id',
  'source_collection_id',
  'source_document_id',
] as const satisfies readonly (keyof Lineage)[]

/** A document on its way into the engine; the write gate checks and stamps it. */
export interface NewDocument {
  /** UUID of the point. */
  id: string
  /** The id in the client's own words, where it gave one that is not `doc_…`; answered back. */
  givenId?: string
  collectionId: string
  origin: DocumentOrigin
  /** User fields, flat at the root of the payload. */
  fields: Record<string, unknown>
  /** Storage vector name → value. */
  vectors: Record<string, VectorValue>
  lineage?: Lineage
  /** More to keep under `_internal`, e.g. `processing`, `lineage_chain`. */
  internal?: Record<string, unknown>
}

/** What stands under `_internal` in the engine. */
export interface InternalPayload extends Lineage {
  collection_id: string
  /** Only where the client gave an id of its own. */
  document_id?: string
  origin: DocumentOrigin
  created_at: string
  updated_at: string
  /** What a user changed in an extracted document; null removes. Applied again by every later run. */
  patch?: Record<string, unknown>
  [extra: string]: unknown
}

/** A document as the read gate answers it. */
export interface DocumentRecord {
  pointId: string
  documentId: string
  /** Empty where no payload was asked for and more than one collection was read. */
  collectionId: string
  /** Null where `select` was `[]`. */
  payload: Payload | null
  vectors: Record<string, number[] | number[][] | SparseVector> | null
  score: number | null
}

/** `_internal` of a payload; empty where none was read. */
export function internalOf(payload: Payload | null): Partial<InternalPayload> {
  const internal = payload?.['_internal']
  return typeof internal === 'object' && internal !== null ? internal : {}
}

/** The id that clients see: their own words, or `doc_` and the point's hex. */
export function documentIdIn(pointId: string, payload: Payload | null): string {
  const given = internalOf(payload).document_id
  return typeof given === 'string' ? given : documentIdOf(pointId)
}

const wireId = /^doc_[0-9a-f]{32}$/i

/** `doc_` and the 32 hex digits of the point's UUID; reversible by `pointIdOf` (design 7, Documents). */
export function documentIdOf(pointId: string): string {
  return `doc_${pointId.replaceAll('-', '').toLowerCase()}`
}

/** The UUID that a `doc_…` id names; null for an id in the client's own words. */
export function pointIdOf(documentId: string): string | null {
  return wireId.test(documentId) ? uuidOf(documentId.slice(4).toLowerCase()) : null
}

/** The UUID of any document id of a collection: `doc_…` as it says, any other string by its collection and words. */
export function pointIdIn(collectionId: string, documentId: string): string {
  return pointIdOf(documentId) ?? deterministicId('given', collectionId, documentId)
}

/** The same UUID for the same place every time, so that running a batch again overwrites (design 3). */
export function extractedPointId(place: {
  collectionId: string
  /** The source object's id, or its unique key's values. */
  sourceKey: string
  extractorId: string
  /** The extractor's position fields, `[]` where one object is one document. */
  position: readonly (string | number)[]
}): string {
  const { collectionId, sourceKey, extractorId, position } = place
  return deterministicId('extracted', collectionId, sourceKey, extractorId, ...position)
}

/** 122 bits of SHA-256 over the parts as a UUID of version 8 (RFC 9562: the maker's own). */
function deterministicId(...parts: (string | number)[]): string {
  const digest = hash('sha256', JSON.stringify(parts))
  const variant = ((Number.parseInt(digest.charAt(16), 16) & 0x3) | 0x8).toString(16)
  return uuidOf(`${digest.slice(0, 12)}8${digest.slice(13, 16)}${variant}${digest.slice(17, 32)}`)
}

function uuidOf(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
