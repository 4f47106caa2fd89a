import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { sql } from 'kysely'
import { openTestPorts } from '../../../test/support/ports.ts'
import { adminOf } from '../../../test/support/principal.ts'
import type { Ports } from '../../ports/ports.ts'
import { openDatabase } from '../../store/database.ts'
import {
  readFieldUsage,
  readSamples,
  readShapeUsage,
  readSlowReads,
} from '../../store/query-usage.ts'
import { parseFilter } from '../filters/parse-filter.ts'
import { createNamespace } from '../namespaces/create-namespace.ts'
import { deleteNamespace, finishDeletion } from '../namespaces/delete-namespace.ts'
import { NewNamespace } from '../namespaces/namespace-request.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { patchNamespace } from '../namespaces/patch-namespace.ts'
import { flushUsage } from './flush-usage.ts'
import { quantileOf } from './histogram.ts'
import { recordRead, type AnsweredRead } from './record-read.ts'
import { removeStaleUsage } from './sweep-usage.ts'

const dayMs = 86_400_000
const since = () => new Date(Date.now() - dayMs)

describe('recordRead()', () => {
  let ports: Ports & AsyncDisposable
  before(async () => void (ports = await openTestPorts()))
  after(() => ports[Symbol.asyncDispose]())

  test('fields and shapes are counted with operators, kinds, uses and durations', async () => {
    const namespace = await newNamespace(ports)
    const filter = {
      AND: [{ 'metadata.brand': 'a' }, { field: 'price', operator: 'gte', value: 5 }],
    }
    for (let i = 1; i <= 99; i++) read(ports, namespace, filter, { durationMs: i })
    read(
      ports,
      namespace,
      { field: 'brand', operator: 'in', value: ['a', 'b'] },
      { durationMs: 1_500, results: 3 },
    )
    await flushUsage(ports)

    const [brand, price, ...others] = await readFieldUsage(ports.db, namespace.id, {
      since: since(),
    })
    assert.ok(brand && price && others.length === 0)
    assert.deepEqual(
      { ...brand, histogram: 0, firstSeen: 0, lastSeen: 0 },
      {
        field: 'brand',
        path: 'brand',
        count: 100,
        countError: 0,
        count24h: 100,
        count7d: 100,
        filtered24h: 100,
        uniqueQueries: 2,
        operators: { eq: 99, in: 1 },
        kinds: { text: 100 },
        uses: { filter: 100, sort: 0, group: 0, facet: 0 },
        totalMs: 4_950 + 1_500,
        maxMs: 1_500,
        histogram: 0,
        slow: 1,
        verySlow: 1,
        firstSeen: 0,
        lastSeen: 0,
      },
    )
    assert.ok(Math.abs(quantileOf(price.histogram, 0.5) / 50 - 1) < 0.1)
    const shapes = await readShapeUsage(ports.db, namespace.id, { since: since(), path: 'price' })
    assert.deepEqual(
      shapes.map(({ shape, count, paths, results }) => ({ shape, count, paths, results })),
      [
        {
          shape: 'list: brand eq text & price gte integer',
          count: 99,
          paths: ['brand', 'price'],
          results: 99 * 7,
        },
      ],
    )
  })

  test('several processes add up', async () => {
    const namespace = await newNamespace(ports)
    await using other = await openDatabase(await urlOf(ports), { connectionsMax: 4 })
    const second = { ...ports, db: other.db }
    for (let i = 0; i < 30; i++) {
      read(ports, namespace, { a: i })
      read(second, namespace, { a: i })
    }
    await Promise.all([flushUsage(ports), flushUsage(second)])
    for (let i = 0; i < 40; i++) read(second, namespace, { a: 'x' })
    await flushUsage(second)

    const [a] = await readFieldUsage(ports.db, namespace.id, { since: since() })
    assert.equal(a?.count, 100)
    assert.deepEqual(a.kinds, { integer: 60, text: 40 })
    assert.equal(
      a.histogram.reduce((sum, one) => sum + one, 0),
      100,
    )
  })

  test('names that PostgreSQL cannot hold spoil nothing', async () => {
    const namespace = await newNamespace(ports)
    for (const name of ['a\u0000b', 'a\ufffdb', '\ud800', 'plain'])
      read(ports, namespace, { [name]: 1 })
    await flushUsage(ports)

    const fields = await readFieldUsage(ports.db, namespace.id, { since: since() })
    assert.deepEqual(
      fields.map(({ path, count }) => [path, count]),
      [
        ['a\ufffdb', 2],
        ['plain', 1],
        ['\ufffd', 1],
      ],
    )
  })

  test('what cannot be written is written the next time', async () => {
    const namespace = await newNamespace(ports)
    await using other = await openDatabase(await urlOf(ports), { connectionsMax: 4 })
    let isBroken = true
    const db = new Proxy(other.db, {
      get: (target, name) => {
        if (isBroken && name === 'transaction') throw new Error('no connection')
        const value: unknown = Reflect.get(target, name, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    const failing = { ...ports, db }
    for (let i = 0; i < 10; i++) read(failing, namespace, { a: i })
    await flushUsage(failing)
    read(failing, namespace, { a: 1 })
    isBroken = false
    await flushUsage(failing)

    const [a] = await readFieldUsage(ports.db, namespace.id, { since: since() })
    assert.equal(a?.count, 11)
  })

  test('slow reads are kept without the values of their filters', async () => {
    const namespace = await newNamespace(ports)
    read(ports, namespace, { name: 'Secret' }, { durationMs: 99 })
    read(ports, namespace, { name: 'Secret' }, { durationMs: 250, retrieverId: 'ret_1' })
    read(ports, namespace, { name: 'Secret' }, { durationMs: 750 })
    await flushUsage(ports)

    const slow = await readSlowReads(ports.db, namespace.id, {
      since: since(),
      minMs: 200,
      limit: 10,
    })
    assert.deepEqual(
      slow.map(({ durationMs, retrieverId, shape, fields }) => [
        durationMs,
        retrieverId,
        shape,
        fields,
      ]),
      [
        [750, null, 'list: name eq text', ['name']],
        [250, 'ret_1', 'list: name eq text', ['name']],
      ],
    )
    assert.ok(!JSON.stringify(slow).includes('Secret'))
  })

  test('crossing the threshold asks for one check, and only where indexes make themselves', async () => {
    const namespace = await newNamespace(ports, { auto_create_indexes: true })
    const manual = await newNamespace(ports)
    const checksBefore = await checksOf(ports, namespace)
    for (let i = 0; i < 100; i++) {
      read(ports, namespace, { a: i })
      read(ports, manual, { a: i })
    }
    await flushUsage(ports)
    assert.equal(await checksOf(ports, namespace), checksBefore)

    read(ports, namespace, { a: 1 })
    read(ports, manual, { a: 1 })
    await flushUsage(ports)
    assert.ok((await checksOf(ports, namespace)) > 0)
    assert.equal(await checksOf(ports, manual), 0)
  })
})

describe('samples of reads', () => {
  let ports: Ports & AsyncDisposable
  before(async () => void (ports = await openTestPorts()))
  after(() => ports[Symbol.asyncDispose]())

  test('values are kept of candidate fields alone, at most 64 a shape, and come back as they were', async () => {
    const namespace = await newNamespace(ports, { auto_create_indexes: true })
    for (let i = 0; i < 200; i++) read(ports, namespace, { hot: `value ${i}\u0000` })
    for (let i = 0; i < 20; i++) read(ports, namespace, { cold: i })
    await flushUsage(ports)
    for (let i = 0; i < 100; i++) read(ports, namespace, { hot: `later ${i}` })
    await flushUsage(ports)

    const samples = await readSamples(ports.db, namespace.id, { limit: 1_000 })
    assert.equal(samples.length, 64)
    assert.ok(samples.every(({ shape }) => shape === 'list: hot eq text'))
    const [newest] = samples
    assert.deepEqual(newest?.filter.kind === 'leaf' && newest.filter.field, 'hot')
    assert.deepEqual(newest?.collectionIds, ['col_1'])
    assert.equal((await readSamples(ports.db, namespace.id, { limit: 9, path: 'cold' })).length, 0)
  })

  test("nothing is kept where indexes do not make themselves, or where the index is a client's own", async () => {
    const manual = await newNamespace(ports)
    const declared = await newNamespace(ports, {
      auto_create_indexes: true,
      payload_indexes: [{ field_name: 'hot', type: 'integer' }],
    })
    for (let i = 0; i < 300; i++) {
      read(ports, manual, { hot: i })
      read(ports, declared, { hot: i })
    }
    await flushUsage(ports)

    for (const { id } of [manual, declared])
      assert.equal((await readSamples(ports.db, id, { limit: 9 })).length, 0)
  })

  test('they go when auto_create_indexes is switched off, and none comes after that', async () => {
    const namespace = await newNamespace(ports, { auto_create_indexes: true })
    for (let i = 0; i < 80; i++) read(ports, namespace, { hot: i })
    await flushUsage(ports)
    assert.ok((await readSamples(ports.db, namespace.id, { limit: 9 })).length > 0)

    // Still in memory when it is switched off, under a namespace as it was before.
    for (let i = 0; i < 80; i++) read(ports, namespace, { hot: i })
    await patchNamespace(ports, await adminOf(ports), namespace.id, { auto_create_indexes: false })
    assert.equal((await readSamples(ports.db, namespace.id, { limit: 9 })).length, 0)
    await flushUsage(ports)
    assert.equal((await readSamples(ports.db, namespace.id, { limit: 9 })).length, 0)
  })

  test('they go with the namespace, and so does everything that was counted', async () => {
    const namespace = await newNamespace(ports, { auto_create_indexes: true })
    for (let i = 0; i < 80; i++) read(ports, namespace, { hot: i }, { durationMs: 300 })
    await flushUsage(ports)
    read(ports, namespace, { hot: 1 })
    await deleteNamespace(ports, await adminOf(ports), namespace.id)
    await finishDeletion(ports, namespace.id)
    await flushUsage(ports)

    assert.deepEqual(await readSamples(ports.db, namespace.id, { limit: 9 }), [])
    assert.deepEqual(await readFieldUsage(ports.db, namespace.id, { since: since() }), [])
    assert.deepEqual(await readShapeUsage(ports.db, namespace.id, { since: since() }), [])
  })

  test('none is older than 48 hours, and counts are kept for 90 days', async () => {
    const namespace = await newNamespace(ports, { auto_create_indexes: true })
    const at = (ageMs: number) => ({ ...ports, now: () => new Date(Date.now() - ageMs) })
    for (let i = 0; i < 80; i++) read(at(49 * 3_600_000), namespace, { hot: i })
    await flushUsage(at(49 * 3_600_000))
    for (let i = 0; i < 80; i++) read(at(91 * dayMs), namespace, { old: i })
    await flushUsage(at(91 * dayMs))
    await removeStaleUsage(ports)

    assert.deepEqual(await readSamples(ports.db, namespace.id, { limit: 9 }), [])
    const fields = await readFieldUsage(ports.db, namespace.id, { since: new Date(0) })
    assert.deepEqual(
      fields.map(({ path, count, count24h, count7d }) => [path, count, count24h, count7d]),
      [['hot', 80, 0, 80]],
    )
  })

  test('NACRE_QUERY_SAMPLES=off keeps none and removes what was kept', async () => {
    const namespace = await newNamespace(ports, { auto_create_indexes: true })
    for (let i = 0; i < 80; i++) read(ports, namespace, { hot: i })
    await flushUsage(ports)
    assert.ok((await readSamples(ports.db, namespace.id, { limit: 9 })).length > 0)

    const off = { ...ports, config: { ...ports.config, querySamples: 'off' as const } }
    await removeStaleUsage(off)
    for (let i = 0; i < 80; i++) read(off, namespace, { hot: i })
    await flushUsage(off)
    assert.deepEqual(await readSamples(ports.db, namespace.id, { limit: 9 }), [])
    const [hot] = await readFieldUsage(ports.db, namespace.id, { since: since() })
    assert.equal(hot?.count, 160)
  })
})

function read(
  ports: Ports,
  namespace: Namespace,
  input: unknown,
  { retrieverId = null, ...more }: Partial<AnsweredRead> & { retrieverId?: string | null } = {},
): void {
  recordRead(ports, namespace, {
    asked: { kind: 'list', retrieverId },
    filter: parseFilter(input, ['body', 'filters']),
    scope: { collectionIds: ['col_1'] },
    using: null,
    limit: 10,
    durationMs: 1,
    results: 7,
    candidates: null,
    ...more,
  })
}

async function newNamespace(
  ports: Ports,
  fields: Record<string, unknown> = {},
): Promise<Namespace> {
  const request = NewNamespace.parse({ namespace_name: `reads ${randomUUID()}`, ...fields })
  return await createNamespace(ports, await adminOf(ports), request)
}

async function urlOf(ports: Ports): Promise<string> {
  return await Promise.resolve(ports.config.databaseUrl ?? '')
}

/** Checks that wait, or were waiting, for a namespace. */
async function checksOf({ db }: Ports, { id }: Namespace): Promise<number> {
  const { rows } = await sql<{ jobs: number }>`
    SELECT count(*)::integer AS jobs FROM pgboss.job
    WHERE name = 'indexes.check' AND singleton_key = ${id}`.execute(db)
  return rows[0]?.jobs ?? 0
}
