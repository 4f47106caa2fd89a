import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { activeIndex, fillEngine, openReadPorts } from '../../../test/support/engine-place.ts'
import { collectionOf } from '../namespaces/namespace.ts'
import { listDocuments } from './list-documents.ts'
import type { ReadPorts } from './read.ts'
import { servedPlaces } from './served-order.ts'
import { servedValues } from './served-values.ts'
import { countValues } from './value-counts.ts'

const scope = { collectionIds: ['col_a'] }
const sort = [{ field: 'n', direction: 'asc' as const }]
const order = { sort, filter: null, after: null, count: 3 }
const page = { sort, filter: null, limit: 10, offset: 0, cursor: null, select: ['n'] }

describe('where an index no longer answers, the documents are read', () => {
  let ports: ReadPorts & AsyncDisposable

  before(async () => {
    ports = await openReadPorts()
  })
  after(async () => {
    await ports[Symbol.asyncDispose]()
  })

  test('one that was dropped in the engine while it was asked', async () => {
    const payloads = [3, 1, 2, 1].map((n) => ({ n, s: `s${n}` }))
    const indexes = [activeIndex('n', { type: 'integer' }), activeIndex('s', { type: 'keyword' })]
    const { namespace } = await fillEngine(ports, payloads, indexes)
    const values = { field: 's', filter: null }
    assert.ok(await servedPlaces(ports, namespace, scope, order))
    assert.ok(await servedValues(ports, namespace, scope, values))

    const collection = collectionOf(namespace)
    await ports.vectors.dropPayloadIndex(collection, 'n')
    await ports.vectors.dropPayloadIndex(collection, 's')

    assert.equal(await servedPlaces(ports, namespace, scope, order), null)
    assert.equal(await servedValues(ports, namespace, scope, values), null)
    const whole = { ...page, withVectors: false }
    const { records } = await listDocuments(ports, namespace, scope, whole)
    assert.deepEqual(
      records.map(({ payload }) => payload?.['n']),
      [1, 1, 2, 3],
    )
    assert.deepEqual(await countValues(ports, namespace, scope, { ...values, limit: 1 }), [
      { value: 's1', count: 2 },
    ])
  })

  test('a field with more values than are worth counting one by one', async () => {
    const few = { ...ports, config: { ...ports.config, facetValuesMax: 3 } }
    const payloads = ['a', 'b', 'c', 'd', 'a'].map((s) => ({ s }))
    const indexes = [activeIndex('s', { type: 'keyword' })]
    const { namespace } = await fillEngine(ports, payloads, indexes)
    const values = { field: 's', filter: null }

    assert.equal(await servedValues(few, namespace, scope, values), null)
    assert.ok(await servedValues(ports, namespace, scope, values))
    const counted = await countValues(few, namespace, scope, { ...values, limit: 2 })
    assert.deepEqual(counted, [
      { value: 'a', count: 2 },
      { value: 'b', count: 1 },
    ])
  })
})
