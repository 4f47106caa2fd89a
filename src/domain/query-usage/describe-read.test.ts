import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseFilter } from '../filters/parse-filter.ts'
import { describeRead } from './describe-read.ts'

const list = { kind: 'list', retrieverId: null } as const

describe('describeRead()', () => {
  test('names path, operator, kind of value and place of each condition, and no value', () => {
    const described = describeRead(
      list,
      filterOf({
        AND: [
          { field: 'metadata.brand', operator: 'eq', value: 'Secret' },
          { field: 'price', operator: 'gte', value: 12.5 },
          { OR: [{ field: 'year', operator: 'in', value: [1, 2] }, { created_at: '2024-01-31' }] },
        ],
        NOT: [{ field: 'gone', operator: 'exists', value: true }],
      }),
      null,
    )

    assert.equal(
      described?.shape,
      'list: NOT gone exists none & OR _internal.created_at eq date & OR year in integer & brand eq text & price gte fraction',
    )
    assert.ok(!JSON.stringify(described).includes('Secret'))
  })

  test('two filters that differ in values and in order alone have one shape', () => {
    const a = shapeOf({ AND: [{ x: 'one' }, { y: 1 }] })
    const b = shapeOf({ AND: [{ y: 2 }, { x: 'two' }] })

    assert.equal(a, b)
    assert.notEqual(a, shapeOf({ AND: [{ x: 1 }, { y: 1 }] }))
    assert.notEqual(a, shapeOf({ OR: [{ x: 'one' }, { y: 1 }] }))
  })

  test('a field stands under one path however it is written, and keeps the name that was sent', () => {
    const described = describeRead(list, filterOf({ 'metadata.color': 'red' }), null)

    assert.deepEqual(
      described?.fields.map(({ path, field }) => ({ path, field })),
      [{ path: 'color', field: 'metadata.color' }],
    )
  })

  test('a search says its vector, a sort and a group their fields, without a filter too', () => {
    const asked = {
      kind: 'sort',
      retrieverId: null,
      fields: [{ field: 'year', use: 'sort' }],
    } as const
    assert.equal(describeRead(asked, null, null)?.shape, 'sort: all, sort by year')
    assert.equal(
      describeRead({ ...list, kind: 'search' }, filterOf({ a: true }), 'text')?.shape,
      'search by text: a eq boolean',
    )
    assert.equal(describeRead(list, null, null), null)
  })

  test('texts compared in any case are told from those compared exactly', () => {
    const leaf = { field: 'a', operator: 'eq', value: 'x', case_sensitive: false }

    assert.equal(shapeOf(leaf), 'list: a eq_any_case text')
  })

  test('hundreds of conditions, and names without end, stay within bounds', () => {
    const wide = { OR: Array.from({ length: 500 }, (_, i) => ({ [`field_${i}`]: i })) }
    const long = { ['x'.repeat(1_000)]: 1 }
    const described = describeRead(list, filterOf(wide), null)

    assert.ok(described && described.fields.length <= 16)
    assert.ok(described.shape.length < 1_200)
    assert.match(described.shape, / & \d+ more$/)
    assert.ok((shapeOf(long) ?? '').length < 300)
  })
})

function shapeOf(input: unknown): string | undefined {
  return describeRead(list, filterOf(input), null)?.shape
}

function filterOf(input: unknown) {
  const filter = parseFilter(input, ['body', 'filters'])
  assert.ok(filter)
  return filter
}
