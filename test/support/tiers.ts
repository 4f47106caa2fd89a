import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { createBatch } from '../../src/domain/batches/create-batch.ts'
import { processBatch } from '../../src/domain/batches/process-batch.ts'
import { submitBatch } from '../../src/domain/batches/submit-batch.ts'
import type { Batch, LedgerSums } from '../../src/domain/batches/batch.ts'
import type { Bucket } from '../../src/domain/buckets/bucket.ts'
import { createBucket } from '../../src/domain/buckets/create-bucket.ts'
import { createCollection } from '../../src/domain/collections/create-collection.ts'
import { scanDocuments } from '../../src/domain/documents/read.ts'
import { createNamespace } from '../../src/domain/namespaces/create-namespace.ts'
import { NewNamespace } from '../../src/domain/namespaces/namespace-request.ts'
import type { Namespace } from '../../src/domain/namespaces/namespace.ts'
import { createObjects } from '../../src/domain/objects/create-objects.ts'
import { updateObject } from '../../src/domain/objects/update-object.ts'
import { terminalStatuses } from '../../src/domain/tasks/task.ts'
import type { Ports } from '../../src/ports/ports.ts'
import { readBatch } from '../../src/store/batches.ts'
import { readLedgerSums } from '../../src/store/ingest-ledger.ts'
import { openTestPorts } from './ports.ts'
import { adminOf } from './principal.ts'

/**
 * A bucket of texts and a chain of three collections: one that splits them into three words a document, and two of
 * copies, each of the documents of the one before.
 */
export interface Tiers extends AsyncDisposable {
  ports: Ports
  namespace: Namespace
  bucket: Bucket
  /** Tier by tier. */
  collectionIds: string[]
}

/** `unique_key` of the bucket, and what the first collection asks of its sources. */
export async function openTiers({
  unique_key = null,
  source_filters,
}: { unique_key?: object | null; source_filters?: object } = {}): Promise<Tiers> {
  const ports = await openTestPorts({ NACRE_BATCH_SLICE_MS: '50' })
  const extractors = ['text_extractor', 'passthrough_extractor'].map((name) => ({
    feature_extractor_name: name,
    version: 'v1',
  }))
  const spec = NewNamespace.parse({ namespace_name: 'tiers', feature_extractors: extractors })
  const namespace = await createNamespace(ports, await adminOf(ports), spec)
  const bucket = await createBucket(ports, namespace, {
    bucket_name: 'texts',
    bucket_schema: { properties: { content: { type: 'string' }, kind: { type: 'string' } } },
    unique_key,
  })
  const first = await createCollection(ports, namespace, {
    collection_name: 'words',
    source: {
      type: 'bucket',
      bucket_ids: [bucket.id],
      ...(source_filters && { source_filters }),
    },
    feature_extractor: {
      feature_extractor_name: 'text_extractor',
      version: 'v1',
      input_mappings: { text: 'content' },
      parameters: { split_by: 'words', chunk_size: 3 },
    },
  })
  const collectionIds = [first.collection.id]
  for (const name of ['copies', 'copies of copies']) {
    const { collection } = await createCollection(ports, namespace, {
      collection_name: name,
      source: { type: 'collection', collection_id: collectionIds.at(-1) },
      feature_extractor: {
        feature_extractor_name: 'passthrough_extractor',
        version: 'v1',
        field_passthrough: ['text'],
      },
    })
    collectionIds.push(collection.id)
  }
  return {
    ports,
    namespace,
    bucket,
    collectionIds,
    [Symbol.asyncDispose]: () => ports[Symbol.asyncDispose](),
  }
}

export async function addObject({ ports, bucket }: Tiers, content: string): Promise<string> {
  const [made] = await createObjects(ports, bucket, [{ content, kind: 'text' }], null)
  assert.ok(made && 'id' in made)
  return made.id
}

export async function changeObject(tiers: Tiers, id: string, change: object): Promise<void> {
  await updateObject(tiers.ports, tiers.bucket, id, { ...change })
}

/** A submitted batch of one object; its id. */
export async function submitObject(tiers: Tiers, objectId: string): Promise<string> {
  const { ports, namespace, bucket } = tiers
  const { id } = await createBatch(ports, namespace, bucket, { object_ids: [objectId] })
  await submitBatch(ports, namespace, bucket, id, null)
  return id
}

/** Works on a batch, slice by slice, until it has ended. */
export async function endBatch(
  ports: Ports,
  batchId: string,
): Promise<{ batch: Batch; sums: LedgerSums }> {
  for (let slices = 0; slices < 30; slices++) {
    await processBatch(ports, batchId, new AbortController().signal).catch(() => {})
    const batch = await readBatch(ports.db, batchId)
    if (batch && terminalStatuses.includes(batch.status))
      return { batch, sums: await readLedgerSums(ports.db, batchId) }
  }
  return assert.fail('the batch does not end')
}

/** Submits and ends one batch of one object. */
export async function processObject(tiers: Tiers, objectId: string) {
  return await endBatch(tiers.ports, await submitObject(tiers, objectId))
}

/** The texts that stem from an object, tier by tier. */
export async function textsOf(tiers: Tiers, objectId: string): Promise<string[][]> {
  const { ports, namespace, collectionIds } = tiers
  const filter = {
    kind: 'leaf',
    field: '_internal.root_object_id',
    operator: 'eq',
    value: objectId,
    caseSensitive: null,
  } as const
  const texts: string[][] = []
  for (const id of collectionIds) {
    const tier: string[] = []
    const scan = { filter, select: null, withVectors: false }
    for await (const page of scanDocuments(ports, namespace, { collectionIds: [id] }, scan))
      tier.push(...page.map(({ payload }) => String(payload?.['text'])))
    texts.push(tier.toSorted())
  }
  return texts
}

/** How long a call waits for what happens meanwhile, which may itself wait for the caller's turn to end. */
const meanwhileMs = 250

/**
 * The ports, at whose `at`th call of the engine, from 0, something else happens first, or beside it; how many calls there
 * were, and when that something has ended.
 */
export function interrupted(
  ports: Ports,
  at: number,
  meanwhile: () => Promise<unknown>,
): { ports: Ports; calls: () => number; ended: () => Promise<unknown> } {
  let calls = 0
  let running: Promise<unknown> = Promise.resolve()
  const vectors = new Proxy(ports.vectors, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key)
      if (typeof member !== 'function') return member
      return async (...args: unknown[]): Promise<unknown> => {
        if (calls++ === at) {
          running = meanwhile()
          await Promise.race([running, sleep(meanwhileMs)])
        }
        return await Reflect.apply(member, target, args)
      }
    },
  })
  return { ports: { ...ports, vectors }, calls: () => calls, ended: () => running }
}
