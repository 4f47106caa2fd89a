import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { EngineRejection, type Payload, type VectorEngine, type Write } from '../vector-engine.ts'
import {
  films,
  matching,
  onCollection,
  pointsAt,
  pointsWith,
  upsert,
  uuid,
  type OpenEngine,
} from './setup.contract.ts'

const first = { points: [uuid(1)] }
const ofA = { filter: { must: [{ key: 'kind', match: { value: 'a' } }] } }
const kinds = pointsWith([
  { kind: 'a', n: 1 },
  { kind: 'b', n: 2 },
])

export function writesContract(open: OpenEngine): void {
  describe('writes', () => {
    test(
      'upsert gives back exactly what was put in: payloads and dense and sparse vectors',
      onCollection(open, films, async (engine, collection) => {
        const payload = {
          text: 'ä "quoted" \u{1F600}',
          n: 1.5,
          yes: true,
          none: null,
          list: [1, [2]],
          in: { a: [] },
        }
        const words = { indices: [3, 70_000], values: [0.5, -2] }
        const vectors = { plot: Float32Array.of(0, 1), words }
        await upsert(engine, collection, [{ id: uuid(1), payload, vectors }])

        const [point] = await engine.retrieve(collection, { ids: [uuid(1)], with_vector: true })

        assert.deepEqual(point, { id: uuid(1), payload, vector: { plot: [0, 1], words } })
      }),
    )

    test(
      'upsert over a point replaces payload and vectors whole',
      onCollection(open, films, async (engine, collection) => {
        await upsert(engine, collection, pointsAt([[1, 0]]))

        await upsert(engine, collection, [{ id: uuid(1), payload: { new: 1 }, vectors: {} }])

        const [point] = await engine.retrieve(collection, { ids: [uuid(1)], with_vector: true })
        assert.deepEqual(point, { id: uuid(1), payload: { new: 1 }, vector: {} })
      }),
    )

    test(
      'ids may be unsigned integers, and UUIDs in capitals are the same points',
      onCollection(open, films, async (engine, collection) => {
        const id = 'abcdef00-0000-4000-8000-000000000001'
        await upsert(engine, collection, [
          { id: 7, payload: { n: 7 }, vectors: {} },
          { id: id.toUpperCase(), payload: { n: 8 }, vectors: {} },
        ])

        const points = await engine.retrieve(collection, { ids: [id, 7, id.toUpperCase()] })

        assert.deepEqual(
          points.map((point) => [point.id, point.payload?.['n']]),
          [
            [id, 8],
            [7, 7],
            [id, 8],
          ],
        )
      }),
    )

    test(
      'a refused upsert writes none of its points',
      onCollection(open, films, async (engine, collection) => {
        const points = pointsAt([
          [1, 0],
          [0, 1],
        ])
        const wrong = { id: uuid(3), payload: {}, vectors: { plot: Float32Array.of(1, 2, 3) } }

        await assert.rejects(upsert(engine, collection, [...points, wrong]), EngineRejection)

        assert.equal(await engine.count(collection, {}), 0)
      }),
    )

    test(
      'vectors of the wrong kind are refused',
      onCollection(open, films, async (engine, collection) => {
        const sparse = { indices: [1], values: [1] }
        const dense = Float32Array.of(1, 0)

        await assert.rejects(
          upsert(engine, collection, [{ id: 1, payload: {}, vectors: { plot: sparse } }]),
          EngineRejection,
        )
        await assert.rejects(
          upsert(engine, collection, [{ id: 1, payload: {}, vectors: { words: dense } }]),
          EngineRejection,
        )
      }),
    )

    test(
      'update_vectors sets the given vectors and leaves the rest',
      onCollection(open, films, async (engine, collection) => {
        await upsert(engine, collection, pointsAt([[1, 0]]))
        const vectors = { words: { indices: [1], values: [2] } }

        await engine.write(collection, {
          kind: 'update_vectors',
          points: [{ id: uuid(1), vectors }],
        })

        const [point] = await engine.retrieve(collection, { ids: [uuid(1)], with_vector: true })
        assert.deepEqual(point?.vector, { plot: [1, 0], ...vectors })
        assert.deepEqual(point?.payload, { n: 1 })
      }),
    )

    test(
      'delete_vectors takes the named vectors by ids and by filter, and no point',
      onCollection(open, films, async (engine, collection) => {
        await upsert(
          engine,
          collection,
          pointsAt([
            [1, 0],
            [0, 1],
          ]),
        )
        const filter = { must: [{ key: 'n', match: { value: 2 } }] }

        await engine.write(collection, {
          kind: 'delete_vectors',
          selection: first,
          names: ['plot'],
        })
        const left = await matching(engine, collection, { must: [{ has_vector: 'plot' }] })
        await engine.write(collection, {
          kind: 'delete_vectors',
          selection: { filter },
          names: ['plot'],
        })

        assert.deepEqual(left, [2])
        assert.deepEqual(await matching(engine, collection, { must: [{ has_vector: 'plot' }] }), [])
        assert.equal(await engine.count(collection, {}), 2)
      }),
    )

    const payloadWrites: [string, Write, Payload][] = [
      [
        'set_payload by ids merges',
        { kind: 'set_payload', selection: first, payload: { m: 2 } },
        { kind: 'a', n: 1, m: 2 },
      ],
      [
        'set_payload by filter merges',
        { kind: 'set_payload', selection: ofA, payload: { n: 9 } },
        { kind: 'a', n: 9 },
      ],
      [
        'set_payload with a key merges below it',
        { kind: 'set_payload', selection: first, payload: { c: 1 }, key: 'in.odd key' },
        { kind: 'a', n: 1, in: { 'odd key': { c: 1 } } },
      ],
      [
        'overwrite_payload by ids replaces',
        { kind: 'overwrite_payload', selection: first, payload: { m: 2 } },
        { m: 2 },
      ],
      [
        'overwrite_payload by filter replaces',
        { kind: 'overwrite_payload', selection: ofA, payload: { m: 2 } },
        { m: 2 },
      ],
      [
        'delete_payload by ids takes keys',
        { kind: 'delete_payload', selection: first, keys: ['n', 'absent'] },
        { kind: 'a' },
      ],
      [
        'delete_payload by filter takes keys',
        { kind: 'delete_payload', selection: ofA, keys: ['n'] },
        { kind: 'a' },
      ],
      ['clear_payload by ids takes all', { kind: 'clear_payload', selection: first }, {}],
      ['clear_payload by filter takes all', { kind: 'clear_payload', selection: ofA }, {}],
    ]
    for (const [title, write, expected] of payloadWrites) {
      test(
        `${title}, on no other point`,
        onCollection(open, films, async (engine, collection) => {
          await upsert(engine, collection, kinds)

          await engine.write(collection, write)

          assert.deepEqual(await payloadOf(engine, collection, 1), expected)
          assert.deepEqual(await payloadOf(engine, collection, 2), { kind: 'b', n: 2 })
        }),
      )
    }

    for (const selection of [first, ofA]) {
      test(
        `delete by ${Object.keys(selection)[0]} takes those points only, and again does nothing`,
        onCollection(open, films, async (engine, collection) => {
          await upsert(engine, collection, kinds)

          await engine.write(collection, { kind: 'delete', selection })
          await engine.write(collection, { kind: 'delete', selection })

          assert.deepEqual(await matching(engine, collection, {}), [2])
        }),
      )
    }

    test(
      'an empty list of points or ids is nothing to do',
      onCollection(open, films, async (engine, collection) => {
        await upsert(engine, collection, kinds)
        const selection = { points: [] }

        await engine.write(collection, { kind: 'upsert', points: [] })
        await engine.write(collection, { kind: 'update_vectors', points: [] })
        await engine.write(collection, { kind: 'delete', selection })
        await engine.write(collection, { kind: 'clear_payload', selection })
        await engine.write(collection, { kind: 'set_payload', selection, payload: { a: 1 } })

        assert.deepEqual(await payloadOf(engine, collection, 1), { kind: 'a', n: 1 })
        assert.equal(await engine.count(collection, {}), 2)
      }),
    )

    test(
      'update_vectors and set_payload of an absent id are refused',
      onCollection(open, films, async (engine, collection) => {
        const vectors = { plot: Float32Array.of(1, 0) }
        const points = [{ id: uuid(9), vectors }]

        await assert.rejects(
          engine.write(collection, { kind: 'update_vectors', points }),
          EngineRejection,
        )
        await assert.rejects(
          engine.write(collection, { kind: 'set_payload', selection: first, payload: { a: 1 } }),
          EngineRejection,
        )
      }),
    )

    test(
      'thousands of points in one write are all there, flushed or not',
      onCollection(open, films, async (engine, collection) => {
        const plots = Array.from({ length: 3_000 }, (_, n) => [Math.cos(n), Math.sin(n)] as const)

        await upsert(engine, collection, pointsAt(plots))
        const before = await engine.count(collection, {})
        await engine.flush(collection)

        assert.equal(before, 3_000)
        assert.equal(await engine.count(collection, {}), 3_000)
      }),
    )
  })
}

async function payloadOf(
  engine: VectorEngine,
  collection: string,
  n: number,
): Promise<Payload | null | undefined> {
  const [point] = await engine.retrieve(collection, { ids: [uuid(n)] })
  return point?.payload
}
