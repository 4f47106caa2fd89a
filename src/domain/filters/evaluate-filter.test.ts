import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
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
  ['regex', '^r.d( fox)*$', ['red', 'RED FOX FOX', [5, 'rod']], ['a red', 'red\nfox', 5]],
  ['regex', '\\d{4}', ['in 1999', ['x', '2024-01-01']], ['199', 1999]],
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

test('a small sigma at the end of a word is one within a word, too', () => {
  assert.ok(answer('contains', 'ΑΣ', 'ΑΣΑ'))
  assert.ok(answer('ends_with', 'ας', 'ΟΔΟΣ ΑΣ'))
  assert.ok(
    evaluateFilter(filterOf({ field: 'a', value: 'ασ', case_sensitive: false }), { a: 'ΑΣ' }),
  )
})

test('regex answers where a backtracking engine would take 2 to the power of 50,000 steps', () => {
  assert.ok(!answer('regex', '^(a+)+$', `${'a'.repeat(50_000)}!`))
})

test('a text on which a regex may take too many steps is refused with the setting, whatever it holds', () => {
  const parsed = parseFilter({ field: 'a', operator: 'regex', value: 'x{100}' }, ['body'], {
    limits: { regexStepsMax: 1_000 },
  })
  assert.ok(parsed)

  assert.ok(!evaluateFilter(parsed, { a: 'short' }))
  assert.throws(
    () => evaluateFilter(parsed, { a: 'x'.repeat(100) }),
    (error) =>
      isFailure(error, 'bad_request') && /FILTER_REGEX_STEPS_MAX/.test(error.detail.reason),
  )
})

describe('places on the edge of a shape are outside of it', () => {
  const box = { top_left: { lon: 0, lat: 10 }, bottom_right: { lon: 10, lat: 0 } }
  const crossing = { top_left: { lon: 170, lat: 10 }, bottom_right: { lon: -170, lat: 0 } }
  const ring = (...points: [number, number][]) => ({
    points: points.map(([lon, lat]) => ({ lon, lat })),
  })
  const square = ring([0, 0], [10, 0], [10, 10], [0, 10], [0, 0])
  const hole = ring([2, 2], [4, 2], [4, 4], [2, 4], [2, 2])
  const star = ring([0, 0], [5, 10], [10, 0], [0, 6], [10, 6], [0, 0])
  const cases: [string, string, unknown, [number, number][], [number, number][]][] = [
    [
      'a box',
      'geo_bounding_box',
      box,
      [[5, 5]],
      [
        [0, 5],
        [5, 10],
        [5, -1],
      ],
    ],
    [
      'a box across the 180th meridian',
      'geo_bounding_box',
      crossing,
      [
        [175, 5],
        [-175, 5],
        [180, 5],
      ],
      [
        [170, 5],
        [0, 5],
      ],
    ],
    [
      'a polygon',
      'geo_polygon',
      { exterior: square },
      [[5, 5]],
      [
        [0, 5],
        [10, 10],
        [11, 5],
      ],
    ],
    [
      'a hole',
      'geo_polygon',
      { exterior: square, interiors: [hole] },
      [[5, 5]],
      [
        [3, 3],
        [2, 3],
        [4, 4],
      ],
    ],
    [
      'a ring that crosses itself',
      'geo_polygon',
      { exterior: star },
      [
        [5, 5],
        [5, 9],
      ],
      [
        [5, 0.5],
        [0, 3],
      ],
    ],
    [
      'a circle',
      'geo_radius',
      { center: { lon: 0, lat: 0 }, radius: 112_000 },
      [[1, 0]],
      [
        [1, 1],
        [1.01, 0],
      ],
    ],
    ['no circle at all', 'geo_radius', { center: { lon: 0, lat: 0 }, radius: 0 }, [], [[0, 0]]],
  ]
  for (const [name, operator, given, inside, outside] of cases) {
    test(name, () => {
      for (const [lon, lat] of inside)
        assert.ok(answer(operator, given, { lon, lat }), `${lon}, ${lat}`)
      for (const [lon, lat] of outside)
        assert.ok(!answer(operator, given, { lon, lat }), `${lon}, ${lat}`)
    })
  }
})

function answer(operator: string, given: unknown, value: unknown): boolean {
  return evaluateFilter(filterOf({ field: 'a', operator, value: given }), { a: value })
}

function filterOf(input: unknown) {
  const filter = parseFilter(input, ['body', 'filters'])
  assert.ok(filter)
  return filter
}
