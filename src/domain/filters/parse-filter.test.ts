import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { readConfig } from '../../config.ts'
import { isFailure, type Fault } from '../failure.ts'
import { evaluateFilter } from './evaluate-filter.ts'
import { defaultFilterLimits, filterLimits } from './filter-limits.ts'
import type { Filter } from './filter.ts'
import { parseFilter, type ParseFilterOptions } from './parse-filter.ts'

const leaf = (
  field: string,
  operator: string,
  value: unknown,
  caseSensitive: boolean | null = null,
) => ({ kind: 'leaf', field, operator, value, caseSensitive }) as Filter
const parse = (input: unknown, options?: ParseFilterOptions) =>
  parseFilter(input, ['body', 'filters'], options)

type Found = Fault & { text: string; hint: string }

function faultOf(input: unknown, options?: ParseFilterOptions): Found {
  try {
    parse(input, options)
  } catch (error) {
    assert.ok(isFailure(error, 'request_invalid'), String(error))
    const [fault] = error.detail.faults
    assert.ok(fault)
    const { hint = '' } = error.detail
    return { ...fault, hint, text: `${fault.location.join('.')}: ${fault.message}` }
  }
  assert.fail(`no fault in ${JSON.stringify(input)}`)
}

describe('parseFilter() reads', () => {
  test('nothing as no condition', () => {
    for (const input of [undefined, null, {}, { case_sensitive: false }, { AND: [] }, { NOT: [] }])
      assert.equal(parse(input), null, JSON.stringify(input))
  })

  test('a leaf, bare or in lists; the operator is eq unless it says otherwise', () => {
    assert.deepEqual(parse({ field: 'a.b', operator: 'gte', value: 5 }), leaf('a.b', 'gte', 5))
    assert.deepEqual(parse({ field: 'a', value: 'x' }), leaf('a', 'eq', 'x'))
    assert.deepEqual(parse({ field: 'a', operator: 'EXISTS' }), leaf('a', 'exists', true))
    assert.deepEqual(parse({ OR: [{ field: 'a', value: 1 }, { b: 2 }] }), {
      kind: 'or',
      filters: [leaf('a', 'eq', 1), leaf('b', 'eq', 2)],
    })
  })

  test('the words in either case, NOT of one object, and keys side by side as AND', () => {
    const not = { kind: 'not', filters: [leaf('a', 'eq', 1)] }

    assert.deepEqual(parse({ not: { a: 1 } }), not)
    assert.deepEqual(parse({ NOT: [{ a: 1 }], b: 2, OR: null }), {
      kind: 'and',
      filters: [not, leaf('b', 'eq', 2)],
    })
  })

  test('a field named field in shorthand, and fields named like operators', () => {
    assert.deepEqual(parse({ field: 'x' }), leaf('field', 'eq', 'x'))
    assert.deepEqual(parse({ exists: true, value: 2 }), {
      kind: 'and',
      filters: [leaf('exists', 'eq', true), leaf('value', 'eq', 2)],
    })
  })

  test('what a generated client sends: case_sensitive false at every level, which says nothing', () => {
    const sent = {
      case_sensitive: false,
      AND: [{ case_sensitive: false, AND: [{ field: 'a', operator: 'eq', value: 'X' }] }],
    }

    assert.ok(evaluateFilter(parse(sent) ?? assert.fail(), { a: 'X' }))
    assert.ok(!evaluateFilter(parse(sent) ?? assert.fail(), { a: 'x' }))
  })

  test('case_sensitive true for all leaves below, and at a leaf for that leaf', () => {
    const inherited = {
      case_sensitive: true,
      AND: [{ field: 'a', operator: 'contains', value: 'X' }],
    }
    const own = { field: 'a', operator: 'eq', value: 'X', case_sensitive: false }

    assert.deepEqual(parse(inherited), { kind: 'and', filters: [leaf('a', 'contains', 'X', true)] })
    assert.deepEqual(parse(own), leaf('a', 'eq', 'X', false))
  })
})

describe('dynamic values', () => {
  const inputs = { user: { id: 7, tags: ['a', 'b'] }, text: 'x' }

  test('are taken from the inputs with their types, in both forms', () => {
    const dynamic = { type: 'dynamic', field: 'inputs.user.id' }

    assert.deepEqual(parse({ field: 'a', value: dynamic }, { inputs }), leaf('a', 'eq', 7))
    assert.deepEqual(parse({ a: '{{ INPUT.user.id }}' }, { inputs }), leaf('a', 'eq', 7))
    assert.deepEqual(
      parse({ field: 'a', operator: 'in', value: ['z', '{{INPUT.user.tags}}'] }, { inputs }),
      leaf('a', 'in', ['z', 'a', 'b']),
    )
  })

  test('are kept where inputs are not known yet, and 422 where an input is not given', () => {
    const dynamic = { type: 'dynamic', field: 'nobody' }

    assert.deepEqual(parse({ field: 'a', value: dynamic }), leaf('a', 'eq', dynamic))
    const fault = faultOf({ AND: [{ field: 'a', value: dynamic }] }, { inputs })
    assert.match(fault.text, /^body\.filters\.AND\.0\.value: takes the input 'nobody'/)
    assert.equal(fault.type, 'missing_input')
  })

  test('are checked once they are known, and read own keys only', () => {
    const range = { field: 'a', operator: 'gt', value: '{{INPUT.text}}' }

    assert.match(faultOf(range, { inputs }).text, /number or a date/)
    assert.equal(faultOf({ a: '{{INPUT.constructor}}' }, { inputs }).type, 'missing_input')
  })
})

describe('422 names the place, and what would be right', () => {
  const cases: [unknown, RegExp][] = [
    [5, /^body\.filters: .*the number 5/],
    [[{ a: 1 }], /a list/],
    [{ AND: { a: 1 } }, /^body\.filters\.AND: is a list of conditions/],
    [{ AND: ['a'] }, /^body\.filters\.AND\.0: /],
    [{ OR: [] }, /^body\.filters\.OR: is an empty list/],
    [{ must: [{ key: 'a' }] }, /^body\.filters\.must: 'must' is no word/],
    [{ AND: [{ should: [] }] }, /^body\.filters\.AND\.0\.should: /],
    [
      { field: 'a', operator: 'equals', value: 1 },
      /operator: 'equals' is no operator.*there are eq,/,
    ],
    [{ field: 'a', operator: 'start_with', value: 'x' }, /did you mean.*starts_with/i],
    [{ field: 'a', operator: null, value: [] }, /value: is a string, number or boolean/],
    [{ field: 5, value: 1 }, /^body\.filters\.field: .*the number 5/],
    [{ field: '', operator: 'eq', value: 1 }, /field: .*empty/],
    [{ '': 1 }, /is the dotted path of a field; this is empty/],
    [{ a: null }, /^body\.filters\.a: .*null/],
    [{ a: [1, 2] }, /^body\.filters\.a: .*a list/],
    [{ a: { b: 1 } }, /^body\.filters\.a: .*an object/],
    [{ field: 'a', operator: 'in', value: [1, null] }, /value\.1: .*null/],
    [{ field: 'a', operator: 'gt', value: 'tomorrow' }, /value: is a number or a date/],
    [{ field: 'a', operator: 'regex', value: 5 }, /value: is a string; this is the number 5/],
    [
      { field: 'a', operator: 'regex', value: '(a' },
      /value: is no regular expression: missing closing \)/,
    ],
    [{ field: 'a', operator: 'regex', value: '(?=a)' }, /value: is no regular expression: .*\(\?=/],
    [
      { field: 'a', operator: 'regex', value: '(a)\\1' },
      /value: is no regular expression: invalid escape/,
    ],
    [
      { field: 'a', operator: 'regex', value: '(a{1000}){1000}' },
      /value: is a pattern of about 1002000 instructions/,
    ],
    [
      { field: 'a', operator: 'regex', value: 'a{1001}' },
      /value: is no regular expression: invalid repeat/,
    ],
    [{ field: 'a', value: 1, OR: [{ b: 2 }] }, /^body\.filters\.OR: stands beside field/],
    [
      { field: 'a', operator: 'eq', vale: 1 },
      /^body\.filters\.vale: stands beside field.*did you mean.*value/i,
    ],
    [{ AND: [{ field: 'a', value: 1, b: 2 }] }, /^body\.filters\.AND\.0\.b: stands beside field/],
    [
      {
        field: 'a',
        operator: 'geo_bounding_box',
        value: { top_left: { lon: 0, lat: 1 }, bottom_right: { lon: 1, lat: 2 } },
      },
      /value\.top_left\.lat: lies below bottom_right\.lat, 2/,
    ],
    [{ field: 'a', operator: 'exists', value: 'yes' }, /value: is true or false/],
    [{ field: 'a', operator: 'text', value: 5 }, /value: is a string/],
    [{ field: 'a', value: 1, case_sensitive: 'no' }, /case_sensitive: is true or false/],
    [
      { field: 'a', operator: 'geo_radius', value: { center: { lon: 200, lat: 0 }, radius: 1 } },
      /value\.center\.lon: .*-180 to 180/,
    ],
  ]
  for (const [input, text] of cases)
    test(JSON.stringify(input), () => assert.match(faultOf(input).text, text))

  test('a hint for null, for lists and for the engine’s own words', () => {
    assert.match(faultOf({ a: null }).hint, /is_null/)
    assert.match(faultOf({ a: [1] }).hint, /in and nin/)
    assert.match(faultOf({ must: [] }).hint, /AND/)
  })
})

describe('limits', () => {
  const nested = (depth: number): unknown => (depth === 1 ? { a: 1 } : { AND: [nested(depth - 1)] })

  test('of nesting, conditions and values are the settings’, to the last one', () => {
    const limits = { depthMax: 4, leavesMax: 3, valuesMax: 2 }

    assert.ok(parse(nested(4), { limits }))
    assert.match(faultOf(nested(5), { limits }).text, /deeper than 4 levels/)
    assert.ok(parse({ a: 1, b: 2, c: 3 }, { limits }))
    assert.match(faultOf({ a: 1, b: 2, OR: [{ c: 3 }, { d: 4 }] }, { limits }).text, /more than 3/)
    const list = (value: number[]) => ({ field: 'a', operator: 'nin', value })
    assert.ok(parse(list([1, 2]), { limits }))
    assert.match(faultOf(list([1, 2, 3]), { limits }).text, /more than 2 values/)
  })

  test('of regexes are the settings’: how many, how long, and how large as a program', () => {
    const limits = { regexesMax: 1, regexLengthMax: 8, regexSizeMax: 50 }
    const regex = (value: string) => ({ field: 'a', operator: 'regex', value })

    assert.ok(parse(regex('a{9}'), { limits }))
    assert.match(faultOf({ AND: [regex('a'), regex('b')] }, { limits }).text, /more than 1 cond/)
    assert.match(faultOf(regex('a'.repeat(9)), { limits }).text, /9 characters.*LENGTH_MAX/)
    assert.match(faultOf(regex('a{99}'), { limits }).text, /instructions.*SIZE_MAX/)
    assert.deepEqual(parse(regex('a')), { ...leaf('a', 'regex', 'a'), stepsMax: 10_000_000 })
  })

  test('are those of the settings where a caller names none', () => {
    assert.deepEqual(filterLimits(readConfig({})), defaultFilterLimits)
  })

  test('a field of any length and nesting beyond every limit are faults, not crashes', () => {
    assert.match(faultOf({ ['a'.repeat(2_000)]: 1 }).text, /longer than 1024/)
    assert.match(faultOf(nested(5_000)).text, /deeper than 10/)
  })
})

test('whatever JSON is given, parseFilter() answers a filter that can be evaluated, or a 422', () => {
  const words = fc.constantFrom(
    'AND',
    'OR',
    'NOT',
    'field',
    'operator',
    'value',
    'case_sensitive',
    'a',
  )
  const values = fc.constantFrom('eq', 'in', 'text', 'a', 1, true, null, '{{INPUT.x}}')
  const json = fc.letrec<{ node: unknown }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 6 },
      values,
      fc.array(tie('node'), { maxLength: 3 }),
      fc.dictionary(words, tie('node'), { maxKeys: 4 }),
    ),
  })).node

  fc.assert(
    fc.property(json, (input) => {
      try {
        const filter = parse(input, { inputs: { x: 1 } })
        if (filter) assert.equal(typeof evaluateFilter(filter, { a: 1 }), 'boolean')
      } catch (error) {
        assert.ok(isFailure(error, 'request_invalid'), String(error))
      }
    }),
    { numRuns: 2_000 },
  )
})
