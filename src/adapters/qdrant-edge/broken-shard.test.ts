import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import {
  cp,
  mkdir,
  mkdtemp,
  readdir,
  rename,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { silentLogger } from '../../../test/support/silent-logger.ts'
import { readConfig } from '../../config.ts'
import { isFailure } from '../../domain/failure.ts'
import type { CollectionSpec, NewPoint, VectorEngine } from '../../ports/vector-engine.ts'
import { openQdrantEdge } from './open-qdrant-edge.ts'

const spec: CollectionSpec = {
  vectors: { a: { size: 2, distance: 'Dot' } },
  sparse_vectors: { words: {} },
}

describe('a shard that cannot be opened', () => {
  test('is told by its own collection alone, with the reason and what to do, and without places of files', async () => {
    await using place = await makePlace()
    await addDamagedPart(place.shard('ns_one_g1'))
    await using engine = await place.open()

    await assert.rejects(engine.scroll('ns_one_g1', { limit: 1 }), (error) => {
      assert.ok(isFailure(error, 'engine_unavailable'))
      assert.match(error.message, /the documents of ns_one cannot be opened: .*nacre repair ns_one/)
      assert.ok(!error.message.includes(place.folder))
      return true
    })
    assert.equal((await engine.scroll('ns_two_g1', { limit: 100 })).points.length, 20)
    await engine.ping()
  })

  test('is dropped like any other', async () => {
    await using place = await makePlace()
    await addDamagedPart(place.shard('ns_one_g1'))
    await using engine = await place.open()

    await engine.dropCollection('ns_one_g1')

    assert.deepEqual(await engine.listCollections(), ['ns_two_g1'])
  })

  test('and with which the process died again and again is not tried any more, until it is repaired', async () => {
    await using place = await makePlace()
    await writeFile(join(place.folder, 'collections', 'ns_one_g1', 'opening'), '3')
    await using engine = await place.open()

    await assert.rejects(engine.scroll('ns_one_g1', { limit: 1 }), /the process died 3 times/)
    const report = await engine.repairCollection('ns_one_g1', spec)

    assert.deepEqual(report, { wasBroken: false, points: 20, lost: [] })
    assert.equal((await engine.scroll('ns_one_g1', { limit: 100 })).points.length, 20)
  })
})

describe('repairCollection()', () => {
  test('leaves a collection as it is that opens and can be read through', async () => {
    await using place = await makePlace()
    await using engine = await place.open()

    const report = await engine.repairCollection('ns_one_g1', spec)

    assert.deepEqual(report, { wasBroken: false, points: 20, lost: [] })
    assert.equal(await engine.count('ns_one_g1', {}), 20)
  })

  test('keeps every point, with payload and vectors, of the parts that can be read', async () => {
    await using place = await makePlace()
    const part = await addDamagedPart(place.shard('ns_one_g1'))
    await using engine = await place.open()
    await assert.rejects(engine.scroll('ns_one_g1', { limit: 1 }))

    const report = await engine.repairCollection('ns_one_g1', spec)

    assert.equal(report.wasBroken, true)
    assert.equal(report.points, 20)
    assert.match(report.lost.join('\n'), new RegExp(`^the part ${part}: `))
    assert.equal(await engine.count('ns_one_g1', {}), 20)
    const [point] = await engine.retrieve('ns_one_g1', { ids: [7], with_vector: true })
    assert.deepEqual(point, {
      id: 7,
      payload: { n: 7 },
      vector: { a: [7, 1], words: { indices: [7], values: [0.5] } },
    })
    await engine.write('ns_one_g1', { kind: 'upsert', points: points(100, 1) })
    assert.equal(await engine.count('ns_one_g1', {}), 21)
  })

  test('keeps the damaged files beside, until the collection is dropped', async () => {
    await using place = await makePlace()
    await addDamagedPart(place.shard('ns_one_g1'))
    await using engine = await place.open()

    await engine.repairCollection('ns_one_g1', spec)

    assert.deepEqual(await readdir(join(place.folder, 'broken')), ['ns_one_g1'])
    await engine.dropCollection('ns_one_g1')
    assert.deepEqual(await readdir(join(place.folder, 'broken')), [])
  })

  test('makes an empty collection of one whose every part is lost', async () => {
    await using place = await makePlace()
    await rm(place.shard('ns_one_g1'), { recursive: true })
    await using engine = await place.open()

    const report = await engine.repairCollection('ns_one_g1', spec)

    assert.equal(report.wasBroken, true)
    assert.equal(report.points, 0)
    assert.deepEqual((await engine.describeCollection('ns_one_g1'))?.vectors['a']?.size, 2)
    assert.equal(await engine.count('ns_one_g1', {}), 0)
  })

  test('outlives files that end whoever reads them', async () => {
    await using place = await makePlace()
    await truncateLargest(place.shard('ns_one_g1'))
    await using engine = await place.open()

    const report = await engine.repairCollection('ns_one_g1', spec)

    assert.ok(report.points <= 20)
    assert.equal(await engine.count('ns_one_g1', {}), report.points)
  })

  test('goes on after it was killed with the broken shard set aside', async () => {
    await using place = await makePlace()
    await addDamagedPart(place.shard('ns_one_g1'))
    await mkdir(join(place.folder, 'broken'))
    await rename(place.shard('ns_one_g1'), join(place.folder, 'broken', 'ns_one_g1'))
    await using engine = await place.open()

    const report = await engine.repairCollection('ns_one_g1', spec)

    assert.equal(report.points, 20)
    assert.equal(await engine.count('ns_one_g1', {}), 20)
  })
})

/** Two collections of 20 points, closed in order, in a folder that goes with the place. */
async function makePlace() {
  const folder = await mkdtemp(join(tmpdir(), 'nacre-broken-'))
  const open = (): Promise<VectorEngine> =>
    openQdrantEdge({ folder, config: readConfig({}), log: silentLogger })
  {
    await using engine = await open()
    for (const name of ['ns_one_g1', 'ns_two_g1']) {
      await engine.createCollection(name, spec)
      await engine.write(name, { kind: 'upsert', points: points(1, 20) })
    }
  }
  // What is known of a closed shard answers without it: these tests are about opening.
  for (const name of ['ns_one_g1', 'ns_two_g1'])
    await rm(join(folder, 'collections', name, 'summary.json'))
  return {
    folder,
    open,
    shard: (name: string) => join(folder, 'collections', name, 'shard'),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true, maxRetries: 20 }),
  }
}

function points(from: number, count: number): NewPoint[] {
  return Array.from({ length: count }, (_, i) => {
    const n = from + i
    const words = { indices: [n], values: [0.5] }
    return { id: n, payload: { n }, vectors: { a: Float32Array.of(n, 1), words } }
  })
}

/** Beside the part with the points another one that the engine cannot load; answers its name. */
async function addDamagedPart(shard: string): Promise<string> {
  const segments = join(shard, 'segments')
  const [whole = ''] = await readdir(segments)
  const damaged = randomUUID()
  await cp(join(segments, whole), join(segments, damaged), { recursive: true })
  await writeFile(join(segments, damaged, 'segment.json'), '{"version":')
  return damaged
}

/** As a loss of power leaves a file whose length was not on disk yet. */
async function truncateLargest(shard: string): Promise<void> {
  const entries = await readdir(join(shard, 'segments'), { recursive: true, withFileTypes: true })
  const files = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async ({ parentPath, name }) => {
        const path = join(parentPath, name)
        return { path, size: (await stat(path)).size }
      }),
  )
  const [largest] = files.toSorted((a, b) => b.size - a.size)
  if (largest) await truncate(largest.path, 4_096)
}
