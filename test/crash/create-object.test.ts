import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { sql } from 'kysely'
import { processNewObjects } from '../../src/domain/batches/process-new-objects.ts'
import { batchJobName } from '../../src/domain/batches/submit-batch.ts'
import { createBucket } from '../../src/domain/buckets/create-bucket.ts'
import { createCollection } from '../../src/domain/collections/create-collection.ts'
import { createNamespace } from '../../src/domain/namespaces/create-namespace.ts'
import { NewNamespace } from '../../src/domain/namespaces/namespace-request.ts'
import { createObject, createObjects } from '../../src/domain/objects/create-objects.ts'
import { removeUnusedBlobs } from '../../src/domain/objects/remove-unused-blobs.ts'
import { updateObject } from '../../src/domain/objects/update-object.ts'
import type { Ports } from '../../src/ports/ports.ts'
import { everyCrash } from '../support/crash.ts'
import { openTestPorts } from '../support/ports.ts'
import { adminOf } from '../support/principal.ts'

test('an original is kept while an object names it, and not longer, wherever writing it crashed', async () => {
  await using ports = await openTestPorts()
  const spec = NewNamespace.parse({ namespace_name: 'films' })
  const namespace = await createNamespace(ports, await adminOf(ports), spec)
  const bucket = await createBucket(ports, namespace, {
    bucket_name: 'plots',
    bucket_schema: { properties: { title: { type: 'string' }, plot: { type: 'text' } } },
    unique_key: { fields: ['title'], default_policy: 'insert' },
  })
  let worlds = 0

  const points = await everyCrash(
    async () => ({ ports, state: `film ${worlds++}` }),
    async (mortal, title) => {
      const { id } = await createObject(mortal, bucket, { title, ...plot(title, 'first') }, null)
      const refused = createObject(mortal, bucket, { title, ...plot(title, 'refused') }, null)
      await refused.catch((error: unknown) => {
        if (!(error instanceof Error) || error.name === 'Crash') throw error
      })
      await updateObject(mortal, bucket, id, plot(title, 'second'))
    },
    async (second) => {
      // Time goes by until what was on its way is looked at.
      await second.db
        .updateTable('unused_blobs')
        .set({ due_at: new Date(0) })
        .execute()
      await removeUnusedBlobs(second)

      const rows = await second.db.selectFrom('object_blobs').select('hash').distinct().execute()
      const named = rows.flatMap(({ hash }) => hash ?? [])
      assert.deepEqual(await storedBy(second), named.toSorted())
    },
  )

  assert.ok(points > 8, `${points} crash points`)
})

test('objects that are to be processed at once stand with their batch and its job, or not at all, wherever their creation crashed', async () => {
  await using ports = await openTestPorts()
  const spec = NewNamespace.parse({
    namespace_name: 'films',
    feature_extractors: [{ feature_extractor_name: 'passthrough_extractor', version: 'v1' }],
  })
  const namespace = await createNamespace(ports, await adminOf(ports), spec)
  let worlds = 0

  const points = await everyCrash(
    async () => {
      const bucket_schema = { properties: { title: { type: 'string' } } }
      const bucket = await createBucket(ports, namespace, {
        bucket_name: `plots ${worlds}`,
        bucket_schema,
      })
      const { collection } = await createCollection(ports, namespace, {
        collection_name: `plots ${worlds++}`,
        source: { type: 'bucket', bucket_ids: [bucket.id] },
        feature_extractor: { feature_extractor_name: 'passthrough_extractor', version: 'v1' },
      })
      return { ports, state: { bucket, collections: [collection] } }
    },
    (mortal, { bucket, collections }) =>
      createObjects(mortal, bucket, [{ title: 'one' }, { title: 'two' }], null, (tx, stored) => {
        const objectIds = stored.map(({ id }) => id)
        return processNewObjects(mortal, tx, namespace, bucket, { objectIds, collections })
      }),
    async (second, { bucket }) => {
      const { db } = second
      const objects = await db
        .selectFrom('objects')
        .select('status')
        .where('bucket_id', '=', bucket.id)
        .execute()
      const batches = await db
        .selectFrom('batches')
        .select(['id', 'status'])
        .where('bucket_id', '=', bucket.id)
        .execute()
      assert.equal(batches.length, objects.length === 0 ? 0 : 1)
      for (const { id, status } of batches) {
        assert.equal(status, 'PENDING')
        assert.deepEqual(
          objects.map((one) => one.status),
          ['PENDING', 'PENDING'],
        )
        const jobs = await sql`
          select id from pgboss.job
          where name = ${batchJobName} and data->'payload'->>'batch_id' = ${id}`.execute(db)
        assert.equal(jobs.rows.length, 1)
      }
    },
  )

  assert.ok(points >= 2, `${points} crash points`)
})

/** Long enough to stand in the blob store. */
function plot(title: string, version: string) {
  const data = `${title} ${version} `.repeat(10_000)
  return { blobs: [{ property: 'plot', type: 'text', data }] }
}

async function storedBy({ config }: Ports): Promise<string[]> {
  const folder = join(config.dataFolder, 'blobs')
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map(({ name }) => name)
  return files.map((name) => name.split('.')[0] ?? '').toSorted()
}
