import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { EngineRejection } from '../vector-engine.ts'
import {
  films,
  freshName,
  onCollection,
  pointsAt,
  upsert,
  type OpenEngine,
} from './setup.contract.ts'

export function catalogueContract(open: OpenEngine): void {
  describe('collections', () => {
    test(
      'describeCollection() tells the vectors that createCollection() was given',
      onCollection(open, films, async (engine, collection) => {
        const description = await engine.describeCollection(collection)

        assert.equal(description?.name, collection)
        assert.equal(description?.vectors['plot']?.size, 2)
        assert.equal(description?.vectors['plot']?.distance, 'Cosine')
        assert.deepEqual(Object.keys(description?.sparse_vectors ?? {}), ['words'])
        assert.deepEqual(description?.payload_schema, {})
      }),
    )

    test(
      'a collection may have no vectors at all, and takes points all the same',
      onCollection(open, { vectors: {}, sparse_vectors: {} }, async (engine, collection) => {
        await upsert(engine, collection, [{ id: 1, payload: { a: 1 }, vectors: {} }])

        assert.equal(await engine.count(collection, {}), 1)
        assert.deepEqual((await engine.describeCollection(collection))?.vectors, {})
      }),
    )

    test(
      'createCollection() twice with one spec leaves the collection as it is',
      onCollection(open, films, async (engine, collection) => {
        await upsert(engine, collection, pointsAt([[1, 0]]))

        await engine.createCollection(collection, films)

        assert.equal(await engine.count(collection, {}), 1)
      }),
    )

    test(
      'repairCollection() leaves a collection as it is of which all can be read, and says so',
      onCollection(open, films, async (engine, collection) => {
        await upsert(
          engine,
          collection,
          pointsAt([
            [1, 0],
            [0, 1],
          ]),
        )
        await engine.createPayloadIndex(collection, 'n', { type: 'integer' })

        const report = await engine.repairCollection(collection, films)

        assert.deepEqual(report, { wasBroken: false, points: 2, lost: [] })
        assert.equal(await engine.count(collection, {}), 2)
        const description = await engine.describeCollection(collection)
        assert.deepEqual(Object.keys(description?.payload_schema ?? {}), ['n'])
        await upsert(engine, collection, pointsAt([[1, 0]]))
      }),
    )

    test('repairCollection() of an absent collection is refused', async () => {
      await using engine = await open()

      await assert.rejects(engine.repairCollection(freshName(), films), EngineRejection)
    })

    test(
      'createCollection() with other vectors under the name is refused',
      onCollection(open, films, async (engine, collection) => {
        const other = {
          vectors: { plot: { size: 3, distance: 'Cosine' } },
          sparse_vectors: {},
        } as const

        await assert.rejects(engine.createCollection(collection, other), EngineRejection)
      }),
    )

    test(
      'listCollections() names the collection, and no alias',
      onCollection(open, films, async (engine, collection) => {
        const alias = freshName()
        await engine.setAlias(alias, collection)

        const names = await engine.listCollections()

        assert.ok(names.includes(collection))
        assert.ok(!names.includes(alias))
      }),
    )

    test('dropCollection() of an absent collection does nothing', async () => {
      await using engine = await open()

      await engine.dropCollection(freshName())
    })

    test(
      'a dropped collection is gone, and may be created anew and empty',
      onCollection(open, films, async (engine, collection) => {
        await upsert(engine, collection, pointsAt([[1, 0]]))

        await engine.dropCollection(collection)
        const gone = await engine.describeCollection(collection)
        await engine.createCollection(collection, films)

        assert.equal(gone, null)
        assert.equal(await engine.count(collection, {}), 0)
      }),
    )

    test('every operation on an absent collection is refused', async () => {
      await using engine = await open()
      const absent = freshName()

      await assert.rejects(engine.count(absent, {}), EngineRejection)
      await assert.rejects(engine.scroll(absent, { limit: 1 }), EngineRejection)
      await assert.rejects(engine.flush(absent), EngineRejection)
      await assert.rejects(engine.optimize(absent), EngineRejection)
      await assert.rejects(upsert(engine, absent, pointsAt([[1, 0]])), EngineRejection)
      await assert.rejects(engine.setAlias(freshName(), absent), EngineRejection)
      assert.equal(await engine.describeCollection(absent), null)
    })

    for (const name of ['', '../up', 'a/b', 'a b', '.', 'é']) {
      test(`no collection and no alias can be named ${JSON.stringify(name)}`, async () => {
        await using engine = await open()

        await assert.rejects(engine.createCollection(name, films), EngineRejection)
        await assert.rejects(engine.setAlias(name, freshName()), EngineRejection)
      })
    }

    test('ping() answers', async () => {
      await using engine = await open()

      await engine.ping()
    })

    test('an aborted signal ends the wait with its reason', async () => {
      await using engine = await open()
      const reason = new Error('enough')

      await assert.rejects(
        engine.createCollection('x'.repeat(300), films, AbortSignal.abort(reason)),
        (error) => error === reason,
      )
    })
  })

  describe('aliases', () => {
    test(
      'reads and writes through an alias reach its collection',
      onCollection(open, films, async (engine, collection) => {
        const alias = freshName()
        await engine.setAlias(alias, collection)

        await upsert(engine, alias, pointsAt([[1, 0]]))

        assert.equal(await engine.count(collection, {}), 1)
        assert.equal(await engine.count(alias, {}), 1)
        assert.equal((await engine.describeCollection(alias))?.name, collection)
        assert.equal((await engine.listAliases())[alias], collection)
      }),
    )

    test(
      'setAlias() over an alias moves it, and no read in between misses a collection',
      onCollection(open, films, async (engine, first) => {
        const [second, alias] = [freshName(), freshName()]
        await engine.createCollection(second, films)
        await upsert(engine, second, pointsAt([[1, 0]]))
        await engine.setAlias(alias, first)
        const seen = new Set<number>()
        let isSwitched = false
        const reading = (async () => {
          while (!isSwitched) seen.add(await engine.count(alias, {}))
        })()

        await engine.setAlias(alias, second)

        isSwitched = true
        await reading
        assert.equal(await engine.count(alias, {}), 1)
        assert.ok([...seen].every((count) => count === 0 || count === 1))
        await engine.dropCollection(second)
      }),
    )

    test(
      'an alias can be set to where it points already',
      onCollection(open, films, async (engine, collection) => {
        const alias = freshName()
        await engine.setAlias(alias, collection)

        await engine.setAlias(alias, collection)

        assert.equal((await engine.listAliases())[alias], collection)
      }),
    )

    test(
      'a collection dropped takes its aliases with it',
      onCollection(open, films, async (engine, collection) => {
        const alias = freshName()
        await engine.setAlias(alias, collection)

        await engine.dropCollection(collection)

        assert.equal(await engine.describeCollection(alias), null)
        assert.equal(Object.hasOwn(await engine.listAliases(), alias), false)
        await assert.rejects(engine.count(alias, {}), EngineRejection)
      }),
    )

    test(
      'dropCollection() by an alias drops nothing',
      onCollection(open, films, async (engine, collection) => {
        const alias = freshName()
        await engine.setAlias(alias, collection)

        await engine.dropCollection(alias)

        assert.equal((await engine.describeCollection(alias))?.name, collection)
      }),
    )

    test(
      'dropAlias() leaves the collection, and is fine with no such alias',
      onCollection(open, films, async (engine, collection) => {
        const alias = freshName()
        await engine.setAlias(alias, collection)

        await engine.dropAlias(alias)
        await engine.dropAlias(alias)

        assert.equal(await engine.describeCollection(alias), null)
        assert.equal(await engine.count(collection, {}), 0)
      }),
    )

    test(
      'a collection and an alias cannot share a name, nor can an alias point to an alias',
      onCollection(open, films, async (engine, collection) => {
        const alias = freshName()
        await engine.setAlias(alias, collection)

        await assert.rejects(engine.setAlias(collection, collection), EngineRejection)
        await assert.rejects(engine.createCollection(alias, films), EngineRejection)
        await assert.rejects(engine.setAlias(freshName(), alias), EngineRejection)
      }),
    )
  })
}
