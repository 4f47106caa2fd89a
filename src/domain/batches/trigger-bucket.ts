import type { Ports } from '../../ports/ports.ts'
import { addBucketObjects, countBatchObjects, insertBatch } from '../../store/batches.ts'
import type { Db } from '../../store/tables.ts'
import type { Bucket } from '../buckets/bucket.ts'
import { fail } from '../failure.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { appendObjects, collectionIdsOf, newBatch, type BatchSpec } from './create-batch.ts'
import { selectCollections, startBatch } from './submit-batch.ts'

/**
 * A batch made and submitted in one call: over the objects named, else over all of the bucket (contract 24, tutorial
 * paths). Answers its id. Throws `bad_request` where the bucket is empty or no collection reads from it.
 */
export async function triggerBucket(
  ports: Ports,
  namespace: Namespace,
  bucket: Bucket,
  spec: BatchSpec,
): Promise<string> {
  const collectionIds = await collectionIdsOf(ports, namespace, spec.collection_ids)
  const collections = await selectCollections(ports, namespace, bucket, collectionIds)
  const batch = newBatch(ports, bucket, {
    type: 'BUCKET',
    name: spec.batch_name ?? spec.name ?? null,
    collectionIds,
    metadata: spec.metadata ?? {},
  })
  await ports.db.transaction().execute(async (tx) => {
    await insertBatch(tx, batch)
    if (spec.object_ids) await appendObjects(ports, tx, bucket, batch.id, spec.object_ids)
    else await addWholeBucket(tx, batch.id, bucket)
    await startBatch(ports, tx, namespace, batch, collections, 'api_buckets_batches_process')
  })
  return batch.id
}

async function addWholeBucket(tx: Db, batchId: string, bucket: Bucket): Promise<void> {
  await addBucketObjects(tx, batchId, [bucket.id])
  if ((await countBatchObjects(tx, batchId)) > 0) return
  throw fail('bad_request', {
    reason: `Bucket '${bucket.name}' has no objects.`,
    hint: 'Create objects in it first.',
  })
}
