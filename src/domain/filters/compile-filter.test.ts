import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { PayloadFieldSchema } from '../../ports/vector-engine.ts'
import { compileFilter, type Fact, type FilterContext } from './compile-filter.ts'
import { parseFilter } from './parse-filter.ts'

/** Nothing indexed and everything known to be well, unless said otherwise. */
function compile(input: unknown, given: Partial<FilterContext> = {}) {
  const filter = parseFilter(input, ['body', 'filters'])
  return compileFilter(filter, {
    namespaceId: 'ns_1',
    collectionIds: ['col_1'],
    indexes: new Map(),
    engineFindsWords: true,
    knows: () => true,
    exceptions: () => null,
    ...given,
  })
}
const indexed = (path: string, schema: PayloadFieldSchema) => ({
  indexes: new Map([[path, { schema, isActive: true }]]),
})
const end = (degrees: number) => degrees - 1e-9
const a = (rest: object) => ({ must: [{ key: 'a', ...rest }] })

describe('compileFilter() leaves the whole answer to the engine for', () => {
  const cases: [unknown, unknown][] = [
    [{ a: 'x' }, a({ match: { value: 'x' } })],
    [{ a: true }, a({ match: { value: true } })],
    [{ a: 5 }, a({ match: { value: 5 } })],
    [{ a: 5.5 }, a({ range: { gte: 5.5, lte: 5.5 } })],
    [{ field: 'a', operator: 'in', value: ['x', 'y'] }, a({ match: { any: ['x', 'y'] } })],
    [{ field: 'a', operator: 'gt', value: 5 }, a({ range: { gt: 5 } })],
    [{ NOT: [{ a: 'x' }] }, { must_not: [{ key: 'a', match: { value: 'x' } }] }],
    [
      { field: 'a', operator: 'ne', value: 'x' },
      { must_not: [{ key: 'a', match: { value: 'x' } }] },
    ],
    [{ field: 'a', operator: 'is_null', value: true }, { must: [{ is_null: { key: 'a' } }] }],
    [{ 'metadata.a': 'x' }, a({ match: { value: 'x' } })],
    [{ collection_id: 'c' }, { must: [{ key: '_internal.collection_id', match: { value: 'c' } }] }],
    [
      { document_id: `doc_${'0'.repeat(32)}` },
      { must: [{ has_id: ['00000000-0000-0000-0000-000000000000'] }] },
    ],
    [
      { a: 'x', OR: [{ b: 1 }, { b: 2 }] },
      {
        must: [
          { key: 'a', match: { value: 'x' } },
          {
            should: [
              { key: 'b', match: { value: 1 } },
              { key: 'b', match: { value: 2 } },
            ],
          },
        ],
      },
    ],
  ]
  for (const [input, engine] of cases) {
    test(JSON.stringify(input), () => {
      const compiled = compile(input)

      assert.deepEqual(compiled.engine, engine)
      assert.equal(compiled.residual, null)
    })
  }
})

describe('compileFilter() asks an index only what it holds', () => {
  test('a float index is asked ranges, an integer one for fractions only where none is lost', () => {
    assert.deepEqual(
      compile({ a: 5 }, indexed('a', { type: 'float' })).engine,
      a({ range: { gte: 5, lte: 5 } }),
    )
    const range = { field: 'a', operator: 'gt', value: 5 }
    const lossy = { ...indexed('a', { type: 'integer' }), knows: () => false }
    assert.deepEqual(
      compile(range, indexed('a', { type: 'integer' })).engine,
      a({ range: { gt: 5 } }),
    )
    assert.equal(compile(range, lossy).engine, undefined)
    assert.deepEqual(compile(range, lossy).residual, parseFilter(range, []))
  })

  test('the two ends of a range stay one condition beside what the index does not hold', () => {
    const exceptions = {
      ids: ['x', 'y'],
      values: new Map([
        ['x', [5.5]],
        ['y', [50]],
      ]),
    }
    const knows = ({ kind }: Fact) => kind === 'single'
    const given = { ...indexed('a', { type: 'integer' }), knows, exceptions: () => exceptions }
    const between = [
      { field: 'a', operator: 'gte', value: 5 },
      { field: 'a', operator: 'lt', value: 6 },
    ]

    const compiled = compile({ AND: between }, given)

    assert.equal(compiled.residual, null)
    assert.deepEqual(compiled.engine, {
      should: [
        { must: [{ key: 'a', range: { gte: 5, lt: 6 } }, { must_not: [{ has_id: ['x', 'y'] }] }] },
        { has_id: ['x'] },
      ],
    })
  })

  test('a geo index is asked for boxes that keep from the ends of the globe, and for nothing that it loses', () => {
    const world = { top_left: { lon: -180, lat: 90 }, bottom_right: { lon: 180, lat: -90 } }
    const box = { field: 'a', operator: 'geo_bounding_box', value: world }
    const circle = {
      field: 'a',
      operator: 'geo_radius',
      value: { center: { lon: 179, lat: 0 }, radius: 200_000 },
    }

    const [whole] = compile(box, indexed('a', { type: 'geo' })).engine?.must ?? []
    const around = compile(circle, indexed('a', { type: 'geo' }))

    const inside = {
      top_left: { lon: -end(180), lat: end(90) },
      bottom_right: { lon: end(180), lat: -end(90) },
    }
    assert.deepEqual(whole, { key: 'a', geo_bounding_box: inside })
    assert.equal(around.residual, null)
    const { should, must } = around.engine ?? {}
    assert.equal(should, undefined)
    assert.equal(must?.length, 2)
    assert.deepEqual(must?.[1], {
      must_not: [{ must_not: [{ key: 'a', geo_radius: circle.value }] }],
    })
  })

  test('a date index is asked for a date that it could take for a leap second only where it holds none', () => {
    const dates = indexed('a', { type: 'datetime' })
    const from = (value: string) => ({ field: 'a', operator: 'gte', value })
    const lossy = { ...dates, knows: () => false }

    const noon = compile(from('2024-01-01T12:00:00Z'), lossy)
    const later = compile(from('2024-01-01T12:00:01Z'), lossy)

    assert.ok(noon.residual)
    assert.deepEqual(noon.engine, a({ range: { gte: '2024-01-01T12:00:00.000000Z' } }))
    assert.equal(later.residual, null)
    assert.equal(compile(from('2024-01-01T12:00:00Z'), dates).residual, null)
  })

  test('a uuid index folds case: what it finds is looked at again', () => {
    const id = '550e8400-e29b-41d4-a716-446655440000'
    const compiled = compile({ a: id }, indexed('a', { type: 'uuid' }))

    assert.deepEqual(compiled.engine, a({ match: { any: [id] } }))
    assert.ok(compiled.residual)
  })
})

test('what the engine cannot say is left over, and of an AND only that part', () => {
  const contains = { field: 'b', operator: 'contains', value: 'x' }

  const compiled = compile({ AND: [{ a: 'x' }, contains] })

  assert.deepEqual(compiled.engine, a({ match: { value: 'x' } }))
  assert.deepEqual(compiled.residual, parseFilter(contains, []))
})

test('below NOT a bound never narrows the answer', () => {
  const compiled = compile({ NOT: [{ field: 'a', operator: 'contains', value: 'x' }] })

  assert.equal(compiled.engine, undefined)
  assert.ok(compiled.residual)
})

test('facts that nobody knows are named, and taken for the worse', () => {
  const compiled = compile({ 'metadata.a': 'x' }, { knows: () => null })

  assert.deepEqual(compiled.unknown, [{ kind: 'no_root_key', key: 'metadata' } satisfies Fact])
  assert.match(JSON.stringify(compiled.engine), /"metadata\.a"/)
  assert.equal(compiled.residual, null)
})

test('no filter is every point, and needs no look at any', () => {
  assert.deepEqual(compile(null), { engine: undefined, residual: null, unknown: [] })
})
