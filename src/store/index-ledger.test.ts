import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openTestPorts } from '../../test/support/ports.ts'
import { openWrittenNamespace } from '../../test/support/written-namespace.ts'
import type { IndexDecision } from '../domain/index-advisor/decision.ts'
import { insertDecision, recordIndexEvent } from './index-decisions.ts'
import { readDecisionEvents, readNewestEvents } from './index-ledger.ts'

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second))

test("an action of the guard belongs to the decision that was its path's newest then, steps to their own", async () => {
  await using ports = await openTestPorts()
  const { db } = ports
  const { namespace } = await openWrittenNamespace(ports, { fields: [], dimensions: 2 })
  const namespaceId = namespace.id
  const decide = (id: string, path: string, second: number) =>
    insertDecision(db, { ...ended, id, namespaceId, path, createdAt: at(second) })
  const guard = (path: string, second: number) =>
    recordIndexEvent(db, {
      namespaceId,
      path,
      decisionId: null,
      kind: 'guard',
      detail: { second },
      at: at(second),
    })
  await guard('a', 0)
  await decide('dec_1', 'a', 1)
  await decide('dec_2', 'a', 5)
  await decide('dec_b', 'b', 1)
  await guard('a', 3)
  await guard('b', 4)
  await guard('a', 6)
  await recordIndexEvent(db, {
    namespaceId,
    path: 'a',
    decisionId: 'dec_1',
    kind: 'transition',
    to: 'dropped',
    detail: { second: 7 },
    at: at(7),
  })
  await guard('a', 8)
  const seconds = async (ids: string[], eachMax: number) => {
    const events = await readDecisionEvents(db, namespaceId, ids, eachMax)
    return ids.map((id) => (events.get(id) ?? []).map(({ detail }) => detail['second']))
  }

  assert.deepEqual(await seconds(['dec_1', 'dec_2', 'dec_b'], 10), [[3, 7], [6, 8], [4]])
  assert.deepEqual(await seconds(['dec_1'], 10), [[3, 7]])
  assert.deepEqual(await seconds(['dec_1', 'dec_2'], 1), [[7], [8]])
  assert.deepEqual(await readDecisionEvents(db, 'ns_other', ['dec_1'], 10), new Map())

  const newest = await readNewestEvents(db, namespaceId, { before: null, path: 'a', limit: 3 })
  assert.deepEqual(
    newest.map(({ detail }) => detail['second']),
    [8, 7, 6],
  )
  const before = newest.at(-1)?.id ?? null
  const rest = await readNewestEvents(db, namespaceId, { before, path: 'a', limit: 9 })
  assert.deepEqual(
    rest.map(({ detail }) => detail['second']),
    [3, 0],
  )
})

const ended: IndexDecision = {
  id: '',
  namespaceId: '',
  fieldName: 'a',
  path: 'a',
  state: 'dropped',
  fence: 1,
  schema: null,
  reason: '',
  inputs: { rule: 'frequency', filtered24h: 101, thresholds: {}, usage: {} },
  census: null,
  before: null,
  after: null,
  parity: null,
  ending: null,
  actor: 'auto',
  attempts: 1,
  restarts: 0,
  blockedUntil: null,
  createdAt: at(0),
  updatedAt: at(0),
  activeAt: null,
}
