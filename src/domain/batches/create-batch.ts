import type { Ports } from '../../ports/ports.ts'
import {
  addBatchObjects,
  changeBatch,
  countBatchObjects,
  insertBatch,
  lockBatch,
} from '../../store/batches.ts'
import { knownObjectIds } from '../../store/objects.ts'
import type { Db } from '../../store/tables.ts'
import type { Bucket } from '../buckets/bucket.ts'
import { findCollection } from '../collections/find-collection.ts'
import { fail, invalid } from '../failure.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { Batch } from './batch.ts'

type Needs = Pick<Ports, 'db' | 'cache' | 'config' | 'now' | 'newId'>

/** The body as the client sent it; a batch may begin empty (contract 14). */
export interface BatchSpec {
  object_ids?: readonly string[] | null | undefined
  batch_name?: string | null | undefined
  name?: string | null | undefined
  collection_ids?: readonly string[] | null | undefined
  metadata?: Record<string, unknown> | null | undefined
}

/** A DRAFT. Throws `not_found` for an object of another bucket as for an absent one, and for a collection. */
export async function createBatch(
  ports: Needs,
  namespace: Namespace,
  bucket: Bucket,
  spec: BatchSpec,
): Promise<Batch> {
  const collectionIds = await collectionIdsOf(ports, namespace, spec.collection_ids)
  const batch = newBatch(ports, bucket, {
    type: 'BUCKET',
    name: spec.batch_name ?? spec.name ?? null,
    collectionIds,
    metadata: spec.metadata ?? {},
  })
  await ports.db.transaction().execute(async (tx) => {
    await insertBatch(tx, batch)
    await appendObjects(ports, tx, bucket, batch.id, spec.object_ids ?? [])
  })
  return batch
}

/** More objects for a DRAFT. Throws `conflict` once it was submitted. */
export async function addObjectsToBatch(
  ports: Needs,
  bucket: Bucket,
  batchId: string,
  objectIds: readonly string[],
): Promise<Batch> {
  return await ports.db.transaction().execute(async (tx) => {
    const batch = await lockBatch(tx, batchId, bucket.id)
    if (!batch) throw fail('not_found', { resource: 'batch', id: batchId })
    if (batch.status !== 'DRAFT') {
      throw fail('conflict', {
        reason: `Batch '${batchId}' is ${batch.status}; objects are added while it is DRAFT.`,
        hint: 'Create another batch for these objects.',
      })
    }
    await appendObjects(ports, tx, bucket, batchId, objectIds)
    await changeBatch(tx, batchId, {})
    return batch
  })
}

/** A batch that no row stands for yet. */
export function newBatch(
  { now, newId }: Pick<Ports, 'now' | 'newId'>,
  bucket: Pick<Bucket, 'id' | 'namespaceId'>,
  given: Pick<Batch, 'type' | 'name' | 'collectionIds' | 'metadata'>,
): Batch {
  const at = now()
  return {
    id: newId('btch'),
    namespaceId: bucket.namespaceId,
    bucketId: bucket.id,
    status: 'DRAFT',
    tiers: [],
    currentTier: 0,
    taskId: null,
    fence: 0,
    error: null,
    createdAt: at,
    updatedAt: at,
    ...given,
  }
}

/** Ids of collections that a client named by id or name; null where it named none. */
export async function collectionIdsOf(
  ports: Pick<Ports, 'db' | 'cache'>,
  namespace: Namespace,
  identifiers: readonly string[] | null | undefined,
): Promise<string[] | null> {
  if (!identifiers || identifiers.length === 0) return null
  const ids: string[] = []
  for (const identifier of identifiers)
    ids.push((await findCollection(ports, namespace, identifier)).id)
  return [...new Set(ids)]
}

/** Throws `not_found` for an object of another bucket, `request_invalid` where the batch would grow too large. */
export async function appendObjects(
  { config }: Pick<Ports, 'config'>,
  tx: Db,
  bucket: Bucket,
  batchId: string,
  objectIds: readonly string[],
): Promise<void> {
  const known = await knownObjectIds(tx, bucket.id, objectIds)
  const missing = objectIds.filter((id) => !known.has(id))
  if (missing[0] !== undefined) {
    const hint = `${missing.length} of ${objectIds.length} object_ids are not in bucket '${bucket.name}'.`
    throw fail('not_found', { resource: 'object', id: missing[0], hint })
  }
  const before = await countBatchObjects(tx, batchId)
  if (before + known.size > config.batchObjectsMax) {
    const message = `would make ${before + known.size} objects; a batch has at most ${config.batchObjectsMax}`
    throw invalid(['body', 'object_ids'], message, 'out_of_range', 'Make several batches.')
  }
  await addBatchObjects(tx, batchId, objectIds)
}
