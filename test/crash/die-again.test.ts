import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { countDocuments } from '../../src/domain/documents/read.ts'
import { undoNamespace } from '../../src/domain/namespaces/create-namespace.ts'
import { aliasOf, collectionOf } from '../../src/domain/namespaces/namespace.ts'
import { convergeNamespace } from '../../src/domain/namespaces/recover-namespaces.ts'
import { reconfigure } from '../../src/domain/reconfiguration/reconfigure.ts'
import { unsettledStates } from '../../src/domain/reconfiguration/reconfiguration.ts'
import type { Ports } from '../../src/ports/ports.ts'
import { readReconfigurations } from '../../src/store/reconfigurations.ts'
import { crashAt, everyCrash } from '../support/crash.ts'
import { openFilmNamespace, type FilmNamespace } from '../support/film-namespace.ts'
import { builtIndexes, currently, patch } from '../support/hot-namespace.ts'
import { openTestPorts } from '../support/ports.ts'

describe('a start that dies while it recovers is itself recovered, wherever it died', () => {
  test('from a change of payload indexes', async () => {
    // Declared, and the first of them built.
    assert.ok((await crashesAfter(changeIndexes, 2)) >= 3)
  })

  test('from a reconfigure that has built its generation', async () => {
    assert.ok((await crashesAfter(recreate, 5)) >= 3)
  })

  test('from a reconfigure that goes forward', async () => {
    assert.ok((await crashesAfter(recreate, 8)) >= 3)
  })
})

/** Answers how often the second process died of those that began with what the first left after so many effects. */
async function crashesAfter(
  work: (ports: Ports, films: FilmNamespace) => Promise<void>,
  effects: number,
): Promise<number> {
  await using ports = await openTestPorts()
  const open = async () => {
    const films = await openFilmNamespace(ports, { extracted: 1, byHand: 2 })
    await films.deploy('plugin', [{ name: 'hash', dimensions: 4 }])
    const at = { call: effects - 1, when: 'after' } as const
    const { died } = await crashAt(ports, at, (mortal) => work(mortal, films), 'effects')
    assert.ok(died, `it has fewer than ${effects} effects`)
    return { ports, state: films }
  }
  return await everyCrash(
    open,
    (mortal, { namespace }) => convergeNamespace(mortal, namespace.id),
    async (second, films) => {
      await convergeNamespace(second, films.namespace.id)

      await isWhole(second, films)
    },
  )
}

async function changeIndexes(ports: Ports, { namespace }: FilmNamespace): Promise<void> {
  await patch(ports, namespace.id, {
    payload_indexes: [
      { field_name: 'year', type: 'float' },
      { field_name: 'title', type: 'text' },
    ],
  })
}

async function recreate(ports: Ports, { namespace }: FilmNamespace): Promise<void> {
  const request = { confirm: true, dryRun: false, isReprocess: false } as const
  await reconfigure(ports, namespace, { ...request, strategy: 'recreate' })
}

/** One schema, in the row as in the engine, and nothing half-done. */
async function isWhole(ports: Ports, { namespace: before, byHand }: FilmNamespace): Promise<void> {
  const live = await currently(ports, before.id)
  assert.equal((await ports.vectors.listAliases())[aliasOf(live)], collectionOf(live))
  const there = await ports.vectors.describeCollection(collectionOf(live))
  assert.deepEqual(
    Object.keys(there?.vectors ?? {}).toSorted(),
    Object.keys(live.vectors).toSorted(),
  )
  const declared = live.payloadIndexes.filter(({ origin }) => origin === 'user')
  assert.ok(declared.every(({ state }) => state === 'active'))
  assert.deepEqual(
    await builtIndexes(ports, live),
    Object.fromEntries(declared.map(({ path, schema }) => [path, schema.type])),
  )
  assert.ok((await countDocuments(ports, live, { collectionIds: null }, null)) >= byHand.length)
  const states = unsettledStates
  assert.deepEqual(await readReconfigurations(ports.db, live.id, { states }), [])
  // Many open shards make each further one slower.
  await undoNamespace(ports, live)
}
