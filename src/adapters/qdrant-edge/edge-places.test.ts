import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { silentLogger } from '../../../test/support/silent-logger.ts'
import { readConfig } from '../../config.ts'
import { isFailure } from '../../domain/failure.ts'
import type { CollectionSpec, NewPoint, VectorEngine } from '../../ports/vector-engine.ts'
import { openQdrantEdge } from './open-qdrant-edge.ts'

const spec: CollectionSpec = { vectors: { a: { size: 2, distance: 'Cosine' } }, sparse_vectors: {} }
const points = (count: number): NewPoint[] =>
  Array.from({ length: count }, (_, n) => ({
    id: n + 1,
    payload: { n },
    vectors: { a: Float32Array.of(n, 1) },
  }))

describe('Qdrant Edge in its folder', () => {
  test('reads through an alias see no error while it moves and the old collection is dropped', async () => {
    await using place = await makePlace()
    await using engine = await place.open()
    await engine.createCollection('g0', spec)
    await engine.setAlias('current', 'g0')
    let isOver = false
    let reads = 0
    const reading = Array.from({ length: 4 }, async () => {
      for (; !isOver; reads++) await engine.scroll('current', { limit: 1 })
    })

    for (let n = 1; n <= 10; n++) {
      await engine.createCollection(`g${n}`, spec)
      await engine.setAlias('current', `g${n}`)
      await engine.dropCollection(`g${n - 1}`)
    }

    isOver = true
    await Promise.all(reading)
    assert.ok(reads > 0)
    assert.deepEqual(await engine.listCollections(), ['g10'])
  })

  test('one open shard serves many collections at once, each with its own points', async () => {
    await using place = await makePlace({ NACRE_OPEN_SHARDS_MAX: '1' })
    await using engine = await place.open()
    const names = ['a', 'b', 'c']
    for (const name of names) await engine.createCollection(name, spec)

    await Promise.all(
      names.map(async (name, index) => {
        await engine.write(name, { kind: 'upsert', points: points(index + 1) })
        assert.equal((await engine.scroll(name, { limit: 10 })).points.length, index + 1)
      }),
    )

    assert.deepEqual(await Promise.all(names.map((name) => engine.count(name, {}))), [1, 2, 3])
  })

  test('counts and descriptions of closed shards open none', async () => {
    await using place = await makePlace()
    {
      await using engine = await place.open()
      await engine.createCollection('a', spec)
      await engine.write('a', { kind: 'upsert', points: points(5) })
      await engine.createPayloadIndex('a', 'n', { type: 'integer' })
    }
    // What cannot be opened is not: the shard's files are gone, the summary is there.
    await rm(join(place.folder, 'collections', 'a', 'shard'), { recursive: true })
    await using engine = await place.open()

    const [count, description] = [await engine.count('a', {}), await engine.describeCollection('a')]

    assert.equal(count, 5)
    assert.deepEqual(description?.payload_schema, { n: { type: 'integer' } })
    await assert.rejects(engine.scroll('a', { limit: 1 }), (error) =>
      isFailure(error, 'engine_unavailable'),
    )
  })

  test('what a crash left half-made or half-dropped is gone after the next start', async () => {
    await using place = await makePlace()
    await mkdir(join(place.folder, 'leftovers', 'half', 'shard'), { recursive: true })
    await writeFile(join(place.folder, 'leftovers', 'half', 'file'), 'x')

    await using engine = await place.open()

    assert.deepEqual(await readdir(join(place.folder, 'leftovers')), [])
    assert.deepEqual(await engine.listCollections(), [])
  })

  test('an alias to a collection that is not there is left behind', async () => {
    await using place = await makePlace()
    await mkdir(place.folder, { recursive: true })
    await writeFile(join(place.folder, 'aliases.json'), '{"current":"gone"}')

    await using engine = await place.open()

    assert.deepEqual(await engine.listAliases(), {})
    assert.equal(await engine.describeCollection('current'), null)
  })

  test('a closed engine says so', async () => {
    await using place = await makePlace()
    const engine = await place.open()
    await engine.createCollection('a', spec)

    await engine[Symbol.asyncDispose]()
    await engine[Symbol.asyncDispose]()

    await assert.rejects(engine.ping(), (error) => isFailure(error, 'engine_unavailable'))
    await assert.rejects(engine.count('a', {}), (error) => isFailure(error, 'engine_unavailable'))
  })

  test('an abort ends the wait at once, and the write goes on', async () => {
    await using place = await makePlace()
    await using engine = await place.open()
    await engine.createCollection('a', spec)
    const stop = new AbortController()

    const writing = engine.write('a', { kind: 'upsert', points: points(20_000) }, stop.signal)
    stop.abort(new Error('enough'))

    await assert.rejects(writing, /enough/)
    while ((await engine.count('a', {})) === 0) await delay(2)
    assert.equal(await engine.count('a', {}), 20_000)
  })

  test('a search reaches an index that housekeeping built, with the same answers', async () => {
    await using place = await makePlace()
    await using engine = await place.open()
    await engine.createCollection('a', {
      vectors: { a: { size: 64, distance: 'Cosine' } },
      sparse_vectors: {},
    })
    const random = randomNumbers()
    const vector = () => Float32Array.from({ length: 64 }, () => random() - 0.5)
    for (let from = 0; from < 50_000; from += 5_000) {
      const batch = Array.from({ length: 5_000 }, (_, n) => ({
        id: from + n + 1,
        payload: {},
        vectors: { a: vector() },
      }))
      await engine.write('a', { kind: 'upsert', points: batch })
    }
    const query = { query: { nearest: vector() }, using: 'a', limit: 10, params: { exact: true } }
    const before = await engine.query('a', query)

    const [hadWork, hasMore] = [await engine.optimize('a'), await engine.optimize('a')]

    assert.deepEqual([hadWork, hasMore], [true, false])
    assert.deepEqual(await engine.query('a', query), before)
    assert.equal(await engine.count('a', {}), 50_000)
  })
})

async function makePlace(env: Record<string, string> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'nacre-edge-'))
  return {
    folder,
    open: (): Promise<VectorEngine> =>
      openQdrantEdge({ folder, config: readConfig(env), log: silentLogger }),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true, maxRetries: 20 }),
  }
}

/** The same numbers at every run. */
function randomNumbers(): () => number {
  let state = 12_345
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff
    return state / 0x7fff_ffff
  }
}
