import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { DecisionAnswer } from './decision-answer.ts'
import type { IndexReport } from './read-report.ts'
import { reportLines } from './report-lines.ts'

const decision: DecisionAnswer = {
  decision_id: 'dec_1',
  field_name: 'year',
  state: 'active',
  field_schema: { type: 'integer' },
  reason: `Filtered 150 times in 24 hours (more than 100). ${'Saved 97 % of the time. '.repeat(10)}`,
  inputs: { rule: 'frequency', filtered_24h: 150 },
  blocked_until: null,
  created_at: '2026-11-22T10:00:00.000Z',
  updated_at: '2026-11-22T10:00:00.000Z',
  undo: 'POST /v1/namespaces/ns_1/index-decisions/dec_1/undo',
  events: [],
}

const empty: IndexReport = {
  namespace: { id: 'ns_1', name: 'films' },
  auto_create_indexes: false,
  next_auto_create_run: null,
  payload_indexes: [],
  suggestions: [],
  decisions: [],
}

const full: IndexReport = {
  ...empty,
  auto_create_indexes: true,
  payload_indexes: [
    { field_name: 'year', type: 'integer', origin: 'auto', state: 'active' },
    { field_name: 'genre', type: 'keyword', origin: 'user', state: 'building' },
    { field_name: 'bucket_id', type: 'keyword', origin: 'system', state: 'active' },
  ],
  suggestions: [
    { field_name: 'year', query_count_24h: 150 },
    { field_name: 'a'.repeat(255), query_count_24h: 3 },
  ],
  decisions: [
    decision,
    { ...decision, decision_id: 'dec_0', state: 'dropped', created_at: '2026-11-21T10:00:00.000Z' },
  ],
}

describe('reportLines()', () => {
  for (const width of [80, 120]) {
    test(`keeps within ${width} characters, whatever fields are called`, () => {
      for (const line of [...reportLines(full, width)].join('\n').split('\n'))
        assert.ok(line.length <= width, line)
    })
  }

  test('has a line a field, the most read first, and leaves out what the system has not built', () => {
    const rows = [...reportLines(full, 80)]
      .filter((line) => line.startsWith('  '))
      .map((line) => line.trim().split(/ {2,}/))

    assert.deepEqual(rows.slice(0, 4), [
      ['field', 'reads/24 h', 'index', 'made by', 'decision'],
      ['year', '150', 'integer', 'itself', 'active'],
      [`${'a'.repeat(22)}…`, '3'],
      ['genre', '0', 'keyword (building)', 'you'],
    ])
  })

  test('says why of the newest decision of a field only, and how it is undone', () => {
    const text = [...reportLines(full, 120)].join('\n')

    assert.equal(text.match(/Filtered 150 times/g)?.length, 1)
    assert.match(text, /→ nacre indexes --namespace films --undo dec_1\b/)
  })

  test('of a namespace where nothing happened says so, and how to switch it on', () => {
    const text = [...reportLines(empty, 80)].join('\n')

    assert.match(text, /auto_create_indexes is off/)
    assert.match(text, /PATCH \/v1\/namespaces\/films \{"auto_create_indexes": true\}/)
    assert.match(text, /No read named a field/)
  })
})
