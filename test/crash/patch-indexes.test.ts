import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createNamespace, undoNamespace } from '../../src/domain/namespaces/create-namespace.ts'
import { collectionOf, type Namespace } from '../../src/domain/namespaces/namespace.ts'
import { NamespacePatch, NewNamespace } from '../../src/domain/namespaces/namespace-request.ts'
import { patchNamespace } from '../../src/domain/namespaces/patch-namespace.ts'
import { convergeNamespace } from '../../src/domain/namespaces/recover-namespaces.ts'
import type { Ports } from '../../src/ports/ports.ts'
import { readNamespaceById, readUnsettledNamespaceIds } from '../../src/store/namespaces.ts'
import { everyCrash } from '../support/crash.ts'
import { openTestPorts } from '../support/ports.ts'
import { adminOf } from '../support/principal.ts'

test('payload indexes are the old set or the new one, in the engine as in the rows, wherever their PATCH crashed', async () => {
  await using ports = await openTestPorts()
  const admin = await adminOf(ports)
  let worlds = 0
  const open = async () => ({
    ports,
    state: await createNamespace(
      ports,
      admin,
      NewNamespace.parse({ ...before, name: `films ${worlds++}` }),
    ),
  })

  const points = await everyCrash(
    open,
    (mortal, { id }) => patchNamespace(mortal, admin, id, NamespacePatch.parse(after)),
    async (second, { id }) => {
      await converge(second)

      const namespace = await readNamespaceById(second.db, id)
      assert.ok(namespace)
      const declared = customOf(namespace)
      assert.deepEqual(await builtOf(second, namespace), declared)
      const expected = namespace.description === 'patched' ? newSet : oldSet
      assert.deepEqual(declared, expected)
      assert.ok(
        namespace.payloadIndexes.every(({ state }) => state === 'active' || state === 'virtual'),
      )
      // Many open shards make each further one slower.
      await undoNamespace(second, namespace)
    },
  )

  assert.ok(points > 10, `${points} crash points`)
})

const before = {
  payload_indexes: [
    { field_name: 'kept', type: 'keyword' },
    { field_name: 'changed', type: 'keyword' },
    { field_name: 'dropped', type: 'float' },
  ],
}
const after = {
  description: 'patched',
  payload_indexes: [
    { field_name: 'kept', type: 'keyword' },
    { field_name: 'changed', type: 'integer' },
    { field_name: 'created', type: 'text' },
  ],
}
const oldSet = { changed: 'keyword', dropped: 'float', kept: 'keyword' }
const newSet = { changed: 'integer', created: 'text', kept: 'keyword' }

function customOf({ payloadIndexes }: Namespace): Record<string, string> {
  const custom = payloadIndexes.filter(({ origin }) => origin === 'user')
  return sorted(custom.map(({ path, schema }) => [path, schema.type]))
}

async function builtOf({ vectors }: Ports, namespace: Namespace): Promise<Record<string, string>> {
  const there = await vectors.describeCollection(collectionOf(namespace))
  const custom = Object.entries(there?.payload_schema ?? {}).filter(
    ([path]) => !path.startsWith('_internal'),
  )
  return sorted(custom.map(([path, schema]) => [path, schema.type]))
}

function sorted(pairs: [string, string][]): Record<string, string> {
  return Object.fromEntries(pairs.toSorted(([a], [b]) => a.localeCompare(b)))
}

/** What the jobs do that `recoverNamespaces` adds at a start. */
async function converge(ports: Ports): Promise<void> {
  for (const id of await readUnsettledNamespaceIds(ports.db)) await convergeNamespace(ports, id)
}
