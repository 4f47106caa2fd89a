import assert from 'node:assert/strict'
import { test } from 'node:test'
import { suggestedType } from './suggested-type.ts'

const uses = { filter: 1, sort: 0, group: 0, facet: 0 }
const none = { index: null }

test('what is asked of a field says which index would serve it', () => {
  const cases: [Record<string, number>, Record<string, number>, string | null][] = [
    [{ eq: 3 }, { text: 3 }, 'keyword'],
    [{ gte: 3, eq: 1 }, { integer: 4 }, 'integer'],
    [{ gte: 3, eq: 1 }, { integer: 3, fraction: 1 }, 'float'],
    [{ lt: 1 }, { date: 1 }, 'datetime'],
    [{ eq: 1 }, { date: 1 }, 'keyword'],
    [{ in: 2 }, { boolean: 2 }, 'bool'],
    [{ geo_radius: 2 }, { object: 2 }, 'geo'],
    [{ text: 5, eq: 1 }, { text: 6 }, 'text'],
    [{ text: 1, eq: 5 }, { text: 6 }, 'keyword'],
    [{ regex: 5, ends_with: 2 }, { text: 7 }, null],
    [{ exists: 5 }, { boolean: 5 }, null],
  ]
  for (const [operators, kinds, type] of cases)
    assert.equal(
      suggestedType({ operators, kinds, uses }, none, null),
      type,
      JSON.stringify([operators, kinds]),
    )
})

test('fields that are only grouped by need keyword, and only sorted by say nothing', () => {
  const bare = { operators: {}, kinds: {} }
  const grouped = { ...bare, uses: { ...uses, filter: 0, group: 2 } }
  assert.equal(suggestedType(grouped, none, null), 'keyword')
  assert.equal(suggestedType({ ...bare, uses: { ...uses, filter: 0, sort: 2 } }, none, null), null)
})

test('a decision, which looked at every value, wins over what use lets guess', () => {
  const usage = { operators: { gte: 1 }, kinds: { integer: 1 }, uses }

  assert.equal(suggestedType(usage, none, { schema: { type: 'float' } }), 'float')
  assert.equal(suggestedType(usage, none, { schema: null }), 'integer')
})
