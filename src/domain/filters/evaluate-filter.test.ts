import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFailure } from '../failure.ts'
import { evaluateFilter } from './evaluate-filter.ts'
import { parseFilter } from './parse-filter.ts'

/** What each operator means for one value, said once for every way a filter is answered (contract 5.2, 5.3). */
const meanings: [operator: string, given: unknown, holds: unknown[], fails: unknown[]][] = [
  ['eq', 'Red', ['Red', ['blue', 'Red']], ['red', 'Red fox', ['red'], { a: 'Red' }, null]],
  ['eq', 5, [5, 5.0, [5]], ['5', 5.5, [[5]]]],
  ['eq', true, [true], ['true', 1, false]],
  ['ne', 'Red', ['red', null, []], ['Red', ['blue', 'Red']]],
  ['in', ['a', 1], ['a', 1, ['z', 'a']], ['A', '1', []]],
  ['nin', ['a', 1], ['A', '1', []], ['a', [1, 2]]],
  ['gt', 5, [5.5, 6, [1, 9]], [5, '6', null]],
  ['lte', 5, [5, -1], [5.1, '2024-01-01']],
  [
    'gte',
    '2024-01-01T00:00:00Z',
    ['2024-01-01', '2024-01-01T01:00:00+01:00', '2024-06-01 10:00:00'],
    ['2023-12-31T23:59:59.999999Z', 'soon', 1704067200],
  ],
  ['contains', 'ED F', ['Red Fox'], [['red fox'], 5]],
  ['contains', 'a', [['A', 'b']], [['ab']]],
  ['starts_with', 're', ['Red', ['x', 'red']], ['a red']],
  ['ends_with', 'FOX', ['red fox'], ['foxes']],
  ['exists', true, ['', 0, null, [null], {}], [[]]],
  ['is_null', true, [null, [1, null]], [0, '', []]],
  ['text', 'quick FOX', ['The fox is quick', ['quick', 'fox']], ['quickly fox', 'fox']],
  ['phrase', 'red fox', ['a Red, fox!'], ['fox red', ['red', 'fox']]],
]

for (const [operator, given, holds, fails] of meanings) {
  test(`${operator} ${JSON.stringify(given)}`, () => {
    for (const value of holds) assert.ok(answer(operator, given, value), JSON.stringify(value))
    for (const value of fails) assert.ok(!answer(operator, given, value), JSON.stringify(value))
  })
}

test('a missing field meets ne, nin and NOT, and nothing else', () => {
  const missing = (operator: string, value: unknown) =>
    evaluateFilter(filterOf({ field: 'a', operator, value }), { b: 1 })

  for (const [operator, given] of [
    ['ne', 1],
    ['nin', [1]],
    ['exists', false],
    ['is_null', false],
  ] as const)
    assert.ok(missing(operator, given), operator)
  assert.ok(evaluateFilter(filterOf({ NOT: [{ a: 1 }, { a: 2 }] }), { b: 1 }))
  for (const [operator, given] of meanings)
    if (!['ne', 'nin'].includes(operator)) assert.ok(!missing(operator, given), operator)
})

test('NOT holds where none of its conditions does', () => {
  const filter = filterOf({ NOT: [{ a: 1 }, { b: 2 }] })

  assert.ok(evaluateFilter(filter, { a: 2, b: 1 }))
  assert.ok(!evaluateFilter(filter, { a: 1, b: 1 }))
  assert.ok(!evaluateFilter(filter, { a: 2, b: 2 }))
})

test('case counts for eq unless the leaf says otherwise, and never for contains unless it says so', () => {
  const at = (operator: string, caseSensitive: boolean) =>
    evaluateFilter(
      filterOf({ field: 'a', operator, value: 'RED', case_sensitive: caseSensitive }),
      {
        a: 'red',
      },
    )

  assert.deepEqual([at('eq', false), at('eq', true)], [true, false])
  assert.deepEqual([at('contains', false), at('contains', true)], [true, false])
})

test('regex says that it is not run here, and what is', () => {
  assert.throws(
    () => answer('regex', 'a.*', 'abc'),
    (error) => isFailure(error, 'not_enabled') && /starts_with/.test(error.detail.hint ?? ''),
  )
})

function answer(operator: string, given: unknown, value: unknown): boolean {
  return evaluateFilter(filterOf({ field: 'a', operator, value: given }), { a: value })
}

function filterOf(input: unknown) {
  const filter = parseFilter(input, ['body', 'filters'])
  assert.ok(filter)
  return filter
}
