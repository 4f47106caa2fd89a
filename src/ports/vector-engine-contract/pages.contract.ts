import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  EngineRejection,
  type PointId,
  type ScrollRequest,
  type VectorEngine,
} from '../vector-engine.ts'
import {
  films,
  numbers,
  onCollection,
  pointsWith,
  upsert,
  uuid,
  type OpenEngine,
} from './setup.contract.ts'

const hundred = pointsWith(Array.from({ length: 100 }, (_, n) => ({ n, third: n % 3 })))

export function pagesContract(open: OpenEngine): void {
  describe('scroll, retrieve, count and facet', () => {
    test(
      'scroll pages through every matching point once, in the order of ids',
      onCollection(open, films, async (engine, collection) => {
        await upsert(engine, collection, hundred.toReversed())

        const all = await everyPage(engine, collection, { limit: 7 })
        const filter = { must: [{ key: 'third', match: { value: 0 } }] }
        const some = await everyPage(engine, collection, { limit: 10, filter })

        assert.deepEqual(
          all,
          Array.from({ length: 100 }, (_, n) => n + 1),
        )
        assert.deepEqual(
          some,
          Array.from({ length: 34 }, (_, n) => 3 * n + 1),
        )
      }),
    )

    test(
      'paging is stable while points come and go on other pages',
      onCollection(open, films, async (engine, collection) => {
        await upsert(engine, collection, hundred)
        const first = await engine.scroll(collection, { limit: 50 })

        await engine.write(collection, {
          kind: 'delete',
          selection: { points: [uuid(3), uuid(60)] },
        })
        await upsert(engine, collection, [{ id: uuid(101), payload: {}, vectors: {} }])
        await engine.optimize(collection)

        const offset = first.next_page_offset ?? uuid(0)
        const rest = await engine.scroll(collection, { limit: 100, offset })
        assert.equal(offset, uuid(51))
        assert.deepEqual(
          numbers(rest.points),
          Array.from({ length: 51 }, (_, n) => n + 51).filter((n) => n !== 60),
        )
        assert.equal(rest.next_page_offset, null)
      }),
    )

    test(
      'scroll in the order of a field needs an index for ranges, takes no offset, and starts where told',
      onCollection(open, films, async (engine, collection) => {
        await upsert(engine, collection, hundred)
        const order_by = { key: 'n', direction: 'desc' } as const
        await assert.rejects(engine.scroll(collection, { limit: 3, order_by }), EngineRejection)

        await engine.createPayloadIndex(collection, 'n', { type: 'float' })

        const page = await engine.scroll(collection, { limit: 3, order_by })
        assert.deepEqual(numbers(page.points), [100, 99, 98])
        assert.equal(page.next_page_offset, null)
        const from = await engine.scroll(collection, {
          limit: 2,
          order_by: { ...order_by, start_from: 10 },
        })
        assert.deepEqual(numbers(from.points), [11, 10])
        await assert.rejects(
          engine.scroll(collection, { limit: 3, order_by, offset: uuid(5) }),
          EngineRejection,
        )
      }),
    )

    test(
      'a keyword index gives no order',
      onCollection(open, films, async (engine, collection) => {
        await engine.createPayloadIndex(collection, 'f', { type: 'keyword' })

        await assert.rejects(
          engine.scroll(collection, { limit: 3, order_by: { key: 'f' } }),
          EngineRejection,
        )
      }),
    )

    test(
      'retrieve keeps the order of the ids, leaves absent ones out, and selects',
      onCollection(open, films, async (engine, collection) => {
        await upsert(engine, collection, hundred)

        const ids = [uuid(5), uuid(999), uuid(2), uuid(9)]
        const points = await engine.retrieve(collection, { ids, with_payload: ['n'] })

        assert.deepEqual(
          points,
          [5, 2, 9].map((n) => ({ id: uuid(n), payload: { n: n - 1 }, vector: null })),
        )
        assert.deepEqual(await engine.retrieve(collection, { ids: [] }), [])
      }),
    )

    test(
      'count is exact right after each write',
      onCollection(open, films, async (engine, collection) => {
        const counts = [await engine.count(collection, {})]
        await upsert(engine, collection, hundred)
        counts.push(await engine.count(collection, {}))
        await upsert(engine, collection, hundred.slice(0, 10))
        counts.push(await engine.count(collection, {}))
        await engine.write(collection, { kind: 'delete', selection: { points: [uuid(1)] } })
        counts.push(await engine.count(collection, { exact: true }))

        assert.deepEqual(counts, [0, 100, 100, 99])
      }),
    )

    test(
      'facet needs an index for lookups, and then counts the values, most frequent first',
      onCollection(open, films, async (engine, collection) => {
        const colours = ['red', 'red', ['red', 'blue'], 'blue', 'green', null]
        await upsert(
          engine,
          collection,
          pointsWith(colours.map((colour) => ({ 'a colour': colour }))),
        )
        const request = { key: 'a colour', limit: 2, exact: true }
        await assert.rejects(engine.facet(collection, request), EngineRejection)

        await engine.createPayloadIndex(collection, 'a colour', { type: 'keyword' })

        assert.deepEqual(await engine.facet(collection, request), [
          { value: 'red', count: 3 },
          { value: 'blue', count: 2 },
        ])
        const filter = { must: [{ has_id: [uuid(3), uuid(5)] }] }
        assert.deepEqual(
          new Set(await engine.facet(collection, { ...request, limit: 9, filter })),
          new Set([
            { value: 'blue', count: 1 },
            { value: 'green', count: 1 },
            { value: 'red', count: 1 },
          ]),
        )
      }),
    )

    test(
      'facet answers integers and booleans as such',
      onCollection(open, films, async (engine, collection) => {
        await upsert(
          engine,
          collection,
          pointsWith([
            { n: 1, b: true },
            { n: 1, b: true },
            { n: 2, b: false },
          ]),
        )
        await engine.createPayloadIndex(collection, 'n', { type: 'integer' })
        await engine.createPayloadIndex(collection, 'b', { type: 'bool' })

        assert.deepEqual(await engine.facet(collection, { key: 'n', limit: 1, exact: true }), [
          { value: 1, count: 2 },
        ])
        assert.deepEqual(await engine.facet(collection, { key: 'b', limit: 1, exact: true }), [
          { value: true, count: 2 },
        ])
      }),
    )
  })
}

async function everyPage(
  engine: VectorEngine,
  collection: string,
  request: ScrollRequest,
): Promise<number[]> {
  const found: number[] = []
  let offset: PointId | null | undefined
  do {
    const page = await engine.scroll(collection, { ...request, ...(offset && { offset }) })
    found.push(...numbers(page.points))
    offset = page.next_page_offset
  } while (offset !== null)
  return found
}
