import type { Ports } from '../../ports/ports.ts'
import { addBucketObjects, countBatchObjects, insertBatch } from '../../store/batches.ts'
import type { Db } from '../../store/tables.ts'
import type { Collection } from '../collections/collection.ts'
import { collectionsOf } from '../collections/find-collection.ts'
import { findCollection } from '../collections/find-collection.ts'
import { sourceFilter } from '../collections/parse-source.ts'
import { findBucket } from '../buckets/find-bucket.ts'
import { whyAbsent } from '../extractors/absent-plugins.ts'
import { findExtractor } from '../extractors/extractors-of.ts'
import { fail, invalid } from '../failure.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { Task } from '../tasks/task.ts'
import type { Batch } from './batch.ts'
import { newBatch } from './create-batch.ts'
import { reachedFrom } from './plan-tiers.ts'
import { startBatch } from './submit-batch.ts'

export interface TriggerRequest {
  includeBuckets: readonly string[] | null
  includeCollections: readonly string[] | null
  sourceFilters: unknown
}

export interface Triggered {
  batch: Batch
  task: Task
  objects: number
  sourceBucketIds: string[]
  sourceCollectionIds: string[]
}

/**
 * Processes a collection's whole source again, and what is downstream of it (contract 15.3): one batch over every
 * object of its buckets, or every document of its collections. Ids are deterministic: documents are overwritten.
 */
export async function triggerCollection(
  ports: Ports,
  namespace: Namespace,
  collection: Collection,
  request: TriggerRequest,
): Promise<Triggered> {
  await refuseDisabled(ports, namespace, collection)
  sourceFilter(ports.config, request.sourceFilters ?? null, ['body', 'source_filters'])
  const buckets = await includedOf(ports, namespace, collection, request.includeBuckets, 'bucket')
  const upstream = await includedOf(
    ports,
    namespace,
    collection,
    request.includeCollections,
    'collection',
  )
  const isBucket = collection.source.type === 'bucket'
  const batch = newBatch(ports, await rootBucket(ports, namespace, collection), {
    type: isBucket ? 'BUCKET' : 'COLLECTION',
    name: null,
    collectionIds: null,
    metadata: request.sourceFilters ? { source_filters: request.sourceFilters } : {},
  })
  const reached = reachedFrom(await collectionsOf(ports, namespace.id), [collection])
  return await ports.db.transaction().execute(async (tx) => {
    await insertBatch(tx, batch)
    if (isBucket) await addAllObjects(tx, batch.id, collection, buckets)
    const task = await startBatch(ports, tx, namespace, batch, reached, 'api_collections_trigger')
    return {
      batch,
      task,
      objects: await countBatchObjects(tx, batch.id),
      sourceBucketIds: buckets,
      sourceCollectionIds: upstream,
    }
  })
}

/** What could only fail is not begun (contract 10.3, disable). */
async function refuseDisabled(
  ports: Pick<Ports, 'db' | 'cache'>,
  namespace: Namespace,
  { extractor: { feature_extractor_id: id } }: Collection,
): Promise<void> {
  if (await findExtractor(ports, namespace, id)) return
  const reason = await whyAbsent(ports, namespace, id)
  throw fail('bad_request', {
    reason: reason ?? `No extractor ${id} runs here.`,
    hint: 'Documents that are there can be searched by vectors and filters; new ones need the extractor.',
  })
}

async function addAllObjects(
  tx: Db,
  batchId: string,
  collection: Collection,
  buckets: readonly string[],
): Promise<void> {
  await addBucketObjects(tx, batchId, buckets)
  if ((await countBatchObjects(tx, batchId)) > 0) return
  throw fail('bad_request', {
    reason: `The source of collection '${collection.name}' has no objects.`,
    hint: 'Create objects in its bucket first.',
  })
}

/** Sources that are processed: those named, all of them sources of the collection, or all. */
async function includedOf(
  ports: Ports,
  namespace: Namespace,
  { source }: Collection,
  named: readonly string[] | null,
  noun: 'bucket' | 'collection',
): Promise<string[]> {
  const all = (noun === 'bucket' ? source.bucket_ids : source.collection_ids) ?? []
  if (!named || named.length === 0) return all
  const key = `include_${noun}s`
  if (noun === 'collection' && all.length > 1) {
    throw fail('not_enabled', { feature: 'Triggering a part of several source collections' })
  }
  const ids = []
  for (const [i, identifier] of named.entries()) {
    const find = noun === 'bucket' ? findBucket : findCollection
    const { id } = await find(ports, namespace, identifier)
    if (!all.includes(id))
      throw invalid(['body', key, i], `'${identifier}' is no source of this collection`)
    ids.push(id)
  }
  return [...new Set(ids)]
}

/** Every batch stands in a bucket: for a collection's source, the one its documents stem from. */
async function rootBucket(ports: Ports, namespace: Namespace, collection: Collection) {
  let at = collection
  while (at.source.type === 'collection') {
    at = await findCollection(ports, namespace, at.source.collection_ids?.[0] ?? '')
  }
  return await findBucket(ports, namespace, at.source.bucket_ids?.[0] ?? '')
}
