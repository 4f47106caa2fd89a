import type { Ports } from '../../ports/ports.ts'
import { markBucketDeleting, readDeletingBucket, removeBucket } from '../../store/buckets.ts'
import { readActiveBatches } from '../../store/batches.ts'
import { firstObjectIds } from '../../store/objects.ts'
import type { Db } from '../../store/tables.ts'
import { cancelBatch } from '../batches/cancel-batch.ts'
import { fail } from '../failure.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { deleteObjects } from '../objects/delete-objects.ts'
import { createTask } from '../tasks/create-task.ts'
import type { Task } from '../tasks/task.ts'
import { updateTask } from '../tasks/update-task.ts'
import type { Bucket } from './bucket.ts'

export const bucketDeleteJobName = 'bucket.delete'
const objectsPerStep = 500

/**
 * Marks the bucket, so that nothing comes in any more, and adds the job that empties it (contract 11). Documents
 * stay: they are their collections'. Throws `conflict` where it is being deleted already.
 */
export async function deleteBucket(
  ports: Ports,
  namespace: Namespace,
  bucket: Bucket,
): Promise<Task> {
  const task = await ports.db.transaction().execute(async (tx) => {
    if (!(await markBucketDeleting(tx, bucket.id))) {
      throw fail('conflict', { reason: `Bucket '${bucket.name}' is being deleted already.` })
    }
    const made = await createTask(tx, ports, {
      organizationId: namespace.organizationId,
      namespaceId: namespace.id,
      type: 'api_buckets_delete',
      inputs: [{ bucket_id: bucket.id }],
      additionalData: { bucket_id: bucket.id, bucket_name: bucket.name },
    })
    const { organizationId } = namespace
    await addBucketDeletion(ports, tx, { organizationId, bucketId: bucket.id, taskId: made.id })
    return made
  })
  ports.cache.forget('buckets')
  return task
}

/** A bucket that is being deleted, and the task that tells of it. */
export interface BucketDeletion {
  organizationId: string
  bucketId: string
  taskId: string
}

/** At most one waits for each bucket. */
export async function addBucketDeletion(
  { queue }: Pick<Ports, 'queue'>,
  db: Db,
  { organizationId, bucketId, taskId }: BucketDeletion,
): Promise<void> {
  const payload = { organization_id: organizationId, bucket_id: bucketId, task_id: taskId }
  await queue.add(db, bucketDeleteJobName, payload, { singletonKey: bucketId })
}

/** The job: batches are cancelled, objects go in steps, the bucket last. Safe to run again from any point. */
export async function emptyBucket(
  ports: Ports,
  { organizationId, bucketId, taskId }: BucketDeletion,
  signal: AbortSignal,
): Promise<void> {
  const bucket = await readDeletingBucket(ports.db, bucketId)
  if (bucket) {
    await updateTask(ports.db, taskId, { status: 'IN_PROGRESS' })
    const place = { id: bucket.namespaceId, organizationId }
    for (const { id } of await readActiveBatches(ports.db, { bucketId }))
      await cancelBatch(ports, place, id)
    await emptyObjects(ports, bucketId, signal)
    await removeBucket(ports.db, bucketId)
    ports.cache.forget('buckets')
  }
  await updateTask(ports.db, taskId, { status: 'COMPLETED' })
}

async function emptyObjects(ports: Ports, bucketId: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted()
    const ids = await firstObjectIds(ports.db, bucketId, objectsPerStep)
    if (ids.length === 0) return
    await deleteObjects(ports, ids)
  }
}
