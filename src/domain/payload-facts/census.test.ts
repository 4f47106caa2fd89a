import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { openTestPorts } from '../../../test/support/ports.ts'
import { adminOf } from '../../../test/support/principal.ts'
import { leafOf, openWrittenNamespace } from '../../../test/support/written-namespace.ts'
import type { Ports } from '../../ports/ports.ts'
import { readIndexEvents } from '../../store/index-decisions.ts'
import { readFacts } from '../../store/payload-facts.ts'
import { countDocuments } from '../documents/read.ts'
import { NamespacePatch } from '../namespaces/namespace-request.ts'
import { patchNamespace } from '../namespaces/patch-namespace.ts'
import { takeCensus } from './census.ts'
import { guardPath, releasePath } from './guard-path.ts'

const integer = { type: 'integer' } as const

describe('takeCensus()', () => {
  let ports: Ports & AsyncDisposable

  before(async () => {
    ports = await openTestPorts()
  })
  after(async () => await ports[Symbol.asyncDispose]())

  test('counts documents by kind, lists, different values and bytes, with examples', async () => {
    const values = [1, 2, 2, 5.5, 'x', [3, 4], null, [], { lon: 1, lat: 2 }, '2024-01-01']
    const { namespace } = await openWrittenNamespace(ports, { fields: values.map((n) => ({ n })) })
    await guarded(
      namespace.id,
      async (lease) => await guardPath(ports, namespace, 'n', null, lease),
    )

    const census = await takeCensus(ports, namespace, 'n', { schema: null })

    const { kinds, durationMs: _, takenAt: __, ...rest } = census
    assert.deepEqual(
      Object.fromEntries(Object.entries(kinds).map(([kind, { documents }]) => [kind, documents])),
      { integer: 4, fraction: 1, text: 1, geo: 1, date: 1 },
    )
    assert.deepEqual(kinds.fraction?.examples, ['5.5'])
    assert.deepEqual(rest, {
      path: 'n',
      documents: 10,
      withValue: 8,
      lists: 1,
      distinct: 8,
      valueBytes: Buffer.byteLength('1225.5"x"34{"lon":1,"lat":2}"2024-01-01"'),
      unheld: 0,
      unheldExamples: [],
      exceptions: [],
      isOverflown: false,
    })
  })

  test('makes exceptions few again, while every answer stays right', async () => {
    const fields = Array.from({ length: 20 }, (_, n) => ({ n }))
    const written = await openWrittenNamespace(ports, { fields })
    const { namespace, pointIds } = written
    await declare(namespace.id)
    const above = () =>
      countDocuments(ports, namespace, { collectionIds: null }, leafOf('n', 'gt', 10))
    assert.equal(await above(), 9)

    await written.write([{ n: 10.5 }, { n: 11.5 }], pointIds)
    assert.equal(await above(), 11)
    await written.write([{ n: 0 }], pointIds)
    assert.equal(await above(), 10)
    assert.equal((await exceptionsOf(namespace.id)).size, 2)

    await takeCensus(ports, namespace, 'n', { schema: integer })

    assert.deepEqual([...(await exceptionsOf(namespace.id))], [pointIds[1]])
    assert.equal(await above(), 10)
  })

  test('is told in the ledger of what came after it', async () => {
    const written = await openWrittenNamespace(ports, { fields: [{ n: 1 }] })
    const { namespace } = written
    await declare(namespace.id)

    await written.write([{ n: 0.5 }, { n: 'x' }])

    const events = await readIndexEvents(ports.db, namespace.id, { limit: 10 })
    const actions = events.map(({ kind, path, detail }) => ({ kind, path, ...detail }))
    const action = { action: 'exception', type: 'integer', exceptions: 2 }
    assert.deepEqual(actions, [{ kind: 'guard', path: 'n', ...action }])
  })

  test('leaves nothing behind of a path that is released', async () => {
    const { namespace } = await openWrittenNamespace(ports, { fields: [{ n: 1.5 }] })
    await guarded(namespace.id, (lease) => guardPath(ports, namespace, 'n', integer, lease))
    await takeCensus(ports, namespace, 'n', { schema: integer })
    assert.equal((await exceptionsOf(namespace.id)).size, 1)

    await guarded(namespace.id, (lease) => releasePath(ports, namespace, 'n', lease))

    const { paths } = await readFacts(ports.db, namespace.id)
    assert.deepEqual(
      paths.filter(({ path }) => path === 'n'),
      [],
    )
  })

  async function declare(id: string): Promise<void> {
    const patch = NamespacePatch.parse({ payload_indexes: [{ field_name: 'n', type: 'integer' }] })
    await patchNamespace(ports, await adminOf(ports), id, patch)
  }

  async function guarded(
    id: string,
    work: Parameters<Ports['leases']['exclusive']>[2],
  ): Promise<void> {
    await ports.leases.exclusive(id, 'testing', work)
  }

  async function exceptionsOf(id: string): Promise<ReadonlySet<string>> {
    const { paths } = await readFacts(ports.db, id)
    return paths.find(({ isKnown }) => isKnown)?.exceptions ?? new Set()
  }
})
