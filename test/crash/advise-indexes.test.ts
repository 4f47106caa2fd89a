import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { countDocuments } from '../../src/domain/documents/read.ts'
import { evaluateFilter } from '../../src/domain/filters/evaluate-filter.ts'
import { decisionStates, type IndexDecision } from '../../src/domain/index-advisor/decision.ts'
import { transitions } from '../../src/domain/index-advisor/transitions.ts'
import { undoDecision } from '../../src/domain/index-advisor/undo-decision.ts'
import { undoNamespace } from '../../src/domain/namespaces/create-namespace.ts'
import { findNamespace } from '../../src/domain/namespaces/find-namespace.ts'
import { convergeNamespace } from '../../src/domain/namespaces/recover-namespaces.ts'
import type { Ports } from '../../src/ports/ports.ts'
import { readIndexEvents } from '../../src/store/index-decisions.ts'
import { readFacts } from '../../src/store/payload-facts.ts'
import { everyCrash } from '../support/crash.ts'
import {
  builtIndexes,
  currently,
  openHotNamespace,
  patch,
  settleIndexes,
  type HotNamespace,
} from '../support/hot-namespace.ts'
import { openTestPorts } from '../support/ports.ts'
import { adminOf } from '../support/principal.ts'
import { leafOf } from '../support/written-namespace.ts'

/** Every number is whole, so that an integer index is chosen; a fraction makes it make room. */
const rows = Array.from({ length: 12 }, (_, i) => ({ price: i }))
const cheap = leafOf('price', 'lt', 6)

/** As few calls as there can be: no recorded reads, which are only read. */
const unproven = { NACRE_QUERY_SAMPLES: 'off', NACRE_INDEX_UNPROVEN: 'keep' }
/** With them, twice around, and nothing to gain on so few documents. */
const proven = {
  NACRE_QUERY_SAMPLES_MAX: '2',
  NACRE_INDEX_MEASURE_ROUNDS_MAX: '3',
  NACRE_INDEX_MEASURE_SAMPLES_MAX: '1',
  NACRE_INDEX_SAVED_US_MIN: '60000000',
}
/** Every so manieth effect is died at: an index passes through some forty of them; `npm run soak` leaves none out. */
const stride = 7

describe('wherever a process dies', { concurrency: 2 }, () => {
  test('an index that makes itself is there once, with one decision, and answers right all the time', async () => {
    const points = await crashes(unproven, doNothing, settleIndexesOf, (decisions) => {
      assert.deepEqual(statesOf(decisions), ['active'])
      return { price: 'integer' }
    })
    assert.ok(points >= 4, `${points} crash points`)
  })

  test('an index that gains nothing is gone, with one decision that says so', async () => {
    const points = await crashes(proven, doNothing, settleIndexesOf, (decisions) => {
      assert.deepEqual(statesOf(decisions), ['reverted'])
      return {}
    })
    assert.ok(points >= 4, `${points} crash points`)
  })

  test('an undo ends undone or not begun', async () => {
    const points = await crashes(
      unproven,
      settled,
      async (mortal, { namespace }, decisions) =>
        undoDecision(mortal, await adminOf(mortal), namespace, decisions[0]?.id ?? ''),
      (decisions) => {
        const [state] = statesOf(decisions)
        assert.ok(state === 'undone' || state === 'active', String(state))
        return state === 'undone' ? {} : { price: 'integer' }
      },
    )
    assert.ok(points >= 2, `${points} crash points`)
  })

  test('an index that its user declares is the user’s, or still what it was', async () => {
    const points = await crashes(
      unproven,
      settled,
      (mortal, { namespace }) =>
        patch(mortal, namespace.id, { payload_indexes: [{ field_name: 'price', type: 'float' }] }),
      (decisions) => {
        const [state] = statesOf(decisions)
        assert.ok(state === 'taken_over' || state === 'active', String(state))
        return { price: state === 'active' ? 'integer' : 'float' }
      },
    )
    assert.ok(points >= 2, `${points} crash points`)
  })

  test('an index that makes room for a wider one leaves one of them', async () => {
    const fraction = async (ports: Ports, hot: HotNamespace) => {
      await settled(ports, hot)
      await hot.write([{ price: 0.5 }])
    }
    const points = await crashes(unproven, fraction, settleIndexesOf, (decisions) => {
      assert.deepEqual(statesOf(decisions), ['active', 'dropped'])
      return { price: 'float' }
    })
    assert.ok(points >= 4, `${points} crash points`)
  })
})

const doNothing = async () => {}

async function settled(ports: Ports, { namespace }: HotNamespace): Promise<void> {
  await settleIndexes(ports, namespace.id)
}

function settleIndexesOf(mortal: Ports, { namespace }: HotNamespace): Promise<unknown> {
  return settleIndexes(mortal, namespace.id)
}

/** `expected`: what the engine is to have in the end, by the decisions that there are then. Answers the crash points. */
async function crashes(
  env: Record<string, string>,
  prepare: (ports: Ports, hot: HotNamespace) => Promise<void>,
  scenario: (mortal: Ports, hot: HotNamespace, before: IndexDecision[]) => Promise<unknown>,
  expected: (decisions: IndexDecision[]) => Record<string, string>,
): Promise<number> {
  await using ports = await openTestPorts({
    ...env,
    NACRE_INDEX_FILTERS_MIN: '1',
    NACRE_FACTS_AGE_MS: '10',
  })
  const open = async () => {
    const hot = await openHotNamespace(ports, rows)
    await hot.read([cheap], 2)
    await prepare(ports, hot)
    // Gives the writer's share back at once: another process would have to wait for it.
    await ports.leases.exclusive(hot.namespace.id, 'making a namespace', async () => {})
    const before = await settledBefore(ports, hot, prepare)
    return { ports, state: { hot, before } }
  }
  return await everyCrash(
    open,
    (mortal, { hot, before }) => scenario(mortal, hot, before),
    async (second, { hot }) => {
      await assertRight(second, hot)
      await convergeNamespace(second, hot.namespace.id)
      const decisions = await settleIndexes(second, hot.namespace.id)
      await assertSettled(second, hot, decisions, expected(decisions))
      // Many open shards make each further one slower.
      await undoNamespace(second, await currently(second, hot.namespace.id))
    },
    { stride },
  )
}

async function settledBefore(
  ports: Ports,
  { namespace }: HotNamespace,
  prepare: unknown,
): Promise<IndexDecision[]> {
  return prepare === settled ? await settleIndexes(ports, namespace.id) : []
}

/** Reads find what the filter means, whatever stands in the engine, and before anything was recovered. */
async function assertRight(ports: Ports, { namespace }: HotNamespace): Promise<void> {
  const current = await findNamespace(ports, namespace.organizationId, namespace.id)
  const found = await countDocuments(ports, current, { collectionIds: null }, cheap)
  const halves = await countDocuments(
    ports,
    current,
    { collectionIds: null },
    leafOf('price', 'eq', 0.5),
  )
  assert.equal(found - halves, rows.filter((row) => evaluateFilter(cheap, row)).length)
}

async function assertSettled(
  ports: Ports,
  hot: HotNamespace,
  decisions: IndexDecision[],
  expected: Record<string, string>,
): Promise<void> {
  const live = await currently(ports, hot.namespace.id)
  assert.deepEqual(await builtIndexes(ports, live), expected)
  await assertRight(ports, hot)
  const index = live.payloadIndexes.find(({ path }) => path === 'price')
  assert.deepEqual(index && { price: index.schema.type }, index && expected)
  assert.equal(index === undefined, Object.keys(expected).length === 0)
  if (index) assert.equal(index.state, 'active')
  const isActive = decisions.some(({ state }) => state === 'active')
  assert.equal(isActive, index?.origin === 'auto')
  if (!index) {
    const { paths } = await readFacts(ports.db, live.id)
    assert.deepEqual(
      paths.filter(({ path }) => path === 'price'),
      [],
      'nothing is watched',
    )
  }
  for (const decision of decisions) await assertToldWhole(ports, decision)
}

/** The ledger has every step of the decision, and each of them is in the table. */
async function assertToldWhole({ db }: Ports, decision: IndexDecision): Promise<void> {
  const { namespaceId, id: decisionId, state } = decision
  const events = await readIndexEvents(db, namespaceId, { decisionId, limit: 1_000 })
  let at: IndexDecision['state'] | null = null
  for (const { from, to } of events) {
    assert.equal(from, at)
    const nexts: unknown[] = at === null ? ['observed'] : Object.values(transitions[at])
    assert.ok(nexts.includes(to), `${at} → ${to}`)
    at = decisionStates.find((one) => one === to) ?? null
  }
  assert.equal(at, state)
}

function statesOf(decisions: readonly IndexDecision[]): string[] {
  return decisions.map(({ state }) => state)
}
