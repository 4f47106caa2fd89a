import { sql, type Selectable } from 'kysely'
import { activeStatuses, type Batch } from '../domain/batches/batch.ts'
import type { TaskStatus } from '../domain/tasks/task.ts'
import type { Db, Tables } from './tables.ts'

export type BatchRow = Selectable<Tables['batches']>

export async function insertBatch(db: Db, batch: Batch): Promise<void> {
  await db
    .insertInto('batches')
    .values({
      id: batch.id,
      namespace_id: batch.namespaceId,
      bucket_id: batch.bucketId,
      name: batch.name,
      type: batch.type,
      status: batch.status,
      collection_ids: batch.collectionIds && JSON.stringify(batch.collectionIds),
      tiers: JSON.stringify(batch.tiers),
      current_tier: batch.currentTier,
      task_id: batch.taskId,
      metadata: JSON.stringify(batch.metadata),
      error: batch.error,
      created_at: batch.createdAt,
      updated_at: batch.updatedAt,
    })
    .execute()
}

/** Null bucket: whatever its bucket. */
export async function readBatch(
  db: Db,
  id: string,
  bucketId: string | null = null,
): Promise<Batch | null> {
  const row = await batchRow(db, id, bucketId).executeTakeFirst()
  return row ? batchOf(row) : null
}

/**
 * Its row locked until the transaction ends: who changes its state or its objects comes one after the other. With a
 * bucket only one of that: nobody waits for, or holds up, what is another's.
 */
export async function lockBatch(
  db: Db,
  id: string,
  bucketId: string | null = null,
): Promise<Batch | null> {
  const row = await batchRow(db, id, bucketId).forUpdate().executeTakeFirst()
  return row ? batchOf(row) : null
}

function batchRow(db: Db, id: string, bucketId: string | null) {
  return db
    .selectFrom('batches')
    .selectAll()
    .where('id', '=', id)
    .$if(bucketId !== null, (query) => query.where('bucket_id', '=', bucketId))
}

export interface BatchChange {
  status?: TaskStatus
  collectionIds?: string[]
  tiers?: string[][]
  currentTier?: number
  taskId?: string
  metadata?: Record<string, unknown>
  error?: string | null
}

export async function changeBatch(db: Db, id: string, change: BatchChange): Promise<void> {
  const { status, collectionIds, tiers, currentTier, taskId, metadata, error } = change
  await db
    .updateTable('batches')
    .set({
      ...(status && { status }),
      ...(collectionIds && { collection_ids: JSON.stringify(collectionIds) }),
      ...(tiers && { tiers: JSON.stringify(tiers) }),
      ...(currentTier !== undefined && { current_tier: currentTier }),
      ...(taskId !== undefined && { task_id: taskId }),
      ...(metadata && { metadata: JSON.stringify(metadata) }),
      ...(error !== undefined && { error }),
      updated_at: sql<Date>`now()`,
    })
    .where('id', '=', id)
    .execute()
}

/** The batch under a new fence; null where it has ended or was never submitted: then there is nothing to do. */
export async function takeFence(db: Db, id: string): Promise<Batch | null> {
  const row = await db
    .updateTable('batches')
    .set({ fence: sql<number>`fence + 1`, status: 'IN_PROGRESS' })
    .where('id', '=', id)
    .where('status', 'in', activeStatuses)
    .returningAll()
    .executeTakeFirst()
  return row ? batchOf(row) : null
}

/** What the row says of a job that holds `fence`, locked until the transaction ends. */
export async function checkFence(
  db: Db,
  id: string,
  fence: number,
): Promise<'held' | 'ended' | 'lost'> {
  const row = await db
    .selectFrom('batches')
    .select(['fence', 'status'])
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  if (!row || row.fence !== fence) return 'lost'
  return activeStatuses.some((status) => status === row.status) ? 'held' : 'ended'
}

/** Without a lock, for a look between two chunks. */
export async function readFence(
  db: Db,
  id: string,
): Promise<{ fence: number; status: TaskStatus } | null> {
  const row = await db
    .selectFrom('batches')
    .select(['fence', 'status'])
    .where('id', '=', id)
    .executeTakeFirst()
  return row ?? null
}

/** Batches that are to be worked on, whatever their namespace. */
export async function readUnfinishedBatches(db: Db): Promise<Pick<Batch, 'id' | 'namespaceId'>[]> {
  return await db
    .selectFrom('batches')
    .select(['id', 'namespace_id as namespaceId'])
    .where('status', 'in', activeStatuses)
    .execute()
}

export async function readActiveBatches(
  db: Db,
  place: { bucketId: string } | { taskId: string } | { namespaceId: string },
): Promise<Batch[]> {
  const rows = await db
    .selectFrom('batches')
    .selectAll()
    .where('status', 'in', activeStatuses)
    .$if('bucketId' in place, (query) =>
      query.where('bucket_id', '=', 'bucketId' in place ? place.bucketId : ''),
    )
    .$if('taskId' in place, (query) =>
      query.where('task_id', '=', 'taskId' in place ? place.taskId : ''),
    )
    .$if('namespaceId' in place, (query) =>
      query.where('namespace_id', '=', 'namespaceId' in place ? place.namespaceId : ''),
    )
    .execute()
  return rows.map(batchOf)
}

export async function removeBatch(db: Db, id: string): Promise<void> {
  await db.deleteFrom('batches').where('id', '=', id).execute()
}

/** Appended in their order; those that are in it already stay where they are. */
export async function addBatchObjects(
  db: Db,
  batchId: string,
  objectIds: readonly string[],
): Promise<void> {
  if (objectIds.length === 0) return
  await sql`
    insert into batch_objects (batch_id, object_id, position)
    select ${batchId}, given.id, given.position + coalesce(
      (select max(position) + 1 from batch_objects where batch_id = ${batchId}), 0)
    from unnest(${objectIds}::text[]) with ordinality as given (id, position)
    on conflict do nothing
  `.execute(db)
}

/** Every object of these buckets, oldest first. */
export async function addBucketObjects(
  db: Db,
  batchId: string,
  bucketIds: readonly string[],
): Promise<void> {
  await sql`
    insert into batch_objects (batch_id, object_id, position)
    select ${batchId}, id, row_number() over (order by created_at, id)
    from objects where bucket_id = any(${bucketIds}::text[])
    on conflict do nothing
  `.execute(db)
}

export async function countBatchObjects(db: Db, batchId: string): Promise<number> {
  const row = await db
    .selectFrom('batch_objects')
    .select(({ fn }) => fn.countAll().as('objects'))
    .where('batch_id', '=', batchId)
    .executeTakeFirst()
  return Number(row?.objects ?? 0)
}

/** In their order, after `position`. */
export async function readBatchObjects(
  db: Db,
  batchId: string,
  { after = -1, limit }: { after?: number; limit: number },
): Promise<{ id: string; position: number }[]> {
  const rows = await db
    .selectFrom('batch_objects')
    .select(['object_id', 'position'])
    .where('batch_id', '=', batchId)
    .where('position', '>', after)
    .orderBy('position')
    .limit(limit)
    .execute()
  return rows.map((row) => ({ id: row.object_id, position: row.position }))
}

export function batchOf(row: BatchRow): Batch {
  return {
    id: row.id,
    namespaceId: row.namespace_id,
    bucketId: row.bucket_id,
    name: row.name,
    type: row.type,
    status: row.status,
    collectionIds: row.collection_ids,
    tiers: row.tiers,
    currentTier: row.current_tier,
    taskId: row.task_id,
    fence: row.fence,
    metadata: row.metadata,
    error: row.error,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}
