import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createCollection } from '../../src/domain/collections/create-collection.ts'
import { createDocument } from '../../src/domain/documents/create-document.ts'
import { createBucket } from '../../src/domain/buckets/create-bucket.ts'
import { exportCollection } from '../../src/domain/exports/export-collection.ts'
import { openExportFile } from '../../src/domain/exports/export-file.ts'
import { createNamespace } from '../../src/domain/namespaces/create-namespace.ts'
import { NewNamespace } from '../../src/domain/namespaces/namespace-request.ts'
import { removeUnusedBlobs } from '../../src/domain/objects/remove-unused-blobs.ts'
import { everyCrash } from '../support/crash.ts'
import { openTestPorts } from '../support/ports.ts'
import { adminOf } from '../support/principal.ts'
import { storedBlobs } from '../support/stored-blobs.ts'

test('an exported file is there whole, or nothing of it is left, wherever its making crashed', async () => {
  await using ports = await openTestPorts()
  const extractor = { feature_extractor_name: 'passthrough_extractor', version: 'v1' }
  const namespace = await createNamespace(
    ports,
    await adminOf(ports),
    NewNamespace.parse({ namespace_name: 'films', feature_extractors: [extractor] }),
  )
  const bucket = await createBucket(ports, namespace, {
    bucket_name: 'films',
    bucket_schema: { properties: { title: { type: 'string' } } },
  })
  let worlds = 0

  const points = await everyCrash(
    async () => {
      const { collection } = await createCollection(ports, namespace, {
        collection_name: `films ${worlds++}`,
        source: { type: 'bucket', bucket_ids: [bucket.id] },
        feature_extractor: extractor,
      })
      await createDocument(ports, namespace, collection, { title: collection.name })
      return { ports, state: collection }
    },
    async (mortal, collection) => {
      const all = { filter: null, select: null, withVectors: true, sampleSize: null }
      await exportCollection(mortal, namespace, collection, { format: 'csv', ...all })
    },
    async (second, collection) => {
      const { db } = second
      await db
        .updateTable('unused_blobs')
        .set({ due_at: new Date(0) })
        .execute()
      await removeUnusedBlobs(second)

      const files = await db
        .selectFrom('export_files')
        .select('id')
        .where('collection_id', '=', collection.id)
        .execute()
      assert.ok(files.length === 0 || files.length === 2, `${files.length} files`)
      for (const { id } of files) {
        const { open, sizeBytes } = await openExportFile(second, id)
        let bytes = 0
        for await (const chunk of open()) bytes += chunk.byteLength
        assert.equal(bytes, sizeBytes)
      }
      const named = await db.selectFrom('export_files').select('hash').distinct().execute()
      const hashes = named.map(({ hash }) => hash)
      assert.deepEqual(await storedBlobs(second), hashes.toSorted())
    },
  )

  assert.ok(points > 5, `${points} crash points`)
})
