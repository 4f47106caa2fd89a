import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { setImmediate as turn } from 'node:timers/promises'
import { runInNewContext } from 'node:vm'
import { sql } from 'kysely'
import { openTestPorts } from '../../../test/support/ports.ts'
import { adminOf } from '../../../test/support/principal.ts'
import type { Ports } from '../../ports/ports.ts'
import { readFieldUsage } from '../../store/query-usage.ts'
import type { Filter } from '../filters/filter.ts'
import { createNamespace } from '../namespaces/create-namespace.ts'
import { NewNamespace } from '../namespaces/namespace-request.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { flushUsage } from './flush-usage.ts'
import { recordRead } from './record-read.ts'
import { removeStaleUsage } from './sweep-usage.ts'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

const mebibyte = 2 ** 20

describe('a million different field names (AI-8)', () => {
  let ports: Ports & AsyncDisposable
  before(async () => void (ports = await openTestPorts({ NACRE_USAGE_FLUSH_MS: '500' })))
  after(() => ports[Symbol.asyncDispose]())

  test('add at most 16 MiB, hide no hot field, and leave other namespaces alone', async (t) => {
    const attacked = await newNamespace(ports)
    const quiet = await newNamespace(ports)
    read(ports, attacked, 'first')
    await flushUsage(ports)
    const before = heldBytes()
    let most = 0
    let hot = 0
    let elsewhere = 0
    for (let i = 0; i < 1_000_000; i++) {
      read(ports, attacked, `a field that nobody has, number ${i}`)
      if (i % 50 === 0) read(ports, attacked, `hot ${hot++ % 100}`)
      if (i % 5_000 === 0) read(ports, quiet, `calm ${elsewhere++ % 10}`)
      // Timers and writes get their turn, as between requests.
      if (i % 2_000 === 0) await turn()
      if (i % 100_000 === 99_999) most = Math.max(most, heldBytes() - before)
    }
    await flushUsage(ports)

    t.diagnostic(`at most ${(most / mebibyte).toFixed(1)} MiB more`)
    assert.ok(most <= 16 * mebibyte, `${(most / mebibyte).toFixed(1)} MiB`)
    const fields = await readFieldUsage(ports.db, attacked.id, { since: new Date(0) })
    const hottest = fields.slice(0, 100)
    assert.deepEqual(
      hottest.filter(({ path }) => !path.startsWith('hot ')),
      [],
    )
    for (const { path, count, countError } of hottest) {
      assert.ok(count >= 0.99 * 200, `${path}: ${count}`)
      assert.ok(count - countError <= 200, `${path}: ${count} - ${countError}`)
      assert.ok(count <= 1.02 * 200, `${path}: ${count}`)
    }
    const calm = await readFieldUsage(ports.db, quiet.id, { since: new Date(0) })
    assert.deepEqual(
      calm.map(({ count }) => count),
      Array.from({ length: 10 }, () => 20),
    )
  })

  test('rows of a namespace stay within their number, the largest counts first', async () => {
    const namespace = await newNamespace(ports)
    const config = { ...ports.config, usageRowsMax: 100, usageFieldsMax: 60, usageShapesMax: 60 }
    const bounded = { ...ports, config }
    for (let hour = 0; hour < 3; hour++) {
      const at = new Date(Date.now() - hour * 3_600_000)
      const then = { ...bounded, now: () => at }
      for (let i = 0; i < 200; i++) read(then, namespace, `junk ${hour} ${i}`)
      for (let i = 0; i < 20; i++) read(then, namespace, 'known')
      await flushUsage(then)
    }
    await removeStaleUsage(bounded)

    const { rows } = await sql<{ fields: number; shapes: number }>`
      SELECT (SELECT count(*) FROM query_usage_fields WHERE namespace_id = ${namespace.id})::integer AS fields,
        (SELECT count(*) FROM query_usage_shapes WHERE namespace_id = ${namespace.id})::integer AS shapes`.execute(
      ports.db,
    )
    assert.deepEqual(rows, [{ fields: 100, shapes: 100 }])
    const [known] = await readFieldUsage(ports.db, namespace.id, { since: new Date(0) })
    assert.ok(known && known.path === 'known')
    assert.ok(known.count >= 60 && known.count - known.countError <= 60, `${known.count}`)
  })
})

/** What objects and buffers take once nothing is left that nobody holds. */
function heldBytes(): number {
  collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

function read(ports: Ports, namespace: Namespace, field: string): void {
  // Parsed, as names of clients are: no two share memory.
  const filter = JSON.parse(
    JSON.stringify({ kind: 'leaf', field, operator: 'eq', value: 1, caseSensitive: null }),
  ) as Filter
  recordRead(ports, namespace, {
    asked: { kind: 'list', retrieverId: null },
    filter,
    scope: { collectionIds: null },
    using: null,
    limit: 10,
    durationMs: 1,
    results: 1,
    candidates: null,
  })
}

async function newNamespace(ports: Ports): Promise<Namespace> {
  const request = NewNamespace.parse({ namespace_name: `names ${randomUUID()}` })
  return await createNamespace(ports, await adminOf(ports), request)
}
