import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Ports } from '../../ports/ports.ts'
import { readNamespaceById } from '../../store/namespaces.ts'
import { openFilmNamespace, type FilmNamespace } from '../../../test/support/film-namespace.ts'
import { openTestPorts } from '../../../test/support/ports.ts'
import { scanDocuments } from '../documents/read.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { eraseGenerations } from './erase-generations.ts'
import { reconfigure } from './reconfigure.ts'
import { undoReconfigure } from './undo-reconfigure.ts'

const request = { confirm: true, dryRun: false, isReprocess: false }

describe('reconfigure()', () => {
  let ports: Ports & AsyncDisposable
  before(async () => {
    ports = await openTestPorts()
  })
  after(() => ports[Symbol.asyncDispose]())

  for (const strategy of ['recreate', 'online'] as const) {
    test(`${strategy} without need writes nothing, neither in the engine nor in the database`, async () => {
      const films = await openFilmNamespace(ports, { extracted: 2, byHand: 2 })
      await films.deploy('plugin', [{ name: 'hash', dimensions: 4 }])
      await reconfigure(ports, films.namespace, { ...request, strategy })
      const namespace = await live(films)

      const again = await readingOnly(ports, (reader) =>
        reconfigure(reader, namespace, { ...request, strategy }),
      )

      assert.equal(again.isChanged, false)
      assert.deepEqual(await live(films), namespace)
    })

    test(`a dry run of ${strategy} writes nothing, and plans the same each time`, async () => {
      const films = await openFilmNamespace(ports, { extracted: 3, byHand: 1 })
      await films.deploy('plugin', [{ name: 'hash', dimensions: 4 }])
      const dry = { ...request, strategy, dryRun: true, confirm: undefined }

      const [first, second] = [
        await readingOnly(ports, (reader) => reconfigure(reader, films.namespace, dry)),
        await readingOnly(ports, (reader) => reconfigure(reader, films.namespace, dry)),
      ]

      assert.deepEqual(first, second)
      assert.deepEqual(first.plan.vectors.added, ['hash'])
    })
  }

  test('a new generation has the settings of the graph, and the indexes of every origin, before it answers', async () => {
    const films = await openFilmNamespace(ports, { extracted: 1, byHand: 1 })
    const { namespace } = films
    await ports.vectors.setHnsw(`${namespace.id}_g1`, { payload_m: 8 })
    await films.deploy('plugin', [{ name: 'hash', dimensions: 4 }])
    const before = await ports.vectors.describeCollection(`${namespace.id}_g1`)

    await reconfigure(ports, namespace, { ...request, strategy: 'recreate' })

    const there = await ports.vectors.describeCollection(`${namespace.id}_g2`)
    assert.deepEqual(there?.payload_schema, before?.payload_schema)
    assert.equal(there?.hnsw_config?.payload_m, 8)
    assert.equal(there?.hnsw_config?.payload_m, before?.hnsw_config?.payload_m)
  })

  test('only so many earlier generations are kept, and each undo goes back one', async () => {
    const films = await openFilmNamespace(ports, { extracted: 0, byHand: 2 })
    for (const name of ['a', 'b', 'c', 'd']) {
      await films.deploy(`plugin_${name}`, [{ name, dimensions: 4 }])
      await reconfigure(ports, await live(films), { ...request, strategy: 'recreate' })
    }

    const names: string[][] = []
    for (let i = 0; i < 2; i++) {
      await undoReconfigure(ports, await live(films), { discardWrites: false })
      names.push(Object.keys((await live(films)).vectors).toSorted())
    }

    assert.deepEqual(names, [
      ['a', 'b', 'c', 'own'],
      ['a', 'b', 'own'],
    ])
    await assert.rejects(
      async () => undoReconfigure(ports, await live(films), { discardWrites: false }),
      /There is nothing to undo/,
    )
  })

  test('without retention nothing is kept, and nothing is taken from under a read', async () => {
    const films = await openFilmNamespace(ports, { extracted: 1, byHand: 1 })
    const { id } = films.namespace
    const config = { ...ports.config, reconfigureRetentionMs: 0, requestTimeoutMs: 5_000 }
    const hasty = { ...ports, config }
    await films.deploy('plugin', [{ name: 'hash', dimensions: 4 }])

    await reconfigure(hasty, films.namespace, { ...request, strategy: 'recreate' })
    await eraseGenerations(hasty, id)

    const there = async () =>
      (await ports.vectors.listCollections()).filter((name) => name.startsWith(`${id}_g`))
    assert.deepEqual((await there()).toSorted(), [`${id}_g1`, `${id}_g2`])
    const scan = { filter: null, select: [], withVectors: false }
    for await (const page of scanDocuments(ports, films.namespace, { collectionIds: null }, scan))
      assert.equal(page.length, 2, 'a request that began before still reads the whole of it')
    await assert.rejects(
      async () => undoReconfigure(hasty, await live(films), { discardWrites: false }),
      /kept no earlier generation \(RECONFIGURE_RETENTION is 0\)/,
    )
    const later = () => new Date(Date.now() + 6_000)
    await eraseGenerations({ ...hasty, now: later }, id)
    assert.deepEqual(await there(), [`${id}_g2`])
  })

  async function live({ namespace }: FilmNamespace): Promise<Namespace> {
    const now = await readNamespaceById(ports.db, namespace.id)
    assert.ok(now)
    return now
  }
})

/** A database in which a write is an error, an engine without calls that write, and neither leases nor jobs. */
async function readingOnly<T>(ports: Ports, work: (reader: Ports) => Promise<T>): Promise<T> {
  const reads = new Set(['describeCollection', 'query', 'scroll', 'retrieve', 'count', 'kind'])
  return await ports.db
    .transaction()
    .setAccessMode('read only')
    .execute((db) =>
      work({
        ...ports,
        db,
        vectors: only(ports.vectors, reads),
        leases: only(ports.leases, new Set()),
        queue: only(ports.queue, new Set()),
      }),
    )
}

function only<P extends object>(port: P, allowed: ReadonlySet<string>): P {
  return new Proxy(port, {
    get(target, key) {
      assert.ok(typeof key === 'symbol' || allowed.has(key), `${String(key)} is no read`)
      const member: unknown = Reflect.get(target, key)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}
