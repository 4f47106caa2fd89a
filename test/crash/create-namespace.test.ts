import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createNamespace, undoNamespace } from '../../src/domain/namespaces/create-namespace.ts'
import { aliasOf, collectionOf } from '../../src/domain/namespaces/namespace.ts'
import { NewNamespace } from '../../src/domain/namespaces/namespace-request.ts'
import { convergeNamespace } from '../../src/domain/namespaces/recover-namespaces.ts'
import type { Ports } from '../../src/ports/ports.ts'
import { readNamespace, readUnsettledNamespaceIds } from '../../src/store/namespaces.ts'
import { everyCrash } from '../support/crash.ts'
import { openTestPorts } from '../support/ports.ts'
import { adminOf } from '../support/principal.ts'

test('a namespace exists whole or not at all, wherever its creation crashed', async () => {
  await using ports = await openTestPorts()
  const admin = await adminOf(ports)
  let worlds = 0
  const open = async () => ({ ports, state: { name: `films ${worlds++}` } })

  const points = await everyCrash(
    open,
    (mortal, { name }) =>
      createNamespace(mortal, admin, NewNamespace.parse({ ...films, namespace_name: name })),
    async (second, { name }) => {
      await converge(second)

      const namespace = await readNamespace(second.db, admin.organizationId, name)
      const collections = await second.vectors.listCollections()
      const aliases = await second.vectors.listAliases()
      if (namespace) {
        const there = await second.vectors.describeCollection(aliasOf(namespace))
        assert.deepEqual(Object.keys(there?.payload_schema ?? {}).toSorted(), [
          '_internal.collection_id',
          '_internal.source_object_id',
          'category',
        ])
        assert.ok(
          namespace.payloadIndexes.every(({ state }) => state === 'active' || state === 'virtual'),
        )
      }
      const known = await second.db
        .selectFrom('namespaces')
        .select(['id', 'generation', 'state'])
        .execute()
      assert.ok(known.every(({ state }) => state === 'ready'))
      assert.deepEqual(collections.toSorted(), known.map(collectionOf).toSorted())
      assert.deepEqual(Object.keys(aliases).toSorted(), known.map(aliasOf).toSorted())
      // Many open shards make each further one slower.
      if (namespace) await undoNamespace(second, namespace)
    },
  )

  assert.ok(points > 10, `${points} crash points`)
})

const films = {
  feature_extractors: [{ feature_extractor_name: 'text_extractor', version: 'v1' }],
  payload_indexes: [{ field_name: 'metadata.category', type: 'keyword' }],
  ttl_seconds: 3600,
}

/** What the jobs do that `recoverNamespaces` adds at a start. */
async function converge(ports: Ports): Promise<void> {
  for (const id of await readUnsettledNamespaceIds(ports.db)) await convergeNamespace(ports, id)
}
