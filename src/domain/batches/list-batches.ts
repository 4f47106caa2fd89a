import { sql } from 'kysely'
import type { Ports } from '../../ports/ports.ts'
import { batchOf } from '../../store/batches.ts'
import { listPage, type Listed } from '../../store/listing.ts'
import type { Bucket } from '../buckets/bucket.ts'
import type { ListRequest, ListResult } from '../listing.ts'
import type { TaskStatus } from '../tasks/task.ts'
import type { Batch } from './batch.ts'

/** The batches of a bucket; null of `only` narrows nothing. */
export async function listBatches(
  ports: Pick<Ports, 'db' | 'config'>,
  bucket: Bucket,
  only: { status: TaskStatus | null; collectionId: string | null },
  request: ListRequest,
): Promise<ListResult<Batch>> {
  const ofStatus = only.status === null ? sql`true` : sql`status = ${only.status}`
  const ofCollection =
    only.collectionId === null
      ? sql`true`
      : sql`collection_ids @> ${JSON.stringify([only.collectionId])}::jsonb`
  const listed: Listed<'batches', Batch> = {
    table: 'batches',
    where: sql`bucket_id = ${bucket.id} and ${ofStatus} and ${ofCollection}`,
    columns: {
      batch_id: 'id',
      status: 'status',
      created_at: 'created_at',
      updated_at: 'updated_at',
    },
    read: (rows) => rows.map(batchOf),
    view,
  }
  return await listPage(ports, listed, request)
}

/** What the row says; tiers are counted only of the batches that are shown. */
function view(batch: Batch): Record<string, unknown> {
  return {
    batch_id: batch.id,
    batch_name: batch.name,
    bucket_id: batch.bucketId,
    status: batch.status,
    type: batch.type,
    collection_ids: batch.collectionIds,
    task_id: batch.taskId,
    metadata: batch.metadata,
    error: batch.error,
    current_tier: batch.currentTier,
    created_at: batch.createdAt.toISOString(),
    updated_at: batch.updatedAt.toISOString(),
  }
}
