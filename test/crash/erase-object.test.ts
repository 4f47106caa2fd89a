import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createBucket } from '../../src/domain/buckets/create-bucket.ts'
import { madeOf } from '../../src/domain/documents/decompose-object.ts'
import { countDocuments } from '../../src/domain/documents/read.ts'
import { writeDocuments } from '../../src/domain/documents/write.ts'
import { createNamespace } from '../../src/domain/namespaces/create-namespace.ts'
import { NewNamespace } from '../../src/domain/namespaces/namespace-request.ts'
import { createObject } from '../../src/domain/objects/create-objects.ts'
import { eraseObject, finishErasing } from '../../src/domain/objects/erase-object.ts'
import { removeUnusedBlobs } from '../../src/domain/objects/remove-unused-blobs.ts'
import type { Ports } from '../../src/ports/ports.ts'
import { readErasing } from '../../src/store/object-erasures.ts'
import { everyCrash } from '../support/crash.ts'
import { openTestPorts } from '../support/ports.ts'
import { adminOf } from '../support/principal.ts'

test('an object is there with its documents and original, or gone with all of them, wherever its deletion with cascade crashed', async () => {
  await using ports = await openTestPorts()
  const spec = NewNamespace.parse({ namespace_name: 'films' })
  const namespace = await createNamespace(ports, await adminOf(ports), spec)
  const bucket = await createBucket(ports, namespace, {
    bucket_name: 'plots',
    bucket_schema: { properties: { plot: { type: 'text' } } },
  })
  let worlds = 0
  const open = async () => {
    // Long enough to stand in the blob store.
    const data = `${worlds++} a man sells fish`.repeat(10_000)
    const blobs = [{ property: 'plot', type: 'text', data }]
    const object = await createObject(ports, bucket, { blobs }, null)
    // Made of the object, and of what was made of it.
    for (const collectionId of ['col_upstream', 'col_downstream']) {
      const document = { id: ports.newId(), collectionId, fields: {}, vectors: {} }
      const lineage = { root_object_id: object.id }
      await writeDocuments(ports, namespace, [{ ...document, origin: 'extracted', lineage }])
    }
    await ports.leases.exclusive(namespace.id, 'making a world', async () => {})
    return { ports, state: object }
  }

  const points = await everyCrash(
    open,
    (mortal, { id }) => eraseObject(mortal, namespace, id),
    async (second, { id, blobs: [blob] }) => {
      const left = async () => ({
        objects: await countOf(second, id),
        documents: await countDocuments(second, namespace, { collectionIds: null }, madeOf(id)),
        isStored: await second.blobs.has(blob?.hash ?? ''),
      })
      const isErasing = (await readErasing(second.db, [id])).size > 0
      if (!isErasing) {
        assert.deepEqual(await left(), { objects: 1, documents: 2, isStored: true })
        return
      }
      // The job was added with the intent: the next worker is given it.
      const { organizationId, id: namespaceId } = namespace
      await finishErasing(second, { organizationId, namespaceId, objectId: id })
      // As at every start: its content may have outlived the row that named it.
      await removeUnusedBlobs(second)

      assert.deepEqual(await left(), { objects: 0, documents: 0, isStored: false })
      assert.equal((await readErasing(second.db, [id])).size, 0)
    },
  )

  assert.ok(points >= 5, `${points} crash points`)
})

async function countOf({ db }: Ports, id: string): Promise<number> {
  return (await db.selectFrom('objects').select('id').where('id', '=', id).execute()).length
}
