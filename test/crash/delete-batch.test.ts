import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createBatch } from '../../src/domain/batches/create-batch.ts'
import { deleteBatch } from '../../src/domain/batches/delete-batch.ts'
import { processBatch } from '../../src/domain/batches/process-batch.ts'
import { submitBatch } from '../../src/domain/batches/submit-batch.ts'
import { createBucket } from '../../src/domain/buckets/create-bucket.ts'
import { createCollection } from '../../src/domain/collections/create-collection.ts'
import { createNamespace } from '../../src/domain/namespaces/create-namespace.ts'
import { NewNamespace } from '../../src/domain/namespaces/namespace-request.ts'
import { createObjects } from '../../src/domain/objects/create-objects.ts'
import type { Ports } from '../../src/ports/ports.ts'
import { readBatch } from '../../src/store/batches.ts'
import { readLedgerSums } from '../../src/store/ingest-ledger.ts'
import { everyCrash } from '../support/crash.ts'
import { openTestPorts } from '../support/ports.ts'
import { adminOf } from '../support/principal.ts'

test('a batch under way is as it was, cancelled or gone, wherever its deletion crashed; deleted again it is gone', async () => {
  await using ports = await openTestPorts()
  const spec = NewNamespace.parse({
    namespace_name: 'films',
    feature_extractors: [{ feature_extractor_name: 'passthrough_extractor', version: 'v1' }],
  })
  const namespace = await createNamespace(ports, await adminOf(ports), spec)
  const bucket = await createBucket(ports, namespace, {
    bucket_name: 'plots',
    bucket_schema: { properties: { title: { type: 'string' } } },
  })
  await createCollection(ports, namespace, {
    collection_name: 'plots',
    source: { type: 'bucket', bucket_ids: [bucket.id] },
    feature_extractor: { feature_extractor_name: 'passthrough_extractor', version: 'v1' },
  })
  const open = async () => {
    const objects = await createObjects(ports, bucket, [{ title: 'one' }, { title: 'two' }], null)
    const object_ids = objects.map((object) => ('id' in object ? object.id : ''))
    const { id } = await createBatch(ports, namespace, bucket, { object_ids })
    const task = await submitBatch(ports, namespace, bucket, id, null)
    return { ports, state: { id, taskId: task.id, object_ids } }
  }

  const points = await everyCrash(
    open,
    async (mortal, { id }) => {
      const batch = await readBatch(mortal.db, id)
      if (batch) await deleteBatch(mortal, namespace, batch)
    },
    async (second, { id, taskId, object_ids }) => {
      const { accepted, pending, skipped } = await readLedgerSums(second.db, id)
      const batch = await readBatch(second.db, id)
      if (batch) assert.equal(accepted, object_ids.length)
      if (batch?.status === 'PENDING') assert.equal(pending, accepted)
      else
        assert.deepEqual(
          [accepted, pending, await statusOf(second, taskId)],
          [skipped, 0, 'CANCELED'],
        )

      if (batch) await deleteBatch(second, namespace, batch)
      // Its job is given to the next worker, and finds nothing to do.
      await processBatch(second, id, new AbortController().signal)

      assert.equal(await readBatch(second.db, id), null)
      assert.equal((await readLedgerSums(second.db, id)).accepted, 0)
      assert.equal(await statusOf(second, taskId), 'CANCELED')
    },
  )

  assert.ok(points >= 3, `${points} crash points`)
})

async function statusOf({ db }: Ports, taskId: string): Promise<string | undefined> {
  const task = await db
    .selectFrom('tasks')
    .select('status')
    .where('id', '=', taskId)
    .executeTakeFirst()
  return task?.status
}
