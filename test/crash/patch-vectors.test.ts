import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createNamespace, undoNamespace } from '../../src/domain/namespaces/create-namespace.ts'
import { aliasOf } from '../../src/domain/namespaces/namespace.ts'
import { NamespacePatch, NewNamespace } from '../../src/domain/namespaces/namespace-request.ts'
import { patchNamespace } from '../../src/domain/namespaces/patch-namespace.ts'
import { convergeNamespace } from '../../src/domain/namespaces/recover-namespaces.ts'
import type { Ports } from '../../src/ports/ports.ts'
import { everyCrash } from '../support/crash.ts'
import { currently } from '../support/hot-namespace.ts'
import { openTestPorts } from '../support/ports.ts'
import { adminOf } from '../support/principal.ts'

const patch = NamespacePatch.parse({
  description: 'patched',
  feature_extractors: [{ feature_extractor_name: 'text_extractor', version: 'v1' }],
  payload_indexes: [{ field_name: 'year', type: 'integer' }],
})

test('a PATCH that adds an extractor leaves it with its vector, or neither, wherever it crashed; sent again it is whole', async () => {
  await using ports = await openTestPorts()
  const admin = await adminOf(ports)
  let worlds = 0
  const open = async () => {
    const spec = NewNamespace.parse({ namespace_name: `films ${worlds++}` })
    return { ports, state: await createNamespace(ports, admin, spec) }
  }

  const points = await everyCrash(
    open,
    (mortal, { id }) => patchNamespace(mortal, admin, id, patch),
    async (second, { id }) => {
      await convergeNamespace(second, id)
      const { extractors, vectors } = await schemaOf(second, id)
      assert.ok(extractors === 0 ? vectors.length === 0 : vectors.length === 1)

      await patchNamespace(second, admin, id, patch)

      const whole = await schemaOf(second, id)
      assert.deepEqual([whole.extractors, whole.vectors.length], [1, 1])
      const namespace = await currently(second, id)
      assert.equal(namespace.description, 'patched')
      const year = namespace.payloadIndexes.find(({ path }) => path === 'year')
      assert.equal(year?.state, 'active')
      // Many open shards make each further one slower.
      await undoNamespace(second, namespace)
    },
  )

  assert.ok(points > 5, `${points} crash points`)
})

/** The row's and the engine's, which must not differ. */
async function schemaOf(ports: Ports, id: string) {
  const namespace = await currently(ports, id)
  const there = await ports.vectors.describeCollection(aliasOf(namespace))
  const vectors = Object.keys(namespace.vectors).toSorted()
  assert.deepEqual(Object.keys(there?.vectors ?? {}).toSorted(), vectors)
  return { extractors: namespace.featureExtractors.length, vectors }
}
