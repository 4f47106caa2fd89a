import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ValueKind } from '../filters/value-profile.ts'
import type { Census } from '../payload-facts/census.ts'
import { chooseSchema } from './choose-schema.ts'

const limits = { exceptionsMax: 1_000, permilleMax: 10 }
const equalities = { eq: 90, in: 20 }
const ranges = { gte: 90, lt: 90 }

describe('chooseSchema()', () => {
  test('whole numbers get an integer index that answers equality and ranges', () => {
    assert.deepEqual(chosen({ integer: 5_000 }), { type: 'integer', lookup: true, range: true })
  })

  test('a single number that is not whole makes it float, so that no range loses it', () => {
    assert.deepEqual(chosen({ integer: 5_000, fraction: 1 }), { type: 'float' })
  })

  test('strings get keyword; dates get datetime where they are compared, keyword where they are equated', () => {
    assert.deepEqual(chosen({ text: 10, date: 5 }), { type: 'keyword' })
    assert.deepEqual(chosen({ date: 10 }, ranges), { type: 'datetime' })
    assert.deepEqual(chosen({ date: 10 }, equalities), { type: 'keyword' })
    assert.deepEqual(chosen({ date: 10_000, text: 1 }, ranges), { type: 'keyword' })
  })

  test('booleans get bool, and places geo where they are looked for as places', () => {
    assert.deepEqual(chosen({ boolean: 10 }), { type: 'bool' })
    assert.deepEqual(chosen({ geo: 10 }, { geo_radius: 200 }), { type: 'geo' })
    assert.equal(chosen({ geo: 10 }, equalities), null)
  })

  test('mixed kinds get none, and the reason counts them', () => {
    const choice = chooseSchema(census({ integer: 500, text: 400 }), equalities, limits)
    assert.equal(choice.schema, null)
    assert.match(choice.reason, /500 integer, 400 text/)
  })

  test('a few values of another kind are exceptions, up to both limits', () => {
    const some = chooseSchema(census({ integer: 9_990, text: 10 }), equalities, limits)
    assert.deepEqual([some.schema?.type, 'exceptions' in some && some.exceptions], ['integer', 10])
    assert.equal(chosen({ integer: 989, text: 11 }), null)
    assert.equal(chosen({ integer: 999_000, text: 1_001 }), null)
  })

  test('nulls need no place, and a field without values waits for some', () => {
    assert.deepEqual(chosen({ text: 5, null: 100 }), { type: 'keyword' })
    const choice = chooseSchema(census({ null: 100 }), equalities, limits)
    assert.equal('cause' in choice && choice.cause, 'nothing_stored')
  })

  test('objects and lists within lists are kept by no index', () => {
    assert.equal(chosen({ object: 10 }), null)
    assert.equal(chosen({ list: 10 }), null)
  })

  test('no text and no uuid index makes itself, whatever stands there', () => {
    const kinds = [
      'null',
      'boolean',
      'integer',
      'fraction',
      'date',
      'text',
      'geo',
      'object',
      'list',
    ]
    for (const one of kinds)
      for (const other of kinds)
        for (const operators of [equalities, ranges, { text: 500 }, { geo_radius: 500 }]) {
          const schema = chosen({ [one]: 1_000, [other]: 1_000 }, operators)
          assert.ok(schema?.type !== 'text' && schema?.type !== 'uuid')
        }
  })

  test('a system index that is listed gets its own schema or none', () => {
    const listed = { type: 'datetime' } as const
    const dates = chooseSchema(census({ date: 10 }), equalities, limits, listed)
    assert.deepEqual(dates.schema, listed)
    assert.equal(chooseSchema(census({ text: 10 }), equalities, limits, listed).schema, null)
  })
})

function chosen(counts: Partial<Record<ValueKind, number>>, operators = equalities as object) {
  return chooseSchema(census(counts), operators as Record<string, number>, limits).schema
}

function census(counts: Partial<Record<ValueKind, number>>): Census {
  const entries = Object.entries(counts)
  const total = entries.reduce((sum, [, count]) => sum + count, 0)
  return {
    path: 'field',
    documents: total,
    withValue: total - (counts.null ?? 0),
    lists: 0,
    kinds: Object.fromEntries(
      entries.map(([kind, documents]) => [kind, { documents, examples: [] }]),
    ),
    distinct: null,
    valueBytes: 8 * total,
    unheld: 0,
    unheldExamples: [],
    exceptions: [],
    isOverflown: false,
    takenAt: '2026-01-01T00:00:00.000Z',
    durationMs: 1,
  }
}
