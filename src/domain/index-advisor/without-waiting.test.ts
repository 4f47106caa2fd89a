import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import {
  openHotNamespace,
  patch,
  settleIndexes,
  type HotNamespace,
} from '../../../test/support/hot-namespace.ts'
import { openTestPorts } from '../../../test/support/ports.ts'
import { leafOf } from '../../../test/support/written-namespace.ts'
import type { Ports } from '../../ports/ports.ts'
import { readDecisions } from '../../store/index-decisions.ts'
import { checkJobName } from './add-check.ts'
import { checkNamespace } from './check-namespace.ts'

const quick = { NACRE_INDEX_MEASURE_MS: '400', NACRE_INDEX_REPLAY_MS: '5000' }
const filters = Array.from({ length: 20 }, (_, i) => leafOf('brand', 'eq', `brand ${i}`))
const documents = Array.from({ length: 3_000 }, (_, i) => ({ brand: `brand ${i % 200}` }))

test('a field that was hot before auto_create_indexes was on waits for the next read of it, which brings its check forward', async () => {
  await using ports = await openTestPorts(quick)
  const hot = await hotBeforeAuto(ports)
  const { id } = hot.namespace

  for (let i = 0; i < 3; i++) await checkNamespace(ports, id)
  const waiting = await readDecisions(ports.db, id, { limit: 10 })
  await takeDueChecks(ports)
  await hot.read(filters, 20)
  const brought = await takeDueChecks(ports)
  const [decided, ...others] = await settleIndexes(ports, id)

  assert.deepEqual(
    waiting.map(({ path, state }) => [path, state]),
    [['brand', 'observed']],
  )
  assert.equal(brought, 1)
  assert.equal(others.length, 0)
  assert.ok(['active', 'reverted'].includes(decided?.state ?? ''), decided?.reason ?? 'none')
  assert.match(decided?.reason ?? '', /recorded reads were asked again, without a difference/)
})

test('it waits no longer than until the check after: then it is declined, and says that no read is recorded', async () => {
  await using ports = await openTestPorts(quick)
  const { id } = (await hotBeforeAuto(ports)).namespace
  await checkNamespace(ports, id)

  const later = new Date(Date.now() + ports.config.indexCheckMs + 1_000)
  const [decided] = await settleIndexes(Object.assign({ ...ports }, { now: () => later }), id)

  assert.equal(decided?.state, 'declined')
  assert.match(decided.reason, /no reads of this field are recorded/)
})

/** A namespace whose field was filtered often enough while nothing of it was kept. */
async function hotBeforeAuto(ports: Ports): Promise<HotNamespace> {
  const hot = await openHotNamespace(ports, documents)
  await patch(ports, hot.namespace.id, { auto_create_indexes: false })
  await hot.read(filters, 150)
  await patch(ports, hot.namespace.id, { auto_create_indexes: true })
  return hot
}

/** How many checks may be run now, one that is planned for later left out; they are gone then, as by a worker. */
async function takeDueChecks({ db }: Ports): Promise<number> {
  const { numAffectedRows } = await sql`
    DELETE FROM pgboss.job
    WHERE name = ${checkJobName} AND state = 'created' AND start_after <= now()`.execute(db)
  return Number(numAffectedRows)
}
