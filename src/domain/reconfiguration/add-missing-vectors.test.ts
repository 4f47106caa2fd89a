import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Ports } from '../../ports/ports.ts'
import { EngineRejection } from '../../ports/vector-engine.ts'
import { readNamespaceById } from '../../store/namespaces.ts'
import { readReconfigurations, takeReconfiguration } from '../../store/reconfigurations.ts'
import { openTestPorts } from '../../../test/support/ports.ts'
import { adminOf } from '../../../test/support/principal.ts'
import { isFailure } from '../failure.ts'
import { createNamespace } from '../namespaces/create-namespace.ts'
import { collectionOf, type Namespace, type VectorDefinition } from '../namespaces/namespace.ts'
import { NewNamespace } from '../namespaces/namespace-request.ts'
import { addMissingVectors, finishAdding } from './add-missing-vectors.ts'
import { unsettledStates, type Reconfiguration } from './reconfiguration.ts'

describe('addMissingVectors()', () => {
  let ports: Ports & AsyncDisposable
  let made = 0
  before(async () => {
    ports = await openTestPorts()
  })
  after(() => ports[Symbol.asyncDispose]())

  test('adds what is missing to the live collection, and says what there is', async () => {
    const namespace = await newNamespace()

    const result = await addMissingVectors(ports, namespace, schema(['first', 4], ['own', 3]))

    assert.deepEqual(result, { added: ['first'], total: ['own', 'first'] })
    const now = await readNamespaceById(ports.db, namespace.id)
    assert.deepEqual(Object.keys(now?.vectors ?? {}), ['own', 'first'])
    assert.equal(now?.generation, namespace.generation)
    assert.deepEqual(await inEngine(namespace), { first: 4, own: 3 })
  })

  test('a second call writes nothing, neither in the engine nor in the database', async () => {
    const namespace = await newNamespace()
    await addMissingVectors(ports, namespace, schema(['first', 4]))
    const before = await readNamespaceById(ports.db, namespace.id)
    const refusing = refuseCalls(ports)

    const result = await addMissingVectors(refusing, namespace, schema(['first', 4]))

    assert.deepEqual(result, { added: [], total: ['own', 'first'] })
    assert.deepEqual(await readNamespaceById(ports.db, namespace.id), before)
    assert.equal((await rows(namespace)).length, 1)
  })

  test('refuses a vector that is there in another shape, before anything is changed', async () => {
    const namespace = await newNamespace()

    await assert.rejects(
      addMissingVectors(ports, namespace, schema(['first', 4], ['own', 8])),
      (error) => isFailure(error, 'conflict') && /'own' is 3-d cosine .* 8-d/.test(error.message),
    )
    assert.deepEqual(await inEngine(namespace), { own: 3 })
    assert.deepEqual(await rows(namespace), [])
  })

  test('what the engine refuses is taken back whole, and the next call may go on', async () => {
    const namespace = await newNamespace()
    const refusing = refuse(ports, 'second')

    await assert.rejects(
      addMissingVectors(refusing, namespace, schema(['first', 4], ['second', 4])),
      (error) => isFailure(error, 'conflict') && /no more/.test(error.message),
    )

    assert.deepEqual(await inEngine(namespace), { own: 3 })
    assert.deepEqual(
      (await rows(namespace)).map(({ state, error }) => [state, error]),
      [['cancelled', 'no more']],
    )
    await addMissingVectors(ports, namespace, schema(['second', 4]))
    assert.deepEqual(await inEngine(namespace), { own: 3, second: 4 })
  })

  test('of two at once on one namespace each has its vectors, or was told of the other', async () => {
    const namespace = await newNamespace()

    const results = await Promise.allSettled(
      ['a', 'b', 'c'].map((name) => addMissingVectors(ports, namespace, schema([name, 4]))),
    )

    const added = ['a', 'b', 'c'].filter((_, i) => results[i]?.status === 'fulfilled')
    for (const result of results) {
      if (result.status === 'rejected')
        assert.match(result.reason.message, /Reconfigure rcf_\w+ of this namespace is under way/)
    }
    assert.ok(added.length > 0)
    assert.deepEqual(Object.keys(await inEngine(namespace)).toSorted(), [...added, 'own'])
  })

  test('where another process begins to end it meanwhile, each of them ends it', async () => {
    const namespace = await newNamespace()
    const taken: Reconfiguration[] = []
    const overtaken = withEngine(ports, async (key) => {
      if (key !== 'createVector') return
      const [row] = await rows(namespace)
      const one = row && (await takeReconfiguration(ports.db, row.id, unsettledStates))
      if (one) taken.push(one)
    })

    const result = await addMissingVectors(overtaken, namespace, schema(['first', 4]))

    assert.deepEqual(result.added, ['first'])
    assert.deepEqual(
      (await rows(namespace)).map(({ state }) => state),
      ['done'],
    )
    const now = await readNamespaceById(ports.db, namespace.id)
    assert.deepEqual(Object.keys(now?.vectors ?? {}), ['own', 'first'])
    // The other, which was slower, finds it done.
    assert.equal(taken.length, 1)
    for (const one of taken) await finishAdding(ports, one)
    assert.deepEqual(await readNamespaceById(ports.db, namespace.id), now)
  })

  test('a namespace that is not there is not found', async () => {
    await assert.rejects(
      addMissingVectors(ports, { id: 'ns_absent' }, schema(['first', 4])),
      (error) => isFailure(error, 'not_found'),
    )
  })

  async function newNamespace(): Promise<Namespace> {
    const vectors = { own: { dimensions: 3 } }
    const request = NewNamespace.parse({ name: `films ${made++}`, vectors })
    return await createNamespace(ports, await adminOf(ports), request)
  }

  async function inEngine(namespace: Namespace): Promise<Record<string, number>> {
    const there = await ports.vectors.describeCollection(collectionOf(namespace))
    return Object.fromEntries(
      Object.entries(there?.vectors ?? {})
        .map(([name, { size }]) => [name, size] as const)
        .toSorted(([a], [b]) => a.localeCompare(b)),
    )
  }

  function rows({ id }: Namespace) {
    return readReconfigurations(ports.db, id, { limit: 10 })
  }
})

/** The real ports, but for an engine that refuses one vector. */
function refuse(ports: Ports, name: string): Ports {
  return withEngine(ports, (key, args) => {
    if (key === 'createVector' && args[1] === name) throw new EngineRejection('no more')
  })
}

function refuseCalls(ports: Ports): Ports {
  return withEngine(ports, (key) => {
    throw new Error(`the engine was called: ${key}`)
  })
}

function withEngine(
  ports: Ports,
  look: (key: string, args: unknown[]) => void | Promise<void>,
): Ports {
  const vectors = new Proxy(ports.vectors, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key)
      if (typeof member !== 'function' || typeof key === 'symbol') return member
      return async (...args: unknown[]) => {
        await look(key, args)
        return await Reflect.apply(member, target, args)
      }
    },
  })
  return { ...ports, vectors }
}

function schema(...vectors: [string, number][]): Record<string, VectorDefinition> {
  return Object.fromEntries(
    vectors.map(([name, dimensions]) => [
      name,
      {
        name,
        description: name,
        type: 'dense',
        dimensions,
        distance: 'cosine',
        inferenceName: name === 'own' ? null : name,
        extractorId: name === 'own' ? null : 'plugin_1_0_0',
        featureUri: name,
      },
    ]),
  )
}
