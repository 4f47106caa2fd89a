import { fronted } from '../../../test/support/fronted.ts'
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  builtIndexes,
  currently,
  openHotNamespace,
  patch,
  settleIndexes,
} from '../../../test/support/hot-namespace.ts'
import { openTestPorts } from '../../../test/support/ports.ts'
import { leafOf, openWrittenNamespace } from '../../../test/support/written-namespace.ts'
import type { Ports } from '../../ports/ports.ts'
import { collectionOf, type Namespace } from '../namespaces/namespace.ts'
import type { PayloadIndex } from '../payload-indexes/payload-index.ts'
import { probeIndex } from './probe-index.ts'
import { indexAt } from './take-away-index.ts'

const quick = { NACRE_INDEX_MEASURE_MS: '400', NACRE_FACTS_AGE_MS: '10' }

describe('probeIndex()', () => {
  test('finds every document by its own value where the index is whole, whatever the values are', async () => {
    await using ports = await openTestPorts(quick)
    const fields = Array.from({ length: 700 }, (_, n) => ({
      text: `t${n % 40}`,
      number: n % 7,
      flags: n % 3 === 0 ? [] : [n % 2 === 0],
    }))
    const { namespace } = await openWrittenNamespace(ports, { fields })
    await patch(ports, namespace.id, {
      payload_indexes: [
        indexOn('text', 'keyword'),
        indexOn('number', 'integer'),
        indexOn('flags', 'bool'),
      ],
    })
    const indexed = await currently(ports, namespace.id)

    for (const path of ['text', 'number', 'flags']) {
      const { documents, missing, isAbsent } = await probeIndex(ports, indexed, at(indexed, path))
      assert.ok(documents > 100)
      assert.deepEqual([missing, isAbsent], [[], false])
    }
  })

  test('tells of documents that the index does not hold, though the read gate believes it does', async () => {
    await using ports = await openTestPorts(quick)
    const fields = Array.from({ length: 300 }, (_, n) => ({ n: n % 10 === 0 ? 5.5 : n % 10 }))
    const { namespace } = await openWrittenNamespace(ports, { fields })
    await ports.vectors.createPayloadIndex(collectionOf(namespace), 'n', { type: 'integer' })
    const index = { path: 'n', fieldName: 'n', schema: { type: 'integer' } } as const

    const { documents, missing } = await probeIndex(ports, namespace, index)

    assert.equal(documents, 300)
    assert.ok(missing.length >= 29, `${missing.length} missing`)
  })
})

describe('an index that makes itself', () => {
  test('is dropped, and made anew, within one check when the engine has lost it', async () => {
    await using ports = await openTestPorts(quick)
    const hot = await openHotNamespace(ports, branded(6_000))
    const { id } = hot.namespace
    await hot.read(brands(), 150)
    const [first] = await settleIndexes(ports, id)
    assert.equal(first?.state, 'active', first?.reason ?? 'none')

    await ports.vectors.dropPayloadIndex(collectionOf(hot.namespace), 'brand')
    const [again, lost] = await settleIndexes(ports, id)

    assert.equal(lost?.state, 'dropped')
    assert.match(lost.reason, /^Dropped: the engine has no such index/)
    assert.equal(again?.state, 'active')
    assert.deepEqual(await builtIndexes(ports, await currently(ports, id)), { brand: 'keyword' })
  })

  test('is never active where the engine built something else', async () => {
    await using ports = await openTestPorts(quick)
    const hot = await openHotNamespace(ports, branded(3_000))
    await hot.read(brands(), 150)

    const [decision] = await settleIndexes(building(ports, 'integer'), hot.namespace.id)

    assert.equal(decision?.state, 'reverted', decision?.reason ?? 'none')
    assert.deepEqual(await builtIndexes(ports, await currently(ports, hot.namespace.id)), {})
  })
})

/** Real ports, but for an engine that builds indexes of another type than it is asked for. */
function building(ports: Ports, type: 'integer'): Ports {
  const vectors = fronted(ports.vectors, {
    createPayloadIndex: (collection, field) =>
      ports.vectors.createPayloadIndex(collection, field, { type }),
  })
  return { ...ports, vectors }
}

function branded(count: number): Record<string, unknown>[] {
  return Array.from({ length: count }, (_, n) => ({ brand: `brand ${n % 200}` }))
}

function brands() {
  return Array.from({ length: 20 }, (_, n) => leafOf('brand', 'eq', `brand ${n}`))
}

function at(namespace: Namespace, path: string): PayloadIndex {
  const index = indexAt(namespace, path)
  assert.ok(index)
  return index
}

function indexOn(field_name: string, type: string) {
  return { field_name, type }
}
