import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Bucket } from '../../src/domain/buckets/bucket.ts'
import { createBucket } from '../../src/domain/buckets/create-bucket.ts'
import { deleteBucket, emptyBucket } from '../../src/domain/buckets/delete-bucket.ts'
import { createCollection } from '../../src/domain/collections/create-collection.ts'
import type { Collection } from '../../src/domain/collections/collection.ts'
import {
  deleteCollection,
  finishCollectionDelete,
} from '../../src/domain/collections/delete-collection.ts'
import { countDocuments } from '../../src/domain/documents/read.ts'
import { writeDocuments } from '../../src/domain/documents/write.ts'
import { createNamespace } from '../../src/domain/namespaces/create-namespace.ts'
import { NewNamespace } from '../../src/domain/namespaces/namespace-request.ts'
import type { Namespace } from '../../src/domain/namespaces/namespace.ts'
import { createObject } from '../../src/domain/objects/create-objects.ts'
import { removeUnusedBlobs } from '../../src/domain/objects/remove-unused-blobs.ts'
import type { StoredObject } from '../../src/domain/objects/object.ts'
import type { Ports } from '../../src/ports/ports.ts'
import { everyCrash } from '../support/crash.ts'
import { openTestPorts } from '../support/ports.ts'
import { adminOf } from '../support/principal.ts'

test('a bucket is whole or gone with its objects and originals, wherever its deletion crashed', async () => {
  await using ports = await openTestPorts()
  const namespace = await newNamespace(ports)
  let worlds = 0

  const points = await everyCrash(
    async () => ({ ports, state: await newBucket(ports, namespace, worlds++) }),
    async (mortal, { bucket }) => {
      const task = await deleteBucket(mortal, namespace, bucket)
      await emptyBucket(mortal, placeOf(namespace, bucket, task.id), new AbortController().signal)
    },
    async (second, { bucket, object }) => {
      const task = await deletionOf(second, bucket)
      const [blob] = object.blobs
      if (!task) {
        assert.equal(await countOf(second, 'objects', bucket), 1)
        assert.ok(await second.blobs.has(blob?.hash ?? ''))
        return
      }
      // The job was added with the task: the next worker is given it.
      await emptyBucket(second, placeOf(namespace, bucket, task.id), new AbortController().signal)
      // As at every start: its contents may have outlived the rows that named them.
      await removeUnusedBlobs(second)

      assert.equal((await deletionOf(second, bucket))?.status, 'COMPLETED')
      assert.equal(await countOf(second, 'objects', bucket), 0)
      assert.equal(await countOf(second, 'object_blobs', bucket), 0)
      assert.equal(await second.blobs.has(blob?.hash ?? ''), false)
    },
  )

  assert.ok(points > 6, `${points} crash points`)
})

test('a collection is whole or gone with its documents, wherever its deletion crashed', async () => {
  await using ports = await openTestPorts()
  const namespace = await newNamespace(ports)
  const { bucket } = await newBucket(ports, namespace, 0)
  let worlds = 0

  const points = await everyCrash(
    async () => ({ ports, state: await newCollection(ports, namespace, bucket, worlds++) }),
    (mortal, collection) => deleteCollection(mortal, namespace, collection),
    async (second, { id }) => {
      const row = await second.db
        .selectFrom('collections')
        .select('state')
        .where('id', '=', id)
        .executeTakeFirst()
      const documents = () => countDocuments(second, namespace, { collectionIds: [id] }, null)
      if (row?.state === 'active') {
        assert.equal(await documents(), 1)
        return
      }
      const place = { organizationId: namespace.organizationId, namespaceId: namespace.id }
      await finishCollectionDelete(second, { ...place, collectionId: id })

      assert.equal(await documents(), 0)
      const rows = await second.db
        .selectFrom('collections')
        .select('id')
        .where('id', '=', id)
        .execute()
      assert.deepEqual(rows, [])
    },
  )

  assert.ok(points >= 4, `${points} crash points`)
})

async function newNamespace(ports: Ports): Promise<Namespace> {
  const spec = NewNamespace.parse({
    namespace_name: 'films',
    feature_extractors: [{ feature_extractor_name: 'passthrough_extractor', version: 'v1' }],
  })
  return await createNamespace(ports, await adminOf(ports), spec)
}

/** With one object, whose text is long enough to stand in the blob store. */
async function newBucket(
  ports: Ports,
  namespace: Namespace,
  world: number,
): Promise<{ bucket: Bucket; object: StoredObject }> {
  const bucket = await createBucket(ports, namespace, {
    bucket_name: `bucket ${world}`,
    bucket_schema: { properties: { plot: { type: 'text' } } },
  })
  const data = `${world} a man sells fish`.repeat(10_000)
  const blobs = [{ property: 'plot', type: 'text', data }]
  return { bucket, object: await createObject(ports, bucket, { blobs }, null) }
}

/** With one document. */
async function newCollection(
  ports: Ports,
  namespace: Namespace,
  bucket: Bucket,
  world: number,
): Promise<Collection> {
  const { collection } = await createCollection(ports, namespace, {
    collection_name: `collection ${world}`,
    source: { type: 'bucket', bucket_ids: [bucket.id] },
    feature_extractor: { feature_extractor_name: 'passthrough_extractor', version: 'v1' },
  })
  const document = { id: ports.newId(), collectionId: collection.id, fields: { a: 1 }, vectors: {} }
  await writeDocuments(ports, namespace, [{ ...document, origin: 'api' }])
  return collection
}

function placeOf({ organizationId }: Namespace, { id: bucketId }: Bucket, taskId: string) {
  return { organizationId, bucketId, taskId }
}

async function deletionOf({ db }: Ports, { id }: Bucket) {
  const tasks = await db
    .selectFrom('tasks')
    .select(['id', 'status', 'additional_data'])
    .where('type', '=', 'api_buckets_delete')
    .execute()
  return tasks.find((task) => task.additional_data['bucket_id'] === id)
}

async function countOf({ db }: Ports, table: 'objects' | 'object_blobs', { id }: Bucket) {
  const rows = await db.selectFrom(table).select('id').where('bucket_id', '=', id).execute()
  return rows.length
}
