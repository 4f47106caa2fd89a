import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createBucket } from '../../src/domain/buckets/create-bucket.ts'
import { createNamespace, undoNamespace } from '../../src/domain/namespaces/create-namespace.ts'
import { deleteNamespace, finishDeletion } from '../../src/domain/namespaces/delete-namespace.ts'
import { aliasOf, collectionOf, type Namespace } from '../../src/domain/namespaces/namespace.ts'
import { NewNamespace } from '../../src/domain/namespaces/namespace-request.ts'
import { convergeNamespace } from '../../src/domain/namespaces/recover-namespaces.ts'
import { createObject } from '../../src/domain/objects/create-objects.ts'
import type { Ports } from '../../src/ports/ports.ts'
import { readNamespaceById, readUnsettledNamespaceIds } from '../../src/store/namespaces.ts'
import { everyCrash } from '../support/crash.ts'
import { openTestPorts } from '../support/ports.ts'
import { adminOf } from '../support/principal.ts'

test('a namespace is whole or gone, its task ended with it, wherever its deletion crashed', async () => {
  await using ports = await openTestPorts()
  const admin = await adminOf(ports)
  let worlds = 0
  const open = async () => {
    const name = `films ${worlds++}`
    const request = NewNamespace.parse({ name, vectors: { own: { dimensions: 2 } } })
    const namespace = await createNamespace(ports, admin, request)
    await addRows(ports, namespace)
    return { ports, state: namespace }
  }

  const points = await everyCrash(
    open,
    async (mortal, { id }) => {
      await deleteNamespace(mortal, admin, id)
      await finishDeletion(mortal, id)
    },
    async (second, namespace) => {
      const { id } = namespace
      for (const one of await readUnsettledNamespaceIds(second.db))
        await convergeNamespace(second, one)

      const row = await readNamespaceById(second.db, id)
      const there = await second.vectors.describeCollection(aliasOf(namespace))
      if (row) {
        assert.equal(row.state, 'ready')
        assert.equal(there?.name, collectionOf(namespace))
        assert.deepEqual(await statusesOf(second, id), [])
        assert.equal(await objectsOf(second, id), 1)
        return await undoNamespace(second, namespace)
      }
      // The job was not done yet, so the next worker is given it again.
      await finishDeletion(second, id)
      assert.equal(there, null)
      assert.deepEqual(await second.vectors.listCollections(), [])
      assert.deepEqual(await second.vectors.listAliases(), {})
      assert.deepEqual(await statusesOf(second, id), ['COMPLETED'])
      assert.equal(await objectsOf(second, id), 0)
    },
  )

  assert.ok(points > 5, `${points} crash points`)
})

/** A bucket with an object, which the deletion must not leave behind. */
async function addRows(ports: Ports, namespace: Namespace): Promise<void> {
  const spec = {
    bucket_name: 'films',
    bucket_schema: { properties: { title: { type: 'string' } } },
  }
  const bucket = await createBucket(ports, namespace, spec)
  await createObject(ports, bucket, { blobs: [], metadata: { year: 1982 } }, null)
}

async function statusesOf({ db }: Ports, namespaceId: string): Promise<string[]> {
  const rows = await db
    .selectFrom('tasks')
    .select('status')
    .where('namespace_id', '=', namespaceId)
    .where('type', '=', 'api_namespaces_delete')
    .execute()
  return rows.map(({ status }) => status)
}

async function objectsOf({ db }: Ports, namespaceId: string): Promise<number> {
  const rows = await db
    .selectFrom('objects')
    .select('id')
    .where('namespace_id', '=', namespaceId)
    .execute()
  return rows.length
}
