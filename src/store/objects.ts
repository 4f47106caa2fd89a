import { sql, type Insertable, type Selectable } from 'kysely'
import type { FieldType } from '../domain/buckets/bucket.ts'
import type { StoredBlobRow, StoredObject } from '../domain/objects/object.ts'
import type { Db, Tables } from './tables.ts'

export type ObjectRow = Selectable<Tables['objects']>
type BlobRow = Selectable<Tables['object_blobs']>

/** Ids of the objects that were written: one whose unique value is taken is left out. */
export async function insertObjects(
  db: Db,
  objects: readonly StoredObject[],
): Promise<Set<string>> {
  if (objects.length === 0) return new Set()
  const rows = await db
    .insertInto('objects')
    .values(objects.map(objectColumns))
    .onConflict((conflict) => conflict.columns(['bucket_id', 'unique_value']).doNothing())
    .returning('id')
    .execute()
  const written = new Set(rows.map(({ id }) => id))
  await insertBlobs(
    db,
    objects.filter(({ id }) => written.has(id)),
  )
  return written
}

/**
 * Replaces fields and blobs of a row that is there; its id, creation and bucket stay. Answers when it was changed: later
 * than ever before, so that no two contents of an object have the same time.
 */
export async function replaceObject(db: Db, object: StoredObject): Promise<Date> {
  const row = await db
    .updateTable('objects')
    .set({
      key_prefix: object.keyPrefix,
      unique_value: object.uniqueValue,
      fields: JSON.stringify(object.fields),
      status: object.status,
      error: object.error,
      updated_at: sql<Date>`greatest(${object.updatedAt}::timestamptz, updated_at + interval '1 millisecond')`,
    })
    .where('id', '=', object.id)
    .returning('updated_at')
    .executeTakeFirst()
  await db.deleteFrom('object_blobs').where('object_id', '=', object.id).execute()
  await insertBlobs(db, [object])
  return row?.updated_at ?? object.updatedAt
}

/** When each of these was changed last, as `replaceObject` answers it; absent ones are left out. */
export async function readObjectVersions(
  db: Db,
  ids: readonly string[],
): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map()
  const rows = await db
    .selectFrom('objects')
    .select(['id', 'updated_at'])
    .where('id', '=', anyOf(ids))
    .execute()
  return new Map(rows.map((row) => [row.id, row.updated_at.toISOString()]))
}

/** The rows that hold these unique values, locked until the transaction ends. */
export async function lockByUniqueValue(
  db: Db,
  bucketId: string,
  values: readonly string[],
): Promise<Map<string, { id: string; createdAt: Date }>> {
  if (values.length === 0) return new Map()
  const rows = await db
    .selectFrom('objects')
    .select(['id', 'unique_value', 'created_at'])
    .where('bucket_id', '=', bucketId)
    .where('unique_value', 'in', values)
    .orderBy('id')
    .forUpdate()
    .execute()
  return new Map(
    rows.flatMap((row) =>
      row.unique_value === null
        ? []
        : [[row.unique_value, { id: row.id, createdAt: row.created_at }] as const],
    ),
  )
}

/** In the order of `ids`; absent ones are left out. Null bucket: of any bucket of the namespace. */
export async function readObjects(
  db: Db,
  namespaceId: string,
  bucketId: string | null,
  ids: readonly string[],
): Promise<StoredObject[]> {
  if (ids.length === 0) return []
  const rows = await db
    .selectFrom('objects')
    .selectAll()
    .where('id', '=', anyOf(ids))
    .where('namespace_id', '=', namespaceId)
    .$if(bucketId !== null, (query) => query.where('bucket_id', '=', bucketId))
    .execute()
  const objects = await withBlobs(db, rows)
  const byId = new Map(objects.map((object) => [object.id, object]))
  return ids.flatMap((id) => byId.get(id) ?? [])
}

/** Those of `ids` that are objects of the bucket. */
export async function knownObjectIds(
  db: Db,
  bucketId: string,
  ids: readonly string[],
): Promise<Set<string>> {
  return await objectIdsWithin(db, 'bucket_id', bucketId, ids)
}

/** Those of `ids` that are objects of the namespace, whatever their bucket. */
export async function existingObjectIds(
  db: Db,
  namespaceId: string,
  ids: readonly string[],
): Promise<Set<string>> {
  return await objectIdsWithin(db, 'namespace_id', namespaceId, ids)
}

async function objectIdsWithin(
  db: Db,
  column: 'bucket_id' | 'namespace_id',
  ownerId: string,
  ids: readonly string[],
): Promise<Set<string>> {
  if (ids.length === 0) return new Set()
  const rows = await db
    .selectFrom('objects')
    .select('id')
    .where(column, '=', ownerId)
    .where('id', '=', anyOf(ids))
    .execute()
  return new Set(rows.map(({ id }) => id))
}

/** In the order of ids, after the one given. */
export async function readObjectIdsAfter(
  db: Db,
  bucketIds: readonly string[],
  after: string | null,
  limit: number,
): Promise<string[]> {
  if (bucketIds.length === 0) return []
  const rows = await db
    .selectFrom('objects')
    .select('id')
    .where('bucket_id', 'in', [...bucketIds])
    .where('id', '>', after ?? '')
    .orderBy('id')
    .limit(limit)
    .execute()
  return rows.map(({ id }) => id)
}

/** One object, its row locked until the transaction ends; null, and nothing locked, where its bucket has none. */
export async function lockObject(
  db: Db,
  bucketId: string,
  id: string,
): Promise<StoredObject | null> {
  const row = await db
    .selectFrom('objects')
    .selectAll()
    .where('id', '=', id)
    .where('bucket_id', '=', bucketId)
    .forUpdate()
    .executeTakeFirst()
  const [object] = row ? await withBlobs(db, [row]) : []
  return object ?? null
}

/** Their blobs go with them; what contents may be unused now, the database notes itself. */
export async function deleteObjects(db: Db, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  await db.deleteFrom('objects').where('id', '=', anyOf(ids)).execute()
}

export async function firstObjectIds(db: Db, bucketId: string, limit: number): Promise<string[]> {
  const rows = await db
    .selectFrom('objects')
    .select('id')
    .where('bucket_id', '=', bucketId)
    .limit(limit)
    .execute()
  return rows.map(({ id }) => id)
}

export async function countBucketObjects(db: Db, bucketId: string): Promise<number> {
  const row = await db
    .selectFrom('objects')
    .select(({ fn }) => fn.countAll().as('objects'))
    .where('bucket_id', '=', bucketId)
    .executeTakeFirst()
  return Number(row?.objects ?? 0)
}

/** Whether a content is still named by a row: an object's that does not hold it itself, or an archive's. */
export async function isBlobUsed(db: Db, hash: string): Promise<boolean> {
  const { rows } = await sql<{ used: boolean }>`
    select exists (select from object_blobs where hash = ${hash} and data is null)
      or exists (select from plugins where archive_hash = ${hash})
      or exists (select from plugin_uploads where archive_hash = ${hash})
      or exists (select from export_files where hash = ${hash}) as used
  `.execute(db)
  return rows[0]?.used ?? false
}

/** Orders those who add rows for a content (`shared`) and who removes it, until the transaction ends. */
export async function lockBlob(db: Db, hash: string, mode: 'shared' | 'exclusive'): Promise<void> {
  const key = BigInt.asIntN(64, BigInt(`0x${hash.slice(0, 16)}`)).toString()
  const lock =
    mode === 'shared'
      ? sql`select pg_advisory_xact_lock_shared(${key}::bigint)`
      : sql`select pg_advisory_xact_lock(${key}::bigint)`
  await lock.execute(db)
}

/** Rows with their blobs, in the order of the rows. */
export async function withBlobs(db: Db, rows: readonly ObjectRow[]): Promise<StoredObject[]> {
  if (rows.length === 0) return []
  const blobs = await db
    .selectFrom('object_blobs')
    .selectAll()
    .where('object_id', '=', anyOf(rows.map(({ id }) => id)))
    .orderBy('object_id')
    .orderBy('position')
    .execute()
  const byObject = Map.groupBy(blobs, ({ object_id: id }) => id)
  return rows.map((row) => objectOf(row, byObject.get(row.id) ?? []))
}

/** One array parameter instead of one a value: PostgreSQL takes at most 65,535. */
function anyOf(ids: readonly string[]) {
  return sql<string>`any(${ids}::text[])`
}

async function insertBlobs(db: Db, objects: readonly StoredObject[]): Promise<void> {
  const values = objects.flatMap((object) => object.blobs.map((blob) => blobColumns(object, blob)))
  if (values.length > 0) await db.insertInto('object_blobs').values(values).execute()
}

function objectColumns(object: StoredObject): Insertable<Tables['objects']> {
  return {
    id: object.id,
    namespace_id: object.namespaceId,
    bucket_id: object.bucketId,
    key_prefix: object.keyPrefix,
    unique_value: object.uniqueValue,
    fields: JSON.stringify(object.fields),
    status: object.status,
    error: object.error,
    created_at: object.createdAt,
    updated_at: object.updatedAt,
  }
}

function blobColumns(
  object: StoredObject,
  blob: StoredBlobRow,
): Insertable<Tables['object_blobs']> {
  return {
    id: blob.id,
    object_id: object.id,
    bucket_id: object.bucketId,
    position: blob.position,
    property: blob.property,
    type: blob.type,
    key_prefix: blob.keyPrefix,
    metadata: JSON.stringify(blob.metadata),
    data: blob.data === null ? null : JSON.stringify(blob.data),
    hash: blob.hash,
    size_bytes: blob.sizeBytes,
    mime_type: blob.mimeType,
    filename: blob.filename,
  }
}

function objectOf(row: ObjectRow, blobs: readonly BlobRow[]): StoredObject {
  return {
    id: row.id,
    namespaceId: row.namespace_id,
    bucketId: row.bucket_id,
    keyPrefix: row.key_prefix,
    uniqueValue: row.unique_value,
    fields: row.fields,
    status: row.status,
    error: row.error,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    blobs: blobs.map(blobOf),
  }
}

function blobOf(row: BlobRow): StoredBlobRow {
  return {
    id: row.id,
    position: row.position,
    property: row.property,
    type: row.type as FieldType,
    keyPrefix: row.key_prefix,
    metadata: row.metadata,
    data: row.data,
    hash: row.hash,
    sizeBytes: row.size_bytes,
    mimeType: row.mime_type,
    filename: row.filename,
  }
}
