import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { openTestPorts } from '../../../test/support/ports.ts'
import { adminOf } from '../../../test/support/principal.ts'
import { leafOf, openWrittenNamespace } from '../../../test/support/written-namespace.ts'
import type { Ports } from '../../ports/ports.ts'
import { countDocuments } from '../documents/read.ts'
import { NamespacePatch } from '../namespaces/namespace-request.ts'
import { patchNamespace, type Patched } from '../namespaces/patch-namespace.ts'

describe('a payload index that cannot hold every value', () => {
  let ports: Ports & AsyncDisposable

  before(async () => {
    ports = await openTestPorts()
  })
  after(async () => await ports[Symbol.asyncDispose]())

  test('is made as it was declared, warned of, and answers as if it held them', async () => {
    const fields = [5, 5.5, 6, 'seven', [8, 8.5], null].map((price) => ({ price }))
    const { namespace } = await openWrittenNamespace(ports, { fields })

    const { namespace: patched, warnings } = await declare(namespace.id, 'integer')

    assert.deepEqual(
      warnings.map(({ fieldName, unheld }) => [fieldName, unheld]),
      [['price', 3]],
    )
    assert.deepEqual(warnings[0]?.examples.toSorted(), ['"seven"', '5.5', '8.5'])
    const index = patched.payloadIndexes.find(({ path }) => path === 'price')
    assert.deepEqual([index?.schema.type, index?.state], ['integer', 'active'])
    const everywhere = { collectionIds: null }
    const above5 = leafOf('price', 'gt', 5)
    assert.equal(await countDocuments(ports, patched, everywhere, above5), 3)
  })

  test('is warned of once: neither again nor where it holds everything', async () => {
    const { namespace } = await openWrittenNamespace(ports, { fields: [{ price: 1.5 }] })

    assert.equal((await declare(namespace.id, 'integer')).warnings.length, 1)
    assert.deepEqual((await declare(namespace.id, 'integer')).warnings, [])
    assert.deepEqual((await declare(namespace.id, 'float')).warnings, [])
  })

  async function declare(id: string, type: string): Promise<Patched> {
    const patch = NamespacePatch.parse({ payload_indexes: [{ field_name: 'price', type }] })
    return await patchNamespace(ports, await adminOf(ports), id, patch)
  }
})
