import { sql, type Selectable } from 'kysely'
import type { Bucket, BucketField } from '../domain/buckets/bucket.ts'
import type { Db, Tables } from './tables.ts'

export type BucketRow = Selectable<Tables['buckets']>

/** False, with nothing written, where the name is taken in the namespace. */
export async function insertBucket(db: Db, bucket: Bucket): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('buckets')
    .values({
      id: bucket.id,
      namespace_id: bucket.namespaceId,
      name: bucket.name,
      description: bucket.description,
      fields: JSON.stringify(bucket.fields),
      unique_key: bucket.uniqueKey && JSON.stringify(bucket.uniqueKey),
      metadata: JSON.stringify(bucket.metadata),
      state: bucket.state,
      created_at: bucket.createdAt,
      updated_at: bucket.updatedAt,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow()
  return (numInsertedOrUpdatedRows ?? 0n) > 0n
}

/** By id or name, the id winning; one that is being deleted still answers (contract 11: IN_PROGRESS). */
export async function readBucket(
  db: Db,
  namespaceId: string,
  identifier: string,
): Promise<Bucket | null> {
  const rows = await db
    .selectFrom('buckets')
    .selectAll()
    .where('namespace_id', '=', namespaceId)
    .where((where) => where.or([where('id', '=', identifier), where('name', '=', identifier)]))
    .execute()
  const row = rows.find(({ id }) => id === identifier) ?? rows[0]
  return row ? bucketOf(row) : null
}

/** What PUT and PATCH may touch (contract 11); the unique key is immutable. */
export interface BucketChange {
  name?: string
  description?: string | null
  metadata?: Record<string, unknown>
  fields?: Record<string, BucketField>
}

/** Null where it is gone; a unique violation where the new name is taken. */
export async function changeBucket(
  db: Db,
  id: string,
  { metadata, fields, ...rest }: BucketChange,
): Promise<Bucket | null> {
  const row = await db
    .updateTable('buckets')
    .set({
      ...rest,
      ...(metadata && { metadata: JSON.stringify(metadata) }),
      ...(fields && { fields: JSON.stringify(fields) }),
      updated_at: sql<Date>`now()`,
    })
    .where('id', '=', id)
    .where('state', '=', 'active')
    .returningAll()
    .executeTakeFirst()
  return row ? bucketOf(row) : null
}

/** False where another request has begun the deletion already. */
export async function markBucketDeleting(db: Db, id: string): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('buckets')
    .set({ state: 'deleting', updated_at: sql<Date>`now()` })
    .where('id', '=', id)
    .where('state', '=', 'active')
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** Null where the bucket is gone, or nobody is deleting it. */
export async function readDeletingBucket(db: Db, id: string): Promise<Bucket | null> {
  const row = await db
    .selectFrom('buckets')
    .selectAll()
    .where('id', '=', id)
    .where('state', '=', 'deleting')
    .executeTakeFirst()
  return row ? bucketOf(row) : null
}

export async function removeBucket(db: Db, id: string): Promise<void> {
  await db.deleteFrom('buckets').where('id', '=', id).execute()
}

export function bucketOf(row: BucketRow): Bucket {
  return {
    id: row.id,
    namespaceId: row.namespace_id,
    name: row.name,
    description: row.description,
    fields: row.fields,
    uniqueKey: row.unique_key,
    metadata: row.metadata,
    state: row.state,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}
