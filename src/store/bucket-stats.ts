import { sql } from 'kysely'
import { terminalStatuses } from '../domain/tasks/task.ts'
import type { Db } from './tables.ts'

/** What a bucket holds, counted when asked (contract 11): always true, never behind. */
export interface BucketStats {
  objects: number
  sizeBytes: number
  sizeBytesMax: number
  sizeBytesMin: number
  lastUploadAt: Date | null
  batches: number
  activeBatches: number
  completedBatches: number
  failedBatches: number
}

/** One row a bucket of the list, in three queries whatever their number. */
export async function readBucketStats(
  db: Db,
  bucketIds: readonly string[],
): Promise<Map<string, BucketStats>> {
  if (bucketIds.length === 0) return new Map()
  const [objects, blobs, batches] = await Promise.all([
    objectStats(db, bucketIds),
    blobStats(db, bucketIds),
    batchStats(db, bucketIds),
  ])
  return new Map(
    bucketIds.map((id) => [
      id,
      { ...none, ...objects.get(id), ...blobs.get(id), ...batches.get(id) },
    ]),
  )
}

/** Of every bucket in the namespace, for the list's `stats`. */
export async function readObjectTotals(
  db: Db,
  namespaceId: string,
): Promise<{ buckets: number; objects: number; sizeBytes: number }> {
  const { rows } = await sql<{ buckets: string; objects: string; bytes: string }>`
    select
      (select count(*) from buckets where namespace_id = ${namespaceId}) as buckets,
      (select count(*) from objects where namespace_id = ${namespaceId}) as objects,
      (select coalesce(sum(size_bytes), 0) from object_blobs
        where bucket_id in (select id from buckets where namespace_id = ${namespaceId})) as bytes
  `.execute(db)
  const [row] = rows
  return {
    buckets: Number(row?.buckets ?? 0),
    objects: Number(row?.objects ?? 0),
    sizeBytes: Number(row?.bytes ?? 0),
  }
}

/** `stats` of a list of objects (contract 12). */
export async function readListedStats(db: Db, bucketId: string) {
  const { rows } = await sql<{ status: string; objects: string }>`
    select status, count(*) as objects from objects where bucket_id = ${bucketId} group by status
  `.execute(db)
  const blobs = await db
    .selectFrom('object_blobs')
    .select(({ fn }) => fn.countAll().as('blobs'))
    .where('bucket_id', '=', bucketId)
    .executeTakeFirst()
  const objects = rows.reduce((sum, row) => sum + Number(row.objects), 0)
  const blobCount = Number(blobs?.blobs ?? 0)
  return {
    total_objects: objects,
    total_blobs: blobCount,
    avg_blobs_per_object: objects === 0 ? 0 : blobCount / objects,
    objects_by_status: Object.fromEntries(rows.map((row) => [row.status, Number(row.objects)])),
  }
}

type BatchCounts = Pick<
  BucketStats,
  'batches' | 'activeBatches' | 'completedBatches' | 'failedBatches'
>

const none: BucketStats = {
  objects: 0,
  sizeBytes: 0,
  sizeBytesMax: 0,
  sizeBytesMin: 0,
  lastUploadAt: null,
  batches: 0,
  activeBatches: 0,
  completedBatches: 0,
  failedBatches: 0,
}

async function objectStats(db: Db, bucketIds: readonly string[]) {
  const rows = await db
    .selectFrom('objects')
    .select(({ fn }) => ['bucket_id', fn.countAll().as('objects'), fn.max('created_at').as('last')])
    .where('bucket_id', 'in', bucketIds)
    .groupBy('bucket_id')
    .execute()
  return new Map(
    rows.map((row) => [row.bucket_id, { objects: Number(row.objects), lastUploadAt: row.last }]),
  )
}

async function blobStats(db: Db, bucketIds: readonly string[]) {
  const rows = await db
    .selectFrom('object_blobs')
    .select(({ fn }) => [
      'bucket_id',
      fn.sum('size_bytes').as('total'),
      fn.max('size_bytes').as('largest'),
      fn.min('size_bytes').as('smallest'),
    ])
    .where('bucket_id', 'in', bucketIds)
    .groupBy('bucket_id')
    .execute()
  return new Map(
    rows.map((row) => [
      row.bucket_id,
      {
        sizeBytes: Number(row.total),
        sizeBytesMax: Number(row.largest),
        sizeBytesMin: Number(row.smallest),
      },
    ]),
  )
}

async function batchStats(db: Db, bucketIds: readonly string[]) {
  const rows = await db
    .selectFrom('batches')
    .select(({ fn }) => ['bucket_id', 'status', fn.countAll().as('batches')])
    .where('bucket_id', 'in', bucketIds)
    .groupBy(['bucket_id', 'status'])
    .execute()
  const stats = new Map<string, BatchCounts>()
  for (const { bucket_id: id, status, batches } of rows) {
    const count = Number(batches)
    const sum = stats.get(id) ?? {
      batches: 0,
      activeBatches: 0,
      completedBatches: 0,
      failedBatches: 0,
    }
    const isDone = status === 'COMPLETED' || status === 'COMPLETED_WITH_ERRORS'
    stats.set(id, {
      batches: sum.batches + count,
      activeBatches:
        sum.activeBatches + (terminalStatuses.includes(status) || status === 'DRAFT' ? 0 : count),
      completedBatches: sum.completedBatches + (isDone ? count : 0),
      failedBatches: sum.failedBatches + (status === 'FAILED' ? count : 0),
    })
  }
  return stats
}
