import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { fronted } from '../../../test/support/fronted.ts'
import { openTestPorts } from '../../../test/support/ports.ts'
import { adminOf } from '../../../test/support/principal.ts'
import type { Ports } from '../../ports/ports.ts'
import { EngineRejection, type VectorEngine } from '../../ports/vector-engine.ts'
import { fail, isFailure } from '../failure.ts'
import type { Principal } from '../organizations/principal.ts'
import { findTask } from '../tasks/find-task.ts'
import { createNamespace } from './create-namespace.ts'
import { findNamespace } from './find-namespace.ts'
import type { Namespace } from './namespace.ts'
import { NamespacePatch, NewNamespace } from './namespace-request.ts'
import { patchNamespace } from './patch-namespace.ts'
import { convergeNamespace } from './recover-namespaces.ts'

let ports: Ports & AsyncDisposable
let admin: Principal

describe('patchNamespace() where the engine', () => {
  before(async () => {
    ports = await openTestPorts()
    admin = await adminOf(ports)
  })
  after(async () => {
    await ports[Symbol.asyncDispose]()
  })

  test('refuses an index restores the earlier declaration in engine and rows, and says so', async () => {
    const namespace = await films('refused')
    const refusing = withEngine({
      createPayloadIndex: async (collection, field, schema) => {
        if (field === 'created') throw new EngineRejection('no room for another index')
        await ports.vectors.createPayloadIndex(collection, field, schema)
      },
    })

    await assert.rejects(
      patchNamespace(refusing, admin, namespace.id, everything),
      (error) =>
        isFailure(error, 'conflict') && /earlier declaration stands: .*no room/.test(error.message),
    )

    const found = await findNamespace(ports, admin.organizationId, namespace.id)
    assert.equal(found.description, null)
    assert.equal(found.name, 'refused')
    assert.deepEqual(found.updatedAt, namespace.updatedAt)
    assert.deepEqual(customOf(found), { changed: 'keyword active', dropped: 'float active' })
    assert.deepEqual(await builtOf(found), { changed: 'keyword', dropped: 'float' })
    const changed = found.payloadIndexes.find(({ path }) => path === 'changed')
    assert.equal(changed?.error, 'no room for another index')
  })

  test('refuses an index leaves alone what another request has changed meanwhile', async () => {
    const namespace = await films('overtaken')
    const refusing = withEngine({
      createPayloadIndex: async (collection, field, schema) => {
        if (field === 'created') {
          const rename = NamespacePatch.parse({ namespace_name: 'renamed', description: 'later' })
          await patchNamespace(ports, admin, namespace.id, rename)
          throw new EngineRejection('no room for another index')
        }
        await ports.vectors.createPayloadIndex(collection, field, schema)
      },
    })

    const patch = { ...everything, auto_create_indexes: true }
    await assert.rejects(patchNamespace(refusing, admin, namespace.id, patch))

    const found = await findNamespace(ports, admin.organizationId, namespace.id)
    assert.deepEqual([found.name, found.description], ['renamed', 'later'])
    assert.equal(found.autoCreateIndexes, false)
    assert.ok(found.updatedAt > namespace.updatedAt)
  })

  test('goes away in the middle restores the declaration, and the engine follows when it is back', async () => {
    const namespace = await films('away')
    let isAway = false
    const away = async (): Promise<never> => {
      isAway = true
      throw fail('engine_unavailable', { engine: 'Qdrant', reason: 'connection refused' })
    }
    const fleeting = withEngine({
      createPayloadIndex: async (collection, field, schema) => {
        if (field === 'created' || isAway) await away()
        await ports.vectors.createPayloadIndex(collection, field, schema)
      },
      dropPayloadIndex: (collection, field) =>
        isAway ? away() : ports.vectors.dropPayloadIndex(collection, field),
      describeCollection: (name) => (isAway ? away() : ports.vectors.describeCollection(name)),
    })

    await assert.rejects(
      patchNamespace(fleeting, admin, namespace.id, everything),
      (error) => isFailure(error, 'engine_unavailable') && /were not changed/.test(error.message),
    )
    await convergeNamespace(ports, namespace.id)

    const found = await findNamespace(ports, admin.organizationId, namespace.id)
    assert.deepEqual(customOf(found), { changed: 'keyword active', dropped: 'float active' })
    assert.deepEqual(await builtOf(found), { changed: 'keyword', dropped: 'float' })
  })

  test('builds longer than the wait answers with the index building and a task that ends with it', async () => {
    const namespace = await films('slow')
    const build = Promise.withResolvers<void>()
    const slow: Ports = {
      ...withEngine({
        createPayloadIndex: async (collection, field, schema) => {
          if (field === 'created') await build.promise
          await ports.vectors.createPayloadIndex(collection, field, schema)
        },
      }),
      config: { ...ports.config, indexWaitMs: 50 },
    }

    const { namespace: meanwhile, taskId } = await patchNamespace(
      slow,
      admin,
      namespace.id,
      everything,
    )

    assert.ok(taskId)
    assert.match(customOf(meanwhile)['created'] ?? '', /^text (pending|building)$/)
    assert.equal(meanwhile.description, 'patched')
    assert.equal((await findTask(ports, admin.organizationId, taskId)).status, 'PROCESSING')
    build.resolve()
    await until(
      async () => (await findTask(ports, admin.organizationId, taskId)).status === 'COMPLETED',
    )
    const found = await findNamespace(ports, admin.organizationId, namespace.id)
    assert.deepEqual(customOf(found), { changed: 'integer active', created: 'text active' })
    assert.deepEqual(await builtOf(found), { changed: 'integer', created: 'text' })
  })

  test('refuses a slow build after the answer: the old indexes are back, and task and index say why', async () => {
    const namespace = await films('slow-refused')
    const build = Promise.withResolvers<void>()
    const slow: Ports = {
      ...withEngine({
        createPayloadIndex: async (collection, field, schema) => {
          if (field === 'created') {
            await build.promise
            throw new EngineRejection('out of memory')
          }
          await ports.vectors.createPayloadIndex(collection, field, schema)
        },
      }),
      config: { ...ports.config, indexWaitMs: 50 },
    }

    const { taskId } = await patchNamespace(slow, admin, namespace.id, everything)
    build.resolve()

    assert.ok(taskId)
    await until(
      async () => (await findTask(ports, admin.organizationId, taskId)).status === 'FAILED',
    )
    assert.match((await findTask(ports, admin.organizationId, taskId)).error ?? '', /out of memory/)
    const found = await findNamespace(ports, admin.organizationId, namespace.id)
    assert.deepEqual(customOf(found), { changed: 'keyword active', dropped: 'float active' })
    assert.deepEqual(await builtOf(found), { changed: 'keyword', dropped: 'float' })
  })

  test('makes a second PATCH wait for the first', async () => {
    const namespace = await films('both')

    await Promise.all([
      patchNamespace(ports, admin, namespace.id, indexes('a')),
      patchNamespace(ports, admin, namespace.id, indexes('b')),
    ])

    const found = await findNamespace(ports, admin.organizationId, namespace.id)
    assert.equal(Object.keys(customOf(found)).length, 1)
    assert.deepEqual(Object.keys(await builtOf(found)), Object.keys(customOf(found)))
  })
})

const everything = NamespacePatch.parse({
  description: 'patched',
  payload_indexes: [
    { field_name: 'changed', type: 'integer' },
    { field_name: 'created', type: 'text' },
  ],
})

function indexes(field_name: string): NamespacePatch {
  return NamespacePatch.parse({ payload_indexes: [{ field_name, type: 'keyword' }] })
}

function films(namespace_name: string): Promise<Namespace> {
  const payload_indexes = [
    { field_name: 'changed', type: 'keyword' },
    { field_name: 'dropped', type: 'float' },
  ]
  return createNamespace(ports, admin, NewNamespace.parse({ namespace_name, payload_indexes }))
}

/** The real engine, but for some of its answers. */
function withEngine(answers: Partial<VectorEngine>): Ports {
  return { ...ports, vectors: fronted(ports.vectors, answers) }
}

function customOf({ payloadIndexes }: Namespace): Record<string, string> {
  const custom = payloadIndexes.filter(({ origin }) => origin === 'user')
  return sorted(custom.map(({ path, schema, state }) => [path, `${schema.type} ${state}`]))
}

async function builtOf({ id }: Namespace): Promise<Record<string, string>> {
  const there = await ports.vectors.describeCollection(id)
  const custom = Object.entries(there?.payload_schema ?? {}).filter(
    ([path]) => !path.startsWith('_internal'),
  )
  return sorted(custom.map(([path, schema]) => [path, schema.type]))
}

function sorted(pairs: [string, string][]): Record<string, string> {
  return Object.fromEntries(pairs.toSorted(([a], [b]) => a.localeCompare(b)))
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000
  while (!(await holds())) {
    assert.ok(performance.now() < deadline, 'it came true in time')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
