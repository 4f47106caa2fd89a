import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { VectorEngine } from '../vector-engine.ts'
import { films, freshName, matching, pointsAt, upsert, uuid } from './setup.contract.ts'

/** An engine that lives in its process, in a place that can be opened again. */
export interface Reopening {
  makePlace: () => Promise<Place>
}
export interface Place extends AsyncDisposable {
  open: () => Promise<VectorEngine>
  /**
   * Opens the place in a process of its own, runs the script there, and kills the process by SIGKILL once
   * it has acknowledged `lines` lines. Answers what was acknowledged.
   */
  killAfter: (script: CrashScript, lines: number) => Promise<string[]>
}

/** What the killed process does; each acknowledges a line when the engine has answered, and never ends. */
export const crashScripts = {
  upserting: (engine: VectorEngine, acknowledge: (line: string) => void) =>
    forever(engine, async (collection, n) => {
      await upsert(engine, collection, [{ ...pointAt(n), payload: { n } }])
      acknowledge(String(n))
    }),
  deleting: (engine: VectorEngine, acknowledge: (line: string) => void) =>
    forever(engine, async (collection, n) => {
      await upsert(engine, collection, [pointAt(n)])
      if (n > 1)
        await engine.write(collection, { kind: 'delete', selection: { points: [uuid(n - 1)] } })
      acknowledge(String(n))
    }),
  restructuring: (engine: VectorEngine, acknowledge: (line: string) => void) =>
    forever(engine, async (collection, n) => {
      await engine.createVector(collection, 'extra', { dense: { size: 2, distance: 'Dot' } })
      const vectors = { plot: Float32Array.of(1, n), extra: Float32Array.of(n, 1) }
      await upsert(engine, collection, [{ id: uuid(n), payload: { n }, vectors }])
      await engine.createPayloadIndex(collection, 'n', { type: n % 2 === 0 ? 'integer' : 'float' })
      await engine.dropVector(collection, 'extra')
      acknowledge(String(n))
    }),
  optimizing: (engine: VectorEngine, acknowledge: (line: string) => void) =>
    forever(engine, async (collection, n) => {
      await engine.setHnsw(collection, { m: 8 + (n % 8) })
      const optimized = engine.optimize(collection)
      await upsert(engine, collection, [{ ...pointAt(n), payload: { n } }])
      acknowledge(String(n))
      await optimized
    }),
  cataloguing: async (
    engine: VectorEngine,
    acknowledge: (line: string) => void,
  ): Promise<never> => {
    for (let n = 1; ; n++) {
      await engine.createCollection(`g${n}`, films)
      await upsert(engine, `g${n}`, [pointAt(n)])
      await engine.setAlias('current', `g${n}`)
      acknowledge(String(n))
      if (n > 1) await engine.dropCollection(`g${n - 1}`)
    }
  },
}
export type CrashScript = keyof typeof crashScripts

const collection = 'crashed'

export function reopeningContract({ makePlace }: Reopening): void {
  describe('opened again', () => {
    test('after a close everything is there: points, vectors, indexes, aliases', async () => {
      await using place = await makePlace()
      const [name, alias] = [freshName(), freshName()]
      {
        await using engine = await place.open()
        await engine.createCollection(name, films)
        await upsert(
          engine,
          name,
          pointsAt([
            [1, 0],
            [0, 1],
          ]),
        )
        await engine.createPayloadIndex(name, 'n', { type: 'integer' })
        await engine.createVector(name, 'image', { dense: { size: 3, distance: 'Dot' } })
        await engine.setAlias(alias, name)
      }

      await using engine = await place.open()

      assert.equal(await engine.count(alias, {}), 2)
      const description = await engine.describeCollection(alias)
      assert.deepEqual(description?.payload_schema, { n: { type: 'integer' } })
      assert.equal(description?.vectors['image']?.size, 3)
      const [point] = await engine.retrieve(alias, { ids: [uuid(2)], with_vector: true })
      assert.deepEqual(point, { id: uuid(2), payload: { n: 2 }, vector: { plot: [0, 1] } })
      assert.deepEqual(await engine.listCollections(), [name])
    })

    test('a write after the reopening is counted', async () => {
      await using place = await makePlace()
      const name = freshName()
      {
        await using engine = await place.open()
        await engine.createCollection(name, films)
        await upsert(engine, name, pointsAt([[1, 0]]))
      }

      await using engine = await place.open()
      await upsert(
        engine,
        name,
        pointsAt([
          [1, 0],
          [0, 1],
        ]),
      )

      assert.equal(await engine.count(name, {}), 2)
    })

    test('after SIGKILL in the middle of upserts every acknowledged point is there', async () => {
      await using place = await makePlace()

      const acknowledged = await place.killAfter('upserting', 500)

      await using engine = await place.open()
      const found = new Set(await matching(engine, collection, {}))
      assert.deepEqual(
        acknowledged.filter((line) => !found.has(Number(line))),
        [],
      )
      assert.equal(await engine.count(collection, {}), found.size)
    })

    test('after SIGKILL in the middle of deletes no acknowledged delete is undone', async () => {
      await using place = await makePlace()

      const acknowledged = await place.killAfter('deleting', 200)

      await using engine = await place.open()
      const last = Number(acknowledged.at(-1))
      const found = await matching(engine, collection, {})
      assert.deepEqual(
        found.filter((n) => n < last),
        [],
      )
      assert.ok(found.length > 0)
    })

    test('after SIGKILL between changes of vectors and indexes no acknowledged point is lost', async () => {
      await using place = await makePlace()

      const acknowledged = await place.killAfter('restructuring', 15)

      await using engine = await place.open()
      const found = new Set(await matching(engine, collection, {}))
      assert.deepEqual(
        acknowledged.filter((line) => !found.has(Number(line))),
        [],
      )
      await engine.createVector(collection, 'extra', { dense: { size: 2, distance: 'Dot' } })
    })

    test('after SIGKILL in the middle of an optimize no acknowledged point is lost', async () => {
      await using place = await makePlace()

      const acknowledged = await place.killAfter('optimizing', 30)

      await using engine = await place.open()
      const found = new Set(await matching(engine, collection, {}))
      assert.deepEqual(
        acknowledged.filter((line) => !found.has(Number(line))),
        [],
      )
      await engine.optimize(collection)
      assert.equal(await engine.count(collection, {}), found.size)
    })

    test('after SIGKILL among creates, switches and drops the alias points to a whole collection', async () => {
      await using place = await makePlace()

      const acknowledged = await place.killAfter('cataloguing', 8)

      await using engine = await place.open()
      const last = Number(acknowledged.at(-1))
      const target = (await engine.listAliases())['current'] ?? ''
      assert.ok(Number(target.slice(1)) >= last)
      assert.equal(await engine.count('current', {}), 1)
      for (const name of await engine.listCollections()) await engine.count(name, {})
    })
  })
}

async function forever(
  engine: VectorEngine,
  step: (collection: string, n: number) => Promise<void>,
): Promise<never> {
  await engine.createCollection(collection, films)
  for (let n = 1; ; n++) await step(collection, n)
}

function pointAt(n: number) {
  return { id: uuid(n), payload: {}, vectors: { plot: Float32Array.of(Math.cos(n), Math.sin(n)) } }
}
