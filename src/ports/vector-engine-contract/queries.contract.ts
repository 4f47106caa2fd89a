import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { EngineRejection, type QueryRequest, type VectorEngine } from '../vector-engine.ts'
import {
  films,
  numberOf,
  numbers,
  onCollection,
  pointsAt,
  pointsWith,
  upsert,
  uuid,
  type OpenEngine,
} from './setup.contract.ts'

/** From east by north to west: nearest to east first. */
const compass = pointsAt([
  [1, 0],
  [1, 1],
  [0, 1],
  [-1, 1],
  [-1, 0],
])
const east: QueryRequest = { query: { nearest: Float32Array.of(1, 0) }, using: 'plot', limit: 10 }
const west: QueryRequest = { query: { nearest: Float32Array.of(-1, 0) }, using: 'plot', limit: 10 }

export function queriesContract(open: OpenEngine): void {
  const onCompass = (run: (engine: VectorEngine, collection: string) => Promise<void>) =>
    onCollection(open, films, async (engine, collection) => {
      await upsert(engine, collection, compass)
      await run(engine, collection)
    })

  describe('queries', () => {
    test(
      'nearest by a dense vector orders by the distance, best first, with its score',
      onCompass(async (engine, collection) => {
        const hits = await engine.query(collection, east)

        assert.deepEqual(numbers(hits), [1, 2, 3, 4, 5])
        assert.deepEqual(
          hits.map(({ score }) => Math.round(score * 1_000)),
          [1_000, 707, 0, -707, -1_000],
        )
      }),
    )

    test(
      'nearest by a sparse vector finds points that share an index',
      onCollection(open, films, async (engine, collection) => {
        await upsert(engine, collection, [
          { id: uuid(1), payload: {}, vectors: { words: { indices: [1, 2], values: [1, 1] } } },
          { id: uuid(2), payload: {}, vectors: { words: { indices: [2, 3], values: [3, 1] } } },
          { id: uuid(3), payload: {}, vectors: { words: { indices: [9], values: [1] } } },
        ])

        const nearest = { indices: [2], values: [2] }
        const hits = await engine.query(collection, {
          query: { nearest },
          using: 'words',
          limit: 10,
        })

        assert.deepEqual(
          hits.map(({ id, score }) => [numberOf(id), score]),
          [
            [2, 6],
            [1, 2],
          ],
        )
      }),
    )

    test(
      'nearest by a point id leaves that point out, and is refused for an absent one',
      onCompass(async (engine, collection) => {
        const byId = { query: { nearest: uuid(1) }, using: 'plot', limit: 2 }

        assert.deepEqual(numbers(await engine.query(collection, byId)), [2, 3])
        await assert.rejects(
          engine.query(collection, { ...byId, query: { nearest: uuid(99) } }),
          EngineRejection,
        )
      }),
    )

    test(
      'limit and offset cut the list',
      onCompass(async (engine, collection) => {
        assert.deepEqual(
          numbers(await engine.query(collection, { ...east, limit: 2, offset: 1 })),
          [2, 3],
        )
      }),
    )

    test(
      'score_threshold leaves out what is worse',
      onCompass(async (engine, collection) => {
        const hits = await engine.query(collection, { ...east, score_threshold: 0.5 })

        assert.deepEqual(numbers(hits), [1, 2])
      }),
    )

    test(
      'a filter bounds the hits, exact or not',
      onCompass(async (engine, collection) => {
        const filter = { must: [{ key: 'n', range: { gte: 3 } }] }

        assert.deepEqual(numbers(await engine.query(collection, { ...east, filter })), [3, 4, 5])
        const exact = { ...east, filter, params: { exact: true } }
        assert.deepEqual(numbers(await engine.query(collection, exact)), [3, 4, 5])
      }),
    )

    test(
      'points without the vector are no hits',
      onCompass(async (engine, collection) => {
        await upsert(engine, collection, [{ id: uuid(6), payload: {}, vectors: {} }])

        assert.equal((await engine.query(collection, east)).length, 5)
      }),
    )

    test(
      'a vector of another size is refused',
      onCompass(async (engine, collection) => {
        const wrong = { ...east, query: { nearest: Float32Array.of(1, 0, 0) } }

        await assert.rejects(engine.query(collection, wrong), EngineRejection)
      }),
    )

    test(
      'selectors choose payload fields and vectors; without them all payload and no vector comes',
      onCollection(open, films, async (engine, collection) => {
        const words = { indices: [1], values: [1] }
        const vectors = { plot: Float32Array.of(1, 0), words }
        const payload = { a: 1, 'b c': 2, in: { x: 1, y: 2 } }
        await upsert(engine, collection, [{ id: uuid(1), payload, vectors }])
        const ask = async (selectors: Partial<QueryRequest>) => {
          const [hit] = await engine.query(collection, { ...east, ...selectors })
          return [hit?.payload, hit?.vector]
        }

        assert.deepEqual(await ask({}), [payload, null])
        assert.deepEqual(await ask({ with_payload: false }), [null, null])
        assert.deepEqual(await ask({ with_payload: ['b c', 'in.x'] }), [
          { 'b c': 2, in: { x: 1 } },
          null,
        ])
        assert.deepEqual(await ask({ with_vector: true }), [payload, { plot: [1, 0], words }])
        assert.deepEqual(await ask({ with_vector: ['words'] }), [payload, { words }])
      }),
    )

    test(
      'rrf joins two searches by their ranks',
      onCompass(async (engine, collection) => {
        const prefetch = [
          { ...east, limit: 2 },
          { ...west, limit: 3 },
        ]

        const hits = await engine.query(collection, {
          prefetch,
          query: { fusion: 'rrf' },
          limit: 10,
        })

        // East gives 1, 2; west 5, 4, 3: rank 0 twice, then rank 1 twice, then rank 2.
        assert.deepEqual(new Set(numbers(hits).slice(0, 2)), new Set([1, 5]))
        assert.deepEqual(new Set(numbers(hits).slice(2, 4)), new Set([2, 4]))
        assert.deepEqual(numbers(hits).slice(4), [3])
        assert.equal(hits[0]?.score, hits[1]?.score)
      }),
    )

    test(
      'dbsf joins two searches by their scores',
      onCompass(async (engine, collection) => {
        const prefetch = [
          { ...east, limit: 5 },
          { ...east, limit: 5 },
        ]

        const hits = await engine.query(collection, {
          prefetch,
          query: { fusion: 'dbsf' },
          limit: 3,
        })

        assert.deepEqual(numbers(hits), [1, 2, 3])
      }),
    )

    test(
      'a query over prefetches ranks their results again, and a filter of theirs holds',
      onCompass(async (engine, collection) => {
        const filter = { must: [{ key: 'n', range: { lte: 3 } }] }

        const hits = await engine.query(collection, { ...west, prefetch: [{ ...east, filter }] })

        assert.deepEqual(numbers(hits), [3, 2, 1])
      }),
    )

    test(
      'sample answers any points, each once',
      onCompass(async (engine, collection) => {
        const hits = await engine.query(collection, { query: { sample: 'random' }, limit: 3 })

        assert.equal(new Set(numbers(hits)).size, 3)
      }),
    )

    test(
      'without a query points come in the order of their ids',
      onCompass(async (engine, collection) => {
        assert.deepEqual(numbers(await engine.query(collection, { limit: 3 })), [1, 2, 3])
      }),
    )

    test(
      'order_by needs an index for ranges, and then sorts both ways',
      onCollection(open, films, async (engine, collection) => {
        await upsert(engine, collection, pointsWith([{ 'a b': 2 }, { 'a b': 3 }, { 'a b': 1 }, {}]))
        const up: QueryRequest = { query: { order_by: { key: 'a b' } }, limit: 10 }
        await assert.rejects(engine.query(collection, up), EngineRejection)

        await engine.createPayloadIndex(collection, 'a b', { type: 'integer' })

        assert.deepEqual(numbers(await engine.query(collection, up)), [3, 1, 2])
        const down: QueryRequest = {
          query: { order_by: { key: 'a b', direction: 'desc' } },
          limit: 2,
        }
        assert.deepEqual(numbers(await engine.query(collection, down)), [2, 1])
      }),
    )
  })

  describe('groups', () => {
    test(
      'queryGroups() gives the best hits of each value, best group first, with no index needed',
      onCollection(open, films, async (engine, collection) => {
        const kinds = ['a', 'b', 'a', 'b', 'a']
        const points = compass.map((point, index) => ({
          ...point,
          payload: { 'the kind': kinds[index] },
        }))
        await upsert(engine, collection, points)

        const groups = await engine.queryGroups(collection, {
          ...east,
          group_by: 'the kind',
          group_size: 2,
          limit: 10,
        })

        assert.deepEqual(
          groups.map(({ id, hits }) => [id, numbers(hits)]),
          [
            ['a', [1, 3]],
            ['b', [2, 4]],
          ],
        )
        assert.deepEqual(groups[0]?.hits[0]?.payload, { 'the kind': 'a' })
      }),
    )

    test(
      'limit bounds the groups, and points without a value are in none',
      onCompass(async (engine, collection) => {
        await upsert(engine, collection, [
          { id: uuid(6), payload: {}, vectors: { plot: Float32Array.of(1, 0) } },
        ])

        const request = { ...east, group_by: 'n', group_size: 1, limit: 2 }
        const groups = await engine.queryGroups(collection, request)

        assert.deepEqual(
          groups.map(({ id }) => id),
          [1, 2],
        )
      }),
    )
  })
}
