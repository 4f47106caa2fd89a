import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createBatch } from '../../src/domain/batches/create-batch.ts'
import { processBatch } from '../../src/domain/batches/process-batch.ts'
import { submitBatch } from '../../src/domain/batches/submit-batch.ts'
import type { Bucket } from '../../src/domain/buckets/bucket.ts'
import { createBucket } from '../../src/domain/buckets/create-bucket.ts'
import { createCollection } from '../../src/domain/collections/create-collection.ts'
import type { DocumentRecord } from '../../src/domain/documents/document.ts'
import { scanDocuments } from '../../src/domain/documents/read.ts'
import { createNamespace } from '../../src/domain/namespaces/create-namespace.ts'
import { NewNamespace } from '../../src/domain/namespaces/namespace-request.ts'
import type { Namespace } from '../../src/domain/namespaces/namespace.ts'
import { createObjects } from '../../src/domain/objects/create-objects.ts'
import { terminalStatuses } from '../../src/domain/tasks/task.ts'
import type { Ports } from '../../src/ports/ports.ts'
import { readBatch } from '../../src/store/batches.ts'
import { readLedgerSums } from '../../src/store/ingest-ledger.ts'
import { everyCrash } from '../support/crash.ts'
import { openTestPorts } from '../support/ports.ts'
import { adminOf } from '../support/principal.ts'

interface Submitted {
  namespace: Namespace
  bucket: Bucket
  batchId: string
  collectionIds: string[]
}

test('a batch ends with every document once and every row told, wherever its process crashed', async () => {
  await using ports = await openTestPorts({ NACRE_BATCH_SLICE_MS: '50' })
  const namespace = await newNamespace(ports)
  let worlds = 0
  const open = async () => ({ ports, state: await newBatch(ports, namespace, worlds++) })

  const points = await everyCrash(
    open,
    async (mortal, state) => {
      await submitBatch(mortal, namespace, state.bucket, state.batchId, null)
      await work(mortal, state)
    },
    async (second, state) => {
      await holdsPromises(second, state)

      // What the next start does: an active batch has its job, a DRAFT is the client's to submit again.
      await submitBatch(second, namespace, state.bucket, state.batchId, null)
      await work(second, state)

      await endsRight(second, state)
    },
  )

  assert.ok(points > 12, `${points} crash points`)
})

async function work(ports: Ports, { batchId }: Submitted): Promise<void> {
  const { signal } = new AbortController()
  for (let slices = 0; slices < 20; slices++) {
    await processBatch(ports, batchId, signal)
    const batch = await readBatch(ports.db, batchId)
    if (batch && terminalStatuses.includes(batch.status)) return
  }
  assert.fail('the batch does not end')
}

/** What holds at every moment: the ledger sums, and what it calls written is in the engine. */
async function holdsPromises(ports: Ports, state: Submitted): Promise<void> {
  const batch = await readBatch(ports.db, state.batchId)
  const sums = await readLedgerSums(ports.db, state.batchId)
  const { accepted, written, failed, skipped, pending } = sums
  assert.equal(accepted, written + failed + skipped + pending)
  if (batch?.status === 'DRAFT') assert.equal(accepted, 0)
  else assert.ok(accepted >= texts.length)

  const documents = await documentsOf(ports, state)
  const rows = await ports.db
    .selectFrom('ingest_ledger')
    .selectAll()
    .where('batch_id', '=', state.batchId)
    .where('state', '=', 'written')
    .execute()
  for (const row of rows) {
    const made = documents.filter(
      (document) =>
        document.collectionId === row.collection_id && sourceOf(document) === row.object_id,
    )
    assert.equal(made.length, row.documents, `documents of ${row.object_id}`)
  }
}

async function endsRight(ports: Ports, state: Submitted): Promise<void> {
  const batch = await readBatch(ports.db, state.batchId)
  assert.equal(batch?.status, 'COMPLETED_WITH_ERRORS')
  const sums = await readLedgerSums(ports.db, state.batchId)
  assert.deepEqual(sums, {
    accepted: 6,
    written: 5,
    failed: 1,
    skipped: 0,
    pending: 0,
    documents: 6,
  })
  const task = await ports.db
    .selectFrom('tasks')
    .select(['status', 'additional_data'])
    .where('id', '=', batch.taskId ?? '')
    .executeTakeFirstOrThrow()
  assert.equal(task.status, 'COMPLETED_WITH_ERRORS')
  assert.deepEqual(task.additional_data['progress'], { ...sums, percent: 100 })

  const documents = await documentsOf(ports, state)
  const [first, second] = state.collectionIds.map((id) =>
    documents
      .filter(({ collectionId }) => collectionId === id)
      .map(({ payload }) => String(payload?.['text']))
      .toSorted(),
  )
  assert.deepEqual(first, ['a dog barks', 'one two three', 'four five'].toSorted())
  assert.deepEqual(second, first, 'the second tier has a document for each of the first')
}

async function documentsOf(
  ports: Ports,
  { namespace, collectionIds }: Submitted,
): Promise<DocumentRecord[]> {
  const scan = { filter: null, select: null, withVectors: false }
  const documents: DocumentRecord[] = []
  for await (const page of scanDocuments(ports, namespace, { collectionIds }, scan))
    documents.push(...page)
  return documents
}

/** The ledger's name for where a document came from. */
function sourceOf({ payload }: DocumentRecord): unknown {
  const internal = payload?.['_internal'] as Record<string, unknown>
  return internal['source_document_id'] ?? internal['source_object_id']
}

/** One row makes one document, one makes two, one fails: the model reads no Chinese. */
const texts = ['a dog barks', 'one two three four five', '一只狗在叫']

async function newNamespace(ports: Ports): Promise<Namespace> {
  const extractors = ['text_extractor', 'passthrough_extractor'].map((name) => ({
    feature_extractor_name: name,
    version: 'v1',
  }))
  const spec = NewNamespace.parse({ namespace_name: 'films', feature_extractors: extractors })
  return await createNamespace(ports, await adminOf(ports), spec)
}

/** A DRAFT over three objects, for a collection that reads them and one that reads that one's documents. */
async function newBatch(ports: Ports, namespace: Namespace, world: number): Promise<Submitted> {
  const bucket = await createBucket(ports, namespace, {
    bucket_name: `bucket ${world}`,
    bucket_schema: { properties: { content: { type: 'string' } } },
  })
  const objects = await createObjects(
    ports,
    bucket,
    texts.map((content) => ({ content })),
    null,
  )
  const first = await createCollection(ports, namespace, {
    collection_name: `first ${world}`,
    source: { type: 'bucket', bucket_ids: [bucket.id] },
    feature_extractor: {
      feature_extractor_name: 'text_extractor',
      version: 'v1',
      input_mappings: { text: 'content' },
      parameters: { split_by: 'words', chunk_size: 3 },
    },
  })
  const second = await createCollection(ports, namespace, {
    collection_name: `second ${world}`,
    source: { type: 'collection', collection_id: first.collection.id },
    feature_extractor: {
      feature_extractor_name: 'passthrough_extractor',
      version: 'v1',
      field_passthrough: ['text'],
    },
  })
  const batch = await createBatch(ports, namespace, bucket, {
    object_ids: objects.map((object) => ('id' in object ? object.id : '')),
  })
  const collectionIds = [first.collection.id, second.collection.id]
  return { namespace, bucket, batchId: batch.id, collectionIds }
}
