import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { scanDocuments } from '../../src/domain/documents/read.ts'
import { undoNamespace } from '../../src/domain/namespaces/create-namespace.ts'
import { findNamespace } from '../../src/domain/namespaces/find-namespace.ts'
import { aliasOf, collectionOf, type Namespace } from '../../src/domain/namespaces/namespace.ts'
import { convergeNamespace } from '../../src/domain/namespaces/recover-namespaces.ts'
import { eraseGenerations } from '../../src/domain/reconfiguration/erase-generations.ts'
import { fillGeneration } from '../../src/domain/reconfiguration/fill-generation.ts'
import { reconfigure } from '../../src/domain/reconfiguration/reconfigure.ts'
import { undoReconfigure } from '../../src/domain/reconfiguration/undo-reconfigure.ts'
import { cancelTask } from '../../src/domain/tasks/cancel-task.ts'
import type { Ports } from '../../src/ports/ports.ts'
import { readNamespaceById } from '../../src/store/namespaces.ts'
import { readBusyReconfiguration, readReconfigurations } from '../../src/store/reconfigurations.ts'
import { everyCrash } from '../support/crash.ts'
import { openFilmNamespace, type FilmNamespace } from '../support/film-namespace.ts'
import { openTestPorts } from '../support/ports.ts'

const request = { confirm: true, dryRun: false, isReprocess: false }
const doNothing = async () => {}

describe('wherever a process dies', { concurrency: true }, () => {
  test('an online reconfigure ends done or not begun, with every document', async () => {
    const points = await crashes(doNothing, (mortal, { namespace }) =>
      reconfigure(mortal, namespace, { ...request, strategy: 'online' }),
    )
    assert.ok(points >= 5, `${points} crash points`)
  })

  test('a recreate ends done or undone, and what nothing can make again is there', async () => {
    const points = await crashes(doNothing, (mortal, { namespace }) =>
      reconfigure(mortal, namespace, { ...request, strategy: 'recreate' }),
    )
    assert.ok(points > 10, `${points} crash points`)
  })

  test('the beginning of a reprocess leaves a filling that ends, or nothing', async () => {
    const points = await crashes(doNothing, (mortal, { namespace }) =>
      reconfigure(mortal, namespace, { ...request, strategy: 'recreate', isReprocess: true }),
    )
    assert.ok(points >= 4, `${points} crash points`)
  })

  test('a filling goes on where it was, and loses and doubles nothing', async () => {
    const points = await crashes(filling, (mortal, { namespace }) => fill(mortal, namespace.id))
    assert.ok(points > 12, `${points} crash points`)
  })

  test('a filling that is cancelled goes on, or is taken away', async () => {
    const points = await crashes(filling, async (mortal, { namespace }) => {
      const busy = await readBusyReconfiguration(mortal.db, namespace.id)
      await cancelTask(mortal, namespace.organizationId, busy?.taskId ?? '')
    })
    assert.ok(points >= 3, `${points} crash points`)
  })

  test('an undo ends done or not begun, with the documents of the one or the other', async () => {
    const points = await crashes(recreated, (mortal, { namespace }) =>
      undoReconfigure(mortal, namespace, { discardWrites: false }),
    )
    assert.ok(points >= 4, `${points} crash points`)
  })

  test('the end of a retention leaves the live generation alone, and erases the other', async () => {
    const points = await crashes(recreated, (mortal, { namespace }) =>
      eraseGenerations(inTwoDays(mortal), namespace.id),
    )
    assert.ok(points >= 4, `${points} crash points`)
  })
})

async function recreated(ports: Ports, { namespace }: FilmNamespace): Promise<void> {
  await reconfigure(ports, namespace, { ...request, strategy: 'recreate' })
}

async function filling(ports: Ports, { namespace }: FilmNamespace): Promise<void> {
  await reconfigure(ports, namespace, { ...request, strategy: 'recreate', isReprocess: true })
}

/** As the worker does: one job after the other. */
async function fill(ports: Ports, namespaceId: string): Promise<void> {
  for (;;) {
    const busy = await readBusyReconfiguration(ports.db, namespaceId)
    if (busy?.state !== 'filling') return
    await fillGeneration(ports, busy.id, new AbortController().signal)
  }
}

/** Answers the number of crash points. Each test has a database of its own: a crash lets every lease in it run out. */
async function crashes(
  prepare: (ports: Ports, films: FilmNamespace) => Promise<void>,
  scenario: (mortal: Ports, films: FilmNamespace) => Promise<unknown>,
): Promise<number> {
  await using ports = await openTestPorts()
  const open = async () => {
    const state = await openFilmNamespace(ports, { extracted: 2, byHand: 2 })
    await state.deploy('plugin', [{ name: 'hash', dimensions: 4 }])
    await prepare(ports, state)
    return { ports, state }
  }
  return await everyCrash(open, scenario, async (second, films) => {
    await assertWhole(second, films)
    await convergeNamespace(second, films.namespace.id)
    await fill(second, films.namespace.id)
    await assertSettled(second, films)
    await eraseGenerations(inTwoDays(second), films.namespace.id)
    // Marked first, and erased once no read can be under way.
    await eraseGenerations(inTwoDays(second), films.namespace.id)
    const live = await assertSettled(second, films)
    assert.deepEqual(await collectionsOf(second, live), [collectionOf(live)])
    await reconfigure(second, live, { ...request, strategy: 'online' })
    await undoNamespace(second, live)
  })
}

/** What a reader meets before anything was recovered: one schema, whole. */
async function assertWhole(ports: Ports, films: FilmNamespace): Promise<Namespace> {
  const { organizationId, id } = films.namespace
  const namespace = await findNamespace(ports, organizationId, id)
  const ids = await idsIn(ports, namespace)
  const { byHand, extracted } = films
  const everything = [...byHand, ...extracted].toSorted()
  const isRecreated = namespace.generation > films.namespace.generation
  // A reprocess has everything again, whichever generation it is in.
  const isOneOf = isRecreated && ids.length < everything.length ? byHand : everything
  assert.deepEqual(ids, isOneOf)
  const there = await ports.vectors.describeCollection(collectionOf(namespace))
  const missing = Object.keys(namespace.vectors).filter((name) => !there?.vectors[name])
  assert.deepEqual(missing, [], 'every vector of the row is in the engine')
  return namespace
}

async function assertSettled(ports: Ports, films: FilmNamespace): Promise<Namespace> {
  const live = await assertWhole(ports, films)
  assert.deepEqual((await readNamespaceById(ports.db, live.id))?.generation, live.generation)
  const aliases = await ports.vectors.listAliases()
  assert.equal(aliases[aliasOf(live)], collectionOf(live))
  const there = await ports.vectors.describeCollection(collectionOf(live))
  assert.deepEqual(
    Object.keys(there?.vectors ?? {}).toSorted(),
    Object.keys(live.vectors).toSorted(),
  )
  const built = live.payloadIndexes.filter(({ state }) => state === 'active')
  assert.deepEqual(
    Object.keys(there?.payload_schema ?? {}).toSorted(),
    built.map(({ path }) => path).toSorted(),
  )
  const rows = await readReconfigurations(ports.db, live.id)
  const states = new Set(rows.map(({ state }) => state))
  const ended = new Set([
    'done',
    'retained',
    'erasing',
    'erased',
    'discarding',
    'undone',
    'cancelled',
  ])
  assert.ok(states.isSubsetOf(ended), [...states].join(', '))
  return live
}

async function idsIn(ports: Ports, namespace: Namespace): Promise<string[]> {
  const ids: string[] = []
  const scan = { filter: null, select: [], withVectors: false }
  for await (const page of scanDocuments(ports, namespace, { collectionIds: null }, scan))
    ids.push(...page.map(({ pointId }) => pointId))
  return ids.toSorted()
}

async function collectionsOf(ports: Ports, { id }: Namespace): Promise<string[]> {
  return (await ports.vectors.listCollections()).filter((name) => name.startsWith(`${id}_g`))
}

function inTwoDays(ports: Ports): Ports {
  return { ...ports, now: () => new Date(Date.now() + 2 * 86_400_000) }
}
