import type { Ports } from '../../ports/ports.ts'
import { addBatchObjects, insertBatch } from '../../store/batches.ts'
import type { Db } from '../../store/tables.ts'
import type { Bucket } from '../buckets/bucket.ts'
import type { Collection } from '../collections/collection.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { newBatch } from './create-batch.ts'
import { startBatch } from './submit-batch.ts'

/**
 * `auto_process=true` (contract 12): a batch over objects that are being created, submitted with them; to be run in
 * the transaction that writes them. `collections` were found before, so that a request that could not be processed
 * writes nothing.
 */
export async function processNewObjects(
  ports: Pick<Ports, 'queue' | 'now' | 'newId'>,
  tx: Db,
  namespace: Namespace,
  bucket: Bucket,
  { objectIds, collections }: { objectIds: readonly string[]; collections: readonly Collection[] },
): Promise<void> {
  const given = {
    type: 'BUCKET',
    name: null,
    collectionIds: null,
    metadata: { auto_process: true },
  } as const
  const batch = newBatch(ports, bucket, given)
  await insertBatch(tx, batch)
  await addBatchObjects(tx, batch.id, objectIds)
  await startBatch(ports, tx, namespace, batch, collections, 'api_buckets_batches_process')
}
