import type { Ports } from '../../ports/ports.ts'
import { changeBatch, countBatchObjects, lockBatch, readBatchObjects } from '../../store/batches.ts'
import { markObjectsPending, openLedger, readLedgerSums } from '../../store/ingest-ledger.ts'
import type { Db } from '../../store/tables.ts'
import type { Bucket } from '../buckets/bucket.ts'
import type { Collection } from '../collections/collection.ts'
import { collectionsOf, findCollection } from '../collections/find-collection.ts'
import { fail } from '../failure.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { createTask } from '../tasks/create-task.ts'
import { findTask } from '../tasks/find-task.ts'
import type { Task, TaskType } from '../tasks/task.ts'
import type { Batch } from './batch.ts'
import { collectionIdsOf } from './create-batch.ts'
import { findBatch } from './find-batch.ts'
import { planTiers, reachedFromBucket } from './plan-tiers.ts'
import { progressOf } from './progress.ts'

export const batchJobName = 'batch.process'
const sampleObjects = 5

/**
 * Fixes the collections, opens the ledger and adds the job, all in one transaction: a submitted batch is worked on,
 * whatever dies now. Of a batch that was submitted before, its task (contract 14). Throws `bad_request` where there
 * is nothing to do.
 */
export async function submitBatch(
  ports: Ports,
  namespace: Namespace,
  bucket: Bucket,
  batchId: string,
  restrictTo: readonly string[] | null,
): Promise<Task> {
  const before = await findBatch(ports, bucket, batchId)
  if (before.status !== 'DRAFT') return await earlierTask(ports, namespace, before)
  const named = await collectionIdsOf(ports, namespace, restrictTo)
  const collections = await selectCollections(
    ports,
    namespace,
    bucket,
    named ?? before.collectionIds,
  )
  return await ports.db.transaction().execute(async (tx) => {
    const batch = await lockBatch(tx, batchId)
    if (!batch) throw fail('not_found', { resource: 'batch', id: batchId })
    if (batch.status !== 'DRAFT') return await earlierTask({ db: tx }, namespace, batch)
    return await startBatch(ports, tx, namespace, batch, collections, 'api_buckets_batches_process')
  })
}

/** Submitting twice starts one run. */
async function earlierTask(
  ports: Pick<Ports, 'db'>,
  namespace: Namespace,
  { id, status, taskId }: Batch,
): Promise<Task> {
  if (taskId !== null) return await findTask(ports, namespace.organizationId, taskId)
  throw fail('conflict', { reason: `Batch '${id}' is ${status}.` })
}

/** The part that submit, trigger and auto_process share; `batch` stands in the transaction already. */
export async function startBatch(
  ports: Pick<Ports, 'queue' | 'now' | 'newId'>,
  tx: Db,
  namespace: Namespace,
  batch: Batch,
  collections: readonly Collection[],
  type: TaskType,
): Promise<Task> {
  const objects = await countBatchObjects(tx, batch.id)
  if (batch.type === 'BUCKET' && objects === 0) {
    throw fail('bad_request', {
      reason: 'The batch has no objects.',
      hint: `Add object_ids to it first.`,
    })
  }
  const tiers = planTiers(collections)
  const ids = tiers.map((tier) => tier.map(({ id }) => id))
  const direct = (tiers[0] ?? [])
    .filter(({ source }) => source.type === 'bucket')
    .map(({ id }) => id)
  const isOpen = batch.type === 'BUCKET' && direct.length === ids[0]?.length
  if (isOpen) await openLedger(tx, batch.id, direct, 0)
  await markObjectsPending(tx, batch.id)
  // A first tier of documents is opened by the job: they are read from the engine.
  const started: Batch = {
    ...batch,
    status: 'PENDING',
    collectionIds: ids.flat(),
    tiers: ids,
    currentTier: isOpen ? 0 : -1,
  }
  const sample = await readBatchObjects(tx, batch.id, { limit: sampleObjects })
  const task = await createTask(tx, ports, {
    organizationId: namespace.organizationId,
    namespaceId: namespace.id,
    type,
    inputs: [{ batch_id: batch.id }],
    additionalData: {
      ...progressOf(started, await readLedgerSums(tx, batch.id)),
      object_count: objects,
      sample_object_ids: sample.map(({ id }) => id),
    },
  })
  const { status, currentTier } = started
  await changeBatch(tx, batch.id, {
    status,
    currentTier,
    collectionIds: ids.flat(),
    tiers: ids,
    taskId: task.id,
  })
  await addBatchJob(ports, tx, batch)
  return task
}

/** At most one waits for each batch; one that runs adds the next in the transaction that ends its slice. */
export async function addBatchJob(
  { queue }: Pick<Ports, 'queue'>,
  db: Db,
  { id, namespaceId }: Pick<Batch, 'id' | 'namespaceId'>,
  delaySeconds = 0,
): Promise<void> {
  const options = { singletonKey: id, namespaceId, ...(delaySeconds > 0 && { delaySeconds }) }
  await queue.add(db, batchJobName, { batch_id: id }, options)
}

/** What a batch of the bucket runs: the collections named, else all that its objects reach. */
export async function selectCollections(
  ports: Pick<Ports, 'db' | 'cache'>,
  namespace: Namespace,
  bucket: Bucket,
  named: readonly string[] | null,
): Promise<Collection[]> {
  const reached = reachedFromBucket(await collectionsOf(ports, namespace.id), bucket.id)
  if (!named) {
    if (reached.length > 0) return reached
    throw fail('bad_request', {
      reason: `No enabled collection reads from bucket '${bucket.name}'.`,
      hint: 'Create a collection whose source is this bucket, or name collection_ids.',
    })
  }
  const selected = []
  for (const id of named) selected.push(await findCollection(ports, namespace, id))
  const stray = selected.find(
    (collection) =>
      collection.source.type === 'bucket' && !collection.source.bucket_ids?.includes(bucket.id),
  )
  if (!stray) return selected
  throw fail('bad_request', {
    reason: `Collection '${stray.name}' does not read from bucket '${bucket.name}'.`,
    details: { collection_id: stray.id, bucket_id: bucket.id },
  })
}
