import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { EngineRejection, type VectorSpec } from '../vector-engine.ts'
import {
  films,
  numbers,
  onCollection,
  pointsAt,
  upsert,
  uuid,
  type OpenEngine,
} from './setup.contract.ts'

const dense: VectorSpec = { dense: { size: 3, distance: 'Dot' } }
const sparse: VectorSpec = { sparse: { modifier: 'idf' } }

export function namedVectorsContract(open: OpenEngine): void {
  describe('named vectors', () => {
    test(
      'a dense vector created on a filled collection takes values and answers, and no point is lost',
      onCollection(open, films, async (engine, collection) => {
        await upsert(
          engine,
          collection,
          pointsAt([
            [1, 0],
            [0, 1],
          ]),
        )

        await engine.createVector(collection, 'image', dense)

        const vectors = { image: Float32Array.of(0, 0, 2) }
        await engine.write(collection, {
          kind: 'update_vectors',
          points: [{ id: uuid(2), vectors }],
        })
        const query = { query: { nearest: Float32Array.of(0, 0, 1) }, using: 'image', limit: 5 }
        assert.deepEqual(numbers(await engine.query(collection, query)), [2])
        assert.equal(await engine.count(collection, {}), 2)
        assert.equal((await engine.describeCollection(collection))?.vectors['image']?.size, 3)
      }),
    )

    test(
      'a sparse vector created on a filled collection takes values and answers',
      onCollection(open, films, async (engine, collection) => {
        await upsert(
          engine,
          collection,
          pointsAt([
            [1, 0],
            [0, 1],
          ]),
        )

        await engine.createVector(collection, 'terms', sparse)

        const vectors = { terms: { indices: [7, 9], values: [1, 0.5] } }
        await engine.write(collection, {
          kind: 'update_vectors',
          points: [{ id: uuid(1), vectors }],
        })
        const query = {
          query: { nearest: { indices: [9], values: [1] } },
          using: 'terms',
          limit: 5,
        }
        assert.deepEqual(numbers(await engine.query(collection, query)), [1])
        const description = await engine.describeCollection(collection)
        assert.equal(description?.sparse_vectors['terms']?.modifier, 'idf')
      }),
    )

    test(
      'createVector() with the same definition does nothing, with another it is refused',
      onCollection(open, films, async (engine, collection) => {
        await engine.createVector(collection, 'image', dense)

        await engine.createVector(collection, 'image', dense)

        const other: VectorSpec = { dense: { size: 4, distance: 'Dot' } }
        await assert.rejects(engine.createVector(collection, 'image', other), EngineRejection)
        await assert.rejects(engine.createVector(collection, 'image', sparse), EngineRejection)
        await assert.rejects(engine.createVector(collection, 'words', dense), EngineRejection)
      }),
    )

    test(
      'dropVector() loses no acknowledged point, and no other vector of one',
      onCollection(open, films, async (engine, collection) => {
        await upsert(engine, collection, [
          ...pointsAt([
            [1, 0],
            [0, 1],
          ]),
          { id: uuid(3), payload: {}, vectors: { words: { indices: [1], values: [1] } } },
        ])

        await engine.dropVector(collection, 'words')

        assert.equal(await engine.count(collection, {}), 3)
        const [first] = await engine.retrieve(collection, { ids: [uuid(1)], with_vector: true })
        assert.deepEqual(first?.vector, { plot: [1, 0] })
        assert.deepEqual((await engine.describeCollection(collection))?.sparse_vectors, {})
      }),
    )

    test(
      'dropVector() of an absent vector does nothing',
      onCollection(open, films, async (engine, collection) => {
        await engine.dropVector(collection, 'nothing')

        assert.deepEqual(
          Object.keys((await engine.describeCollection(collection))?.vectors ?? {}),
          ['plot'],
        )
      }),
    )

    test(
      'a vector dropped may come back with another definition, and empty',
      onCollection(open, films, async (engine, collection) => {
        await upsert(engine, collection, pointsAt([[1, 0]]))
        await engine.dropVector(collection, 'plot')

        await engine.createVector(collection, 'plot', dense)

        const query = { query: { nearest: Float32Array.of(1, 0, 0) }, using: 'plot', limit: 5 }
        assert.deepEqual(await engine.query(collection, query), [])
        assert.equal(await engine.count(collection, {}), 1)
      }),
    )

    test(
      'writes, queries and drops of an unknown vector name are told apart: only the drop is fine',
      onCollection(open, films, async (engine, collection) => {
        const point = { id: uuid(1), payload: {}, vectors: { nothing: Float32Array.of(1, 0) } }
        const query = { query: { nearest: Float32Array.of(1, 0) }, using: 'nothing', limit: 5 }

        await assert.rejects(upsert(engine, collection, [point]), EngineRejection)
        await assert.rejects(engine.query(collection, query), EngineRejection)
        await engine.dropVector(collection, 'nothing')
      }),
    )

    test(
      'a multi-dense vector keeps all its rows and scores by the best of each',
      onCollection(
        open,
        {
          vectors: {
            pages: { size: 2, distance: 'Dot', multivector_config: { comparator: 'max_sim' } },
          },
          sparse_vectors: {},
        },
        async (engine, collection) => {
          const [east, north] = [Float32Array.of(1, 0), Float32Array.of(0, 1)]
          await upsert(engine, collection, [
            { id: uuid(1), payload: {}, vectors: { pages: [east] } },
            { id: uuid(2), payload: {}, vectors: { pages: [east, north] } },
          ])

          const query = { query: { nearest: [east, north] }, using: 'pages', limit: 5 }
          const hits = await engine.query(collection, { ...query, with_vector: true })

          assert.deepEqual(
            hits.map(({ score }) => score),
            [2, 1],
          )
          assert.deepEqual(hits[0]?.vector, {
            pages: [
              [1, 0],
              [0, 1],
            ],
          })
        },
      ),
    )

    test(
      'setHnsw() and optimize() change no answer',
      onCollection(open, films, async (engine, collection) => {
        await upsert(
          engine,
          collection,
          pointsAt([
            [1, 0],
            [0, 1],
            [1, 1],
          ]),
        )
        const query = { query: { nearest: Float32Array.of(1, 0.1) }, using: 'plot', limit: 5 }
        const before = await engine.query(collection, query)

        await engine.setHnsw(collection, { m: 24, payload_m: 24 })
        await engine.optimize(collection)

        assert.deepEqual(await engine.query(collection, query), before)
        const description = await engine.describeCollection(collection)
        assert.equal(description?.hnsw_config?.m, 24)
        assert.equal(description?.hnsw_config?.payload_m, 24)
        assert.equal(description?.hnsw_config?.ef_construct, 100)
      }),
    )
  })
}
