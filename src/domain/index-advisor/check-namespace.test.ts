import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fronted } from '../../../test/support/fronted.ts'
import {
  builtIndexes,
  currently,
  openHotNamespace,
  patch,
  settleIndexes,
  type HotNamespace,
} from '../../../test/support/hot-namespace.ts'
import { openTestPorts } from '../../../test/support/ports.ts'
import { adminOf } from '../../../test/support/principal.ts'
import { leafOf } from '../../../test/support/written-namespace.ts'
import type { Ports } from '../../ports/ports.ts'
import { isFailure } from '../failure.ts'
import type { Filter } from '../filters/filter.ts'
import type { IndexDecision } from './decision.ts'
import { undoDecision } from './undo-decision.ts'

const quick = {
  NACRE_INDEX_MEASURE_MS: '400',
  NACRE_INDEX_REPLAY_MS: '5000',
  NACRE_FACTS_AGE_MS: '10',
}
/** Where the gain is not what is looked at: on a busy machine it may not be sure. */
const unmeasured = { ...quick, NACRE_QUERY_SAMPLES: 'off', NACRE_INDEX_UNPROVEN: 'keep' }

describe('checkNamespace()', { concurrency: 2 }, () => {
  test('a hot field gets an index that is measured, and its decision says what it gained', async () => {
    await using ports = await openTestPorts({ ...quick, NACRE_INDEX_MEASURE_MS: '3000' })
    const hot = await openHotNamespace(ports, branded(8_000))
    await hot.read(brands(20), 150)

    const [decision, ...others] = await settleIndexes(ports, hot.namespace.id)

    assert.equal(others.length, 0)
    assert.equal(decision?.state, 'active', told(decision))
    assert.deepEqual(decision.schema, { type: 'keyword' })
    assert.equal(decision.inputs.filtered24h, 150)
    assert.ok(decision.before && decision.after && decision.parity && decision.activeAt)
    assert.equal(decision.parity.differences, 0)
    assert.match(decision.reason, /Filtered 150 times in 24 hours \(more than 100\)/)
    const namespace = await currently(ports, hot.namespace.id)
    const index = namespace.payloadIndexes.find(({ path }) => path === 'brand')
    assert.deepEqual([index?.origin, index?.state, index?.isProtected], ['auto', 'active', true])
    assert.deepEqual(await builtIndexes(ports, namespace), { brand: 'keyword' })
  })

  test('a hundred filters are no reason, and off means off', async () => {
    await using ports = await openTestPorts(quick)
    const hot = await openHotNamespace(ports, branded(500))
    await hot.read(brands(20), 100)
    assert.deepEqual(await settleIndexes(ports, hot.namespace.id), [])

    await patch(ports, hot.namespace.id, { auto_create_indexes: false })
    await hot.read(brands(20), 100)
    assert.deepEqual(await settleIndexes(ports, hot.namespace.id), [])
  })

  test('what an index could not keep, or would not serve, is declined with its reason, and nothing is built', async () => {
    await using ports = await openTestPorts(quick)
    const fields = Array.from({ length: 400 }, (_, i) => ({
      mixed: i % 2 ? i : `text ${i}`,
      title: `Title ${i}`,
      nested: { deep: [[i]] },
    }))
    const hot = await openHotNamespace(ports, fields)
    await hot.read([leafOf('mixed', 'eq', 7)], 101)
    await hot.read([leafOf('title', 'contains', 'tle 7'), leafOf('title', 'text', 'title')], 101)
    await hot.read([leafOf('nested', 'eq', 'x')], 101)
    await hot.read([leafOf('absent', 'eq', 'x')], 101)

    const reasons = reasonsOf(await settleIndexes(ports, hot.namespace.id))

    assert.match(reasons['mixed'] ?? '', /declined.*different kinds .200 (integer|text), 200/)
    assert.match(reasons['title'] ?? '', /declined.*read by contains, text only/)
    assert.match(reasons['nested'] ?? '', /declined.*kept by no index: 400 object/)
    assert.match(reasons['absent'] ?? '', /declined.*No document of 400 has a value at 'absent'/)
    assert.deepEqual(await builtIndexes(ports, await currently(ports, hot.namespace.id)), {})
  })

  test('a field that saves nothing is looked at as often as filters ask, and never flaps in 60 days (AI-4)', async () => {
    // Long enough that a busy machine's noise is no gain.
    await using ports = await openTestPorts({ ...quick, NACRE_INDEX_MEASURE_MS: '1500' })
    const hot = await openHotNamespace(ports, branded(40))
    const { id } = hot.namespace
    for (let day = 0; day < 60; day += 10) {
      const then = inDays(ports, day)
      await reading(hot, then).read(brands(5), 120)
      await settleIndexes(then, id)
      assert.deepEqual(await builtIndexes(ports, await currently(ports, id)), {})
    }
    const decisions = await settleIndexes(inDays(ports, 60), id)
    assert.deepEqual([...new Set(decisions.map(({ state }) => state))], ['reverted'])
    assert.ok(decisions.length <= 4, `${decisions.length} decisions in 60 days`)
  })

  test('an index that makes reads slower is taken back at once, and its field is left alone (AI-6)', async () => {
    await using ports = await openTestPorts(quick)
    const hot = await openHotNamespace(ports, branded(3_000))
    await hot.read(brands(20), 150)

    const [decision, ...others] = await settleIndexes(slowedByIndexes(ports), hot.namespace.id)

    assert.equal(others.length, 0)
    assert.equal(decision?.state, 'reverted', told(decision))
    assert.ok(decision.after && decision.blockedUntil)
    assert.ok(+decision.blockedUntil > Date.now() + 29 * 86_400_000)
    assert.deepEqual(await builtIndexes(ports, await currently(ports, hot.namespace.id)), {})
  })

  test('two schedulers make one decision and one index', async () => {
    await using ports = await openTestPorts(unmeasured)
    const hot = await openHotNamespace(ports, branded(3_000))
    await hot.read(brands(20), 150)
    let builds = 0
    const counted = counting(ports, () => builds++)

    await Promise.all([1, 2, 3].map(() => settleIndexes(counted, hot.namespace.id)))
    const decisions = await settleIndexes(counted, hot.namespace.id)

    assert.deepEqual(statesOf(decisions), ['active'])
    assert.equal(builds, 1)
  })

  test('undo takes the index back, and its field is left alone', async () => {
    await using ports = await openTestPorts(unmeasured)
    const hot = await openHotNamespace(ports, branded(3_000))
    const { id } = hot.namespace
    await hot.read(brands(20), 150)
    const [active] = await settleIndexes(ports, id)
    assert.equal(active?.state, 'active', told(active))
    const admin = await adminOf(ports)
    const reader = { ...admin, permissions: ['read'] as const }
    const undo = (by = admin, decisionId = active.id) =>
      undoDecision(ports, by, hot.namespace, decisionId)

    await assert.rejects(undo(reader as never), (error) => isFailure(error, 'forbidden'))
    await assert.rejects(undo(admin, 'dec_absent'), (error) => isFailure(error, 'not_found'))
    const undone = await undo()

    assert.deepEqual([undone.state, undone.actor], ['undone', 'key_test'])
    assert.deepEqual(await builtIndexes(ports, await currently(ports, id)), {})
    await assert.rejects(undo(), (error) => isFailure(error, 'conflict'))
    await hot.read(brands(20), 150)
    assert.deepEqual(statesOf(await settleIndexes(ports, id)), ['undone'])
  })

  test('a declaration takes an index over at once, and what is declared is never touched (AI-12)', async () => {
    await using ports = await openTestPorts(unmeasured)
    const hot = await openHotNamespace(ports, branded(3_000))
    const { id } = hot.namespace
    await hot.read(brands(20), 150)
    await settleIndexes(ports, id)

    await patch(ports, id, { payload_indexes: [{ field_name: 'brand', type: 'text' }] })

    const [decision] = await settleIndexes(ports, id)
    assert.equal(decision?.state, 'taken_over')
    await hot.read(brands(20), 300)
    assert.deepEqual(statesOf(await settleIndexes(ports, id)), ['taken_over'])
    const namespace = await currently(ports, id)
    const index = namespace.payloadIndexes.find(({ path }) => path === 'brand')
    assert.deepEqual([index?.origin, index?.schema.type], ['user', 'text'])
    assert.deepEqual(await builtIndexes(ports, namespace), { brand: 'text' })
  })

  test('a system index that is only listed is built when it is used, and only listed again when that is undone', async () => {
    await using ports = await openTestPorts(unmeasured)
    const hot = await openHotNamespace(ports, branded(4_000))
    const { id } = hot.namespace
    await hot.read([leafOf('_internal.created_at', 'gt', '2100-01-01T00:00:00Z')], 150)

    const [decision] = await settleIndexes(ports, id)

    assert.equal(decision?.state, 'active', told(decision))
    const built = await currently(ports, id)
    assert.deepEqual(await builtIndexes(ports, built), { '_internal.created_at': 'datetime' })
    assert.deepEqual(systemIndex(built), ['system', 'active'])
    await undoDecision(ports, await adminOf(ports), built, decision.id)
    const undone = await currently(ports, id)
    assert.deepEqual(await builtIndexes(ports, undone), {})
    assert.deepEqual(systemIndex(undone), ['system', 'virtual'])
  })

  test('an index of whole numbers makes room for one of all numbers when fractions come', async () => {
    await using ports = await openTestPorts(unmeasured)
    const fields = Array.from({ length: 3_000 }, (_, i) => ({ price: i }))
    const hot = await openHotNamespace(ports, fields)
    const { id } = hot.namespace
    const cheap = leafOf('price', 'lt', 20)
    await hot.read([cheap, leafOf('price', 'gt', 2_980)], 150)
    const [first] = await settleIndexes(ports, id)
    assert.equal(first?.schema?.type, 'integer', told(first))

    await hot.write([{ price: 5.5 }])
    const decisions = await settleIndexes(ports, id)

    assert.deepEqual(statesOf(decisions), ['active', 'dropped'])
    assert.match(decisions[1]?.reason ?? '', /Makes room for an index of type float/)
    const namespace = await currently(ports, id)
    assert.deepEqual(await builtIndexes(ports, namespace), { price: 'float' })
  })

  test('what is over the budget is declined, and says which setting it is', async () => {
    await using ports = await openTestPorts({ ...unmeasured, NACRE_AUTO_INDEXES_MAX: '1' })
    const fields = branded(3_000).map((each, i) => ({ ...each, other: `other ${i}` }))
    const hot = await openHotNamespace(ports, fields)
    await hot.read(brands(20), 300)
    await hot.read([leafOf('other', 'eq', 'other 7')], 101)

    const decisions = await settleIndexes(ports, hot.namespace.id)

    assert.deepEqual(new Set(statesOf(decisions)), new Set(['active', 'declined']))
    const declined = decisions.find(({ state }) => state === 'declined')
    assert.match(declined?.reason ?? '', /of at most 1 \(NACRE_AUTO_INDEXES_MAX\)/)
  })

  test('without recorded reads there is no proof of gain: declined, or kept where a setting says so', async () => {
    for (const unproven of ['decline', 'keep']) {
      const env = { NACRE_QUERY_SAMPLES: 'off', NACRE_INDEX_UNPROVEN: unproven }
      await using ports = await openTestPorts({ ...quick, ...env })
      const hot = await openHotNamespace(ports, branded(500))
      await hot.read(brands(20), 150)

      const [decision] = await settleIndexes(ports, hot.namespace.id)

      if (unproven === 'keep') {
        assert.equal(decision?.state, 'active')
        assert.match(decision.reason, /neither were answers compared nor was a gain measured/)
        assert.deepEqual([decision.before, decision.after], [null, null])
      } else {
        assert.equal(decision?.state, 'declined')
        assert.match(decision.reason, /no reads of this field are recorded.*NACRE_QUERY_SAMPLES/)
      }
    }
  })
})

function branded(count: number): { brand: string }[] {
  return Array.from({ length: count }, (_, i) => ({ brand: `brand ${i % 200}` }))
}

function brands(count: number): Filter[] {
  return Array.from({ length: count }, (_, i) => leafOf('brand', 'eq', `brand ${i}`))
}

function statesOf(decisions: readonly IndexDecision[]): string[] {
  return decisions.map(({ state }) => state)
}

function told(decision: IndexDecision | undefined): string {
  return decision ? `${decision.state}: ${decision.reason}` : 'no decision'
}

function reasonsOf(decisions: readonly IndexDecision[]): Record<string, string> {
  return Object.fromEntries(decisions.map((one) => [one.path, told(one)]))
}

function systemIndex({
  payloadIndexes,
}: {
  payloadIndexes: { path: string; origin: string; state: string }[]
}) {
  const index = payloadIndexes.find(({ path }) => path === '_internal.created_at')
  return [index?.origin, index?.state]
}

function inDays(ports: Ports, days: number): Ports {
  return { ...ports, now: () => new Date(Date.now() + days * 86_400_000) }
}

function reading(hot: HotNamespace, ports: Ports): Pick<HotNamespace, 'read'> {
  return { read: (filters, times) => hot.readThrough(ports, filters, times) }
}

/** An engine in which a payload index makes counts slower, as a bad one could. */
function slowedByIndexes(ports: Ports): Ports {
  let isIndexed = false
  return withVectors(ports, {
    async createPayloadIndex(...args) {
      isIndexed = true
      await ports.vectors.createPayloadIndex(...args)
    },
    async dropPayloadIndex(...args) {
      isIndexed = false
      await ports.vectors.dropPayloadIndex(...args)
    },
    async count(...args) {
      const until = performance.now() + (isIndexed ? 20 : 0)
      const found = await ports.vectors.count(...args)
      while (performance.now() < until) await new Promise((resolve) => setImmediate(resolve))
      return found
    },
  })
}

function counting(ports: Ports, built: () => void): Ports {
  return withVectors(ports, {
    async createPayloadIndex(...args) {
      built()
      await ports.vectors.createPayloadIndex(...args)
    },
  })
}

function withVectors(ports: Ports, changed: Partial<Ports['vectors']>): Ports {
  return { ...ports, vectors: fronted(ports.vectors, changed) }
}
