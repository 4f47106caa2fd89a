import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FieldUsage } from '../../store/query-usage.ts'
import type { IndexState, PayloadIndex } from '../payload-indexes/payload-index.ts'
import { systemIndexes } from '../payload-indexes/system-indexes.ts'
import { levelCounts, recommend } from './recommendations.ts'

const seen = new Date(0)

const used = (path: string, over: Partial<FieldUsage> = {}): FieldUsage => ({
  field: path,
  path,
  count: 20,
  countError: 0,
  count24h: 20,
  count7d: 20,
  filtered24h: 20,
  uniqueQueries: 1,
  operators: { eq: 20 },
  kinds: { text: 20 },
  uses: { filter: 20, sort: 0, group: 0, facet: 0 },
  totalMs: 200,
  maxMs: 20,
  histogram: [],
  slow: 0,
  verySlow: 0,
  firstSeen: seen,
  lastSeen: seen,
  ...over,
})

const own = (path: string, state: IndexState): PayloadIndex => ({
  fieldName: path,
  path,
  schema: { type: 'keyword' },
  origin: 'user',
  isProtected: false,
  state,
  error: null,
})

const namespaceWith = (autoCreateIndexes: boolean) => ({
  id: 'ns_1',
  payloadIndexes: [...systemIndexes(), own('failed', 'failed'), own('coming', 'building')],
  autoCreateIndexes,
})

const advise = (isOn: boolean, ...fields: FieldUsage[]) =>
  recommend(namespaceWith(isOn), fields, new Map())

test('the most pressing comes first, within a level what took the most time', () => {
  const found = advise(
    false,
    used('few', { count: 5 }),
    used('some', { totalMs: 300 }),
    used('more', { totalMs: 900 }),
    used('awful', { verySlow: 11 }),
  )

  assert.deepEqual(
    found.map(({ level, recommendation }) => [recommendation.field_name, level]),
    [
      ['awful', 'high'],
      ['more', 'low'],
      ['some', 'low'],
      ['few', 'none'],
    ],
  )
  assert.deepEqual(levelCounts(found), {
    total: 4,
    high_priority: 1,
    medium_priority: 0,
    low_priority: 2,
    no_action: 1,
  })
})

test('for a field of the system the request switches on what builds its index, where that is off', () => {
  const createdAt = used('_internal.created_at', { field: 'created_at' })

  const [off, on] = [false, true].map((isOn) => advise(isOn, createdAt)[0]?.recommendation)

  assert.equal(off?.mongodb_index_command, 'PATCH /v1/namespaces/ns_1 {"auto_create_indexes":true}')
  assert.match(on?.recommendation ?? '', /datetime index belongs to the system, and is built/)
  assert.equal(on?.mongodb_index_command, '')
})

test('an index that is being made is waited for, and one that failed is declared again', () => {
  const [coming, failed] = [used('coming'), used('failed')].map(
    (field) => advise(false, field)[0]?.recommendation,
  )

  assert.match(coming?.recommendation ?? '', /is being built/)
  assert.equal(coming?.mongodb_index_command, '')
  assert.match(failed?.recommendation ?? '', /could not be built; declare it again/)
  assert.match(failed?.mongodb_index_command ?? '', /"field_name":"failed"/)
})

test('what needs no index is not recommended one', () => {
  assert.deepEqual(advise(false, used('_internal.document_id')), [])
})
