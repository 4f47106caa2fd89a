import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { FieldUsage } from '../../store/query-usage.ts'
import type { PayloadIndex } from '../payload-indexes/payload-index.ts'
import { advise, type AdviceInput } from './advise.ts'
import { blockedUntil } from './block.ts'
import { overBudget } from './budget.ts'
import type { DecisionState, IndexDecision } from './decision.ts'

const now = new Date('2026-03-01T00:00:00.000Z')
const day = 86_400_000
const thresholds = { indexFiltersMin: 100, indexCostMs: 60_000, indexChurnMs: 7 * day }

describe('advise()', () => {
  test('more than 100 filters in 24 hours lead to a decision, 100 do not', () => {
    assert.deepEqual(advised([usage('a', 101, 0.1), usage('b', 100, 0.1)]), ['a'])
  })

  test('few filters that cost much lead to a decision, however few they are', () => {
    assert.deepEqual(advised([usage('rare', 60, 3_000), usage('cheap', 60, 0.4)]), ['rare'])
  })

  test('the dearest field comes first', () => {
    assert.deepEqual(advised([usage('a', 200, 1), usage('b', 150, 60)]), ['b', 'a'])
  })

  test('what has an index of any origin is left alone; a system index that is only listed is not', () => {
    for (const origin of ['user', 'auto', 'plugin', 'system'] as const)
      assert.deepEqual(advised([usage('a', 500, 9)], { indexes: [index('a', origin)] }), [])
    const listed = { ...index('a', 'system'), state: 'virtual' as const }
    assert.deepEqual(advised([usage('a', 500, 9)], { indexes: [listed] }), ['a'])
  })

  test('ids are answered without an index, and need none', () => {
    assert.deepEqual(advised([usage('_internal.document_id', 900, 5)]), [])
  })

  test('a decision that is open, or that blocks its field, stands', () => {
    for (const state of ['observed', 'building', 'active', 'retiring'] as const)
      assert.deepEqual(advised([usage('a', 500, 9)], { newest: [decision(state)] }), [])
    const blocked = decision('declined', { blockedUntil: new Date(+now + day) })
    assert.deepEqual(advised([usage('a', 500, 9)], { newest: [blocked] }), [])
    const over = decision('declined', { blockedUntil: new Date(+now - 1) })
    assert.deepEqual(advised([usage('a', 500, 9)], { newest: [over] }), ['a'])
  })

  test('a "no" is looked at again when there are ten times as many documents', () => {
    const blockedUntil = new Date(+now + 30 * day)
    const small = decision('reverted', { blockedUntil, documents: 1_000, updatedAt: ago(8) })
    assert.deepEqual(advised([usage('a', 500, 9)], { newest: [small], documents: 9_999 }), [])
    assert.deepEqual(advised([usage('a', 500, 9)], { newest: [small], documents: 10_000 }), ['a'])
  })

  test('an index that was taken back is not made again within a week, however many documents came', () => {
    const blockedUntil = new Date(+now + 30 * day)
    const fresh = decision('reverted', { blockedUntil, documents: 10, updatedAt: ago(6) })
    const input = { newest: [fresh], documents: 1_000_000 }
    assert.deepEqual(advised([usage('a', 500, 9)], input), [])
  })

  test('an index that made room for a wider one is followed by it at once', () => {
    const dropped = decision('dropped', { activeAt: ago(1), updatedAt: ago(0) })
    assert.deepEqual(advised([usage('a', 500, 9)], { newest: [dropped] }), ['a'])
  })

  test('the same inputs give the same advice', () => {
    const fields = [usage('b', 300, 2), usage('a', 300, 2), usage('c', 900, 1)]
    assert.deepEqual(advised(fields), advised(fields.toReversed()))
  })
})

describe('blockedUntil()', () => {
  const times = {
    indexBlockMs: 30 * day,
    indexChurnMs: 7 * day,
    indexCheckMs: day / 4,
    indexRetryMs: 3_600_000,
  }
  test('30 days double with each decision about the field, and stop at five years', () => {
    const days = [1, 2, 3, 7, 50].map((attempts) =>
      Math.round((+blockedUntil('decided', { attempts }, now, times) - +now) / day),
    )
    assert.deepEqual(days, [30, 60, 120, 1_920, 1_920])
  })
})

describe('overBudget()', () => {
  const budget = { indexesMax: 2, bytesMax: 1_000 }
  test('number and bytes hold, and the reason names the setting', () => {
    assert.equal(overBudget([{ bytes: 500 }], 500, budget), null)
    assert.match(
      overBudget([{ bytes: 1 }, { bytes: 1 }], 1, budget) ?? '',
      /NACRE_AUTO_INDEXES_MAX/,
    )
    assert.match(overBudget([{ bytes: 501 }], 500, budget) ?? '', /estimate.*INDEX_BYTES_MAX/)
  })
})

function advised(
  fields: FieldUsage[],
  {
    indexes = [],
    newest = [],
    documents = null,
  }: { indexes?: PayloadIndex[]; newest?: IndexDecision[]; documents?: number | null } = {},
): string[] {
  const input: AdviceInput = {
    now,
    usage: fields,
    indexes,
    newest: new Map(newest.map((one) => [one.path, one])),
    documents,
    thresholds,
  }
  return advise(input).map(({ path }) => path)
}

function usage(path: string, filtered24h: number, meanMs: number): FieldUsage {
  return {
    field: path,
    path,
    count: filtered24h,
    countError: 0,
    count24h: filtered24h,
    count7d: filtered24h,
    filtered24h,
    uniqueQueries: 1,
    operators: { eq: filtered24h },
    kinds: { text: filtered24h },
    uses: { filter: filtered24h, sort: 0, group: 0, facet: 0 },
    totalMs: filtered24h * meanMs,
    maxMs: meanMs,
    histogram: [],
    slow: 0,
    verySlow: 0,
    firstSeen: ago(1),
    lastSeen: now,
  }
}

function index(path: string, origin: PayloadIndex['origin']): PayloadIndex {
  const schema = { type: 'keyword' } as const
  return {
    fieldName: path,
    path,
    schema,
    origin,
    isProtected: origin !== 'user',
    state: 'active',
    error: null,
  }
}

function decision(
  state: DecisionState,
  given: Partial<IndexDecision> & { documents?: number } = {},
): IndexDecision {
  const { documents = 1_000, ...rest } = given
  return {
    id: 'dec_1',
    namespaceId: 'ns_1',
    fieldName: 'a',
    path: 'a',
    state,
    fence: 1,
    schema: null,
    reason: '',
    inputs: { rule: 'frequency', filtered24h: 500, thresholds: {}, usage: {} },
    census: null,
    before: { shapes: [], rounds: 0, documents, takenAt: '' },
    after: null,
    parity: null,
    ending: null,
    actor: 'auto',
    attempts: 1,
    restarts: 0,
    blockedUntil: null,
    createdAt: ago(10),
    updatedAt: ago(10),
    activeAt: null,
    ...rest,
  }
}

function ago(days: number): Date {
  return new Date(now.getTime() - days * day)
}
