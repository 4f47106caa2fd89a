import type { Ports } from '../../ports/ports.ts'
import { addBatchObjects, insertBatch } from '../../store/batches.ts'
import type { Bucket } from '../buckets/bucket.ts'
import type { Collection } from '../collections/collection.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { Task } from '../tasks/task.ts'
import type { Batch } from './batch.ts'
import { newBatch } from './create-batch.ts'
import { startBatch } from './submit-batch.ts'

/**
 * `auto_process=true` (contract 12): a batch over the objects just created, submitted at once. `collections` were
 * found before the objects were written, so that a request that could not be processed writes nothing.
 */
export async function processNewObjects(
  ports: Ports,
  namespace: Namespace,
  bucket: Bucket,
  objectIds: readonly string[],
  collections: readonly Collection[],
): Promise<{ batch: Batch; task: Task }> {
  const given = {
    type: 'BUCKET',
    name: null,
    collectionIds: null,
    metadata: { auto_process: true },
  } as const
  const batch = newBatch(ports, bucket, given)
  return await ports.db.transaction().execute(async (tx) => {
    await insertBatch(tx, batch)
    await addBatchObjects(tx, batch.id, objectIds)
    const task = await startBatch(
      ports,
      tx,
      namespace,
      batch,
      collections,
      'api_buckets_batches_process',
    )
    return { batch, task }
  })
}
