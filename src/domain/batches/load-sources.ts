import type { Ports } from '../../ports/ports.ts'
import type { Payload } from '../../ports/vector-engine.ts'
import { readObjects } from '../../store/objects.ts'
import { internalOf, pointIdIn, type DocumentRecord, type Lineage } from '../documents/document.ts'
import { retrieveDocuments } from '../documents/read.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { StoredBlobRow, StoredObject } from '../objects/object.ts'
import type { LedgerRow } from './batch.ts'

/** What an extractor reads from, an object or an upstream document, in one shape. */
export interface Source {
  row: LedgerRow
  /** The part of a document's id that the source gives: its unique key where it has one (design 3). */
  key: string
  /** Root fields, `metadata` and blobs; a blob stands before the root field of its name (issue 3, part 8). */
  values: Record<string, unknown>
  /** Of an object, in their order, each with its value as in `values`; an upstream document has none. */
  blobs: readonly SourceBlob[]
  lineage: Lineage
  /** What source filters see: the values, and `_internal` as documents have it. */
  payload: Payload
  /** Another one after each change. */
  version: string
}

export interface SourceBlob {
  blob: StoredBlobRow
  value: unknown
}

type Needs = Pick<Ports, 'db' | 'blobs' | 'vectors'>

/** The sources of some rows of one collection; rows whose object or document is gone are left out. */
export async function loadSources(
  ports: Needs,
  namespace: Namespace,
  rows: readonly LedgerRow[],
): Promise<Source[]> {
  const objects = rows.filter(isObjectRow)
  const documents = rows.filter((row) => !isObjectRow(row))
  return [
    ...(await objectSources(ports, namespace, objects)),
    ...(await documentSources(ports, namespace, documents)),
  ]
}

function isObjectRow({ sourceId }: LedgerRow): boolean {
  return sourceId.startsWith('obj_')
}

async function objectSources(
  ports: Needs,
  namespace: Namespace,
  rows: readonly LedgerRow[],
): Promise<Source[]> {
  const ids = rows.map(({ sourceId }) => sourceId)
  const objects = await readObjects(ports.db, namespace.id, null, ids)
  const byId = new Map(objects.map((object) => [object.id, object]))
  const sources: Source[] = []
  for (const row of rows) {
    const object = byId.get(row.sourceId)
    if (object) sources.push(await objectSource(ports, row, object))
  }
  return sources
}

async function objectSource(ports: Needs, row: LedgerRow, object: StoredObject): Promise<Source> {
  const blobs: SourceBlob[] = []
  for (const blob of object.blobs) blobs.push({ blob, value: await blobValue(ports, blob) })
  const values = { ...object.fields, ...blobValues(blobs) }
  const lineage: Lineage = {
    root_object_id: object.id,
    root_bucket_id: object.bucketId,
    source_type: 'bucket',
    source_object_id: object.id,
  }
  const times = {
    created_at: object.createdAt.toISOString(),
    updated_at: object.updatedAt.toISOString(),
  }
  return {
    row,
    // A unique value is unique in its bucket only, and a collection may read several.
    key: object.uniqueValue === null ? object.id : `${object.bucketId} ${object.uniqueValue}`,
    values,
    blobs,
    lineage,
    payload: { ...values, _internal: { ...lineage, ...times } },
    version: times.updated_at,
  }
}

/** Several blobs of one property are a list. */
function blobValues(blobs: readonly SourceBlob[]): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  for (const [property, group] of Map.groupBy(blobs, ({ blob }) => blob.property)) {
    const loaded = group.map(({ value }) => value)
    values[property] = loaded.length === 1 ? loaded[0] : loaded
  }
  return values
}

/** Text and JSON as they were sent; bytes are named by their hash, for no document holds them. */
async function blobValue({ blobs }: Needs, blob: StoredBlobRow): Promise<unknown> {
  const { data, hash, type, mimeType, filename, sizeBytes } = blob
  if (data !== null || hash === null) return data
  if (type !== 'text' && mimeType !== 'application/json') {
    return { hash, mime_type: mimeType, filename, size_bytes: sizeBytes }
  }
  const bytes = await blobs.read(hash)
  if (!bytes) throw new Error(`The blob store has lost ${hash}.`)
  const text = new TextDecoder().decode(bytes)
  return type === 'text' ? text : JSON.parse(text)
}

async function documentSources(
  ports: Needs,
  namespace: Namespace,
  rows: readonly LedgerRow[],
): Promise<Source[]> {
  const everything = { select: null, withVectors: false }
  const pointIds = rows.map(({ sourceId }) => pointIdIn('', sourceId))
  const records = await retrieveDocuments(ports, namespace, pointIds, everything)
  const byPoint = new Map(records.map((record) => [record.pointId, record]))
  return rows.flatMap((row, i) => {
    const record = byPoint.get(pointIds[i] ?? '')
    return record ? [documentSource(row, record)] : []
  })
}

function documentSource(row: LedgerRow, record: DocumentRecord): Source {
  const { _internal: _, ...values } = record.payload ?? {}
  const upstream = internalOf(record.payload)
  const lineage: Lineage = {
    ...(upstream.root_object_id !== undefined && { root_object_id: upstream.root_object_id }),
    ...(upstream.root_bucket_id !== undefined && { root_bucket_id: upstream.root_bucket_id }),
    source_type: 'collection',
    source_collection_id: record.collectionId,
    source_document_id: row.sourceId,
  }
  return {
    row,
    key: row.sourceId,
    values,
    blobs: [],
    lineage,
    payload: record.payload ?? {},
    version: upstream.updated_at ?? '',
  }
}
