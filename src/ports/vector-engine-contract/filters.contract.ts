import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import {
  EngineRejection,
  type EngineCondition,
  type EngineFilter,
  type VectorEngine,
} from '../vector-engine.ts'
import {
  films,
  freshName,
  matching,
  pointsWith,
  upsert,
  uuid,
  type OpenEngine,
} from './setup.contract.ts'

const rows = pointsWith([
  {
    s: 'a',
    n: 5,
    yes: true,
    when: '2024-01-01T12:00:00Z',
    at: { lon: 13.4, lat: 52.5 },
    tags: ['x', 'y'],
    in: { deep: 1 },
    items: [
      { k: 'a', v: 1 },
      { k: 'b', v: 2 },
    ],
    text: 'the quick fox',
  },
  {
    s: 'A',
    n: 5.5,
    yes: false,
    when: '2024-06-01T00:00:00Z',
    at: { lon: 2.35, lat: 48.85 },
    tags: [],
    in: { deep: 2 },
    items: [{ k: 'a', v: 2 }],
    text: 'slow',
  },
  { s: 'b', n: '5', yes: 'true', none: null, tags: 'x' },
  { 'a b': 1, '<string>': 'q', in: { 'dot.key': 'd', ünï: 1 }, 'x[0]': 1 },
  {},
])

const cases: [string, EngineCondition, number[]][] = [
  ['a string equal, case and all', { key: 's', match: { value: 'a' } }, [1]],
  ['an integer equal, but no string', { key: 'n', match: { value: 5 } }, [1]],
  ['a boolean equal, but no string', { key: 'yes', match: { value: true } }, [1]],
  ['any of some strings', { key: 's', match: { any: ['a', 'b', 'z'] } }, [1, 3]],
  ['any of nothing', { key: 's', match: { any: [] } }, []],
  [
    'a value outside some strings, of points that have one',
    { key: 's', match: { except: ['a'] } },
    [2, 3],
  ],
  ['one value of a list', { key: 'tags', match: { value: 'x' } }, [1, 3]],
  ['a number at least', { key: 'n', range: { gte: 5 } }, [1, 2]],
  ['a number above', { key: 'n', range: { gt: 5 } }, [2]],
  ['a number below', { key: 'n', range: { lt: 5.5 } }, [1]],
  ['a number between', { key: 'n', range: { gt: 5, lte: 5.5 } }, [2]],
  [
    'a time between',
    { key: 'when', range: { gte: '2024-01-01T00:00:00Z', lt: '2024-06-01T00:00:00Z' } },
    [1],
  ],
  [
    'a place in a circle',
    { key: 'at', geo_radius: { center: { lon: 13.4, lat: 52.5 }, radius: 1_000 } },
    [1],
  ],
  [
    'a place in a box',
    {
      key: 'at',
      geo_bounding_box: { top_left: { lon: 0, lat: 50 }, bottom_right: { lon: 5, lat: 45 } },
    },
    [2],
  ],
  [
    'a place in a polygon',
    {
      key: 'at',
      geo_polygon: {
        exterior: {
          points: [
            { lon: 10, lat: 50 },
            { lon: 20, lat: 50 },
            { lon: 20, lat: 55 },
            { lon: 10, lat: 55 },
            { lon: 10, lat: 50 },
          ],
        },
      },
    },
    [1],
  ],
  ['a number of values', { key: 'tags', values_count: { gte: 2 } }, [1]],
  ['a field that is absent, null or an empty list', { is_empty: { key: 'none' } }, [1, 2, 3, 4, 5]],
  ['an empty list as empty', { is_empty: { key: 'tags' } }, [2, 4, 5]],
  ['a field that is null', { is_null: { key: 'none' } }, [3]],
  ['some ids', { has_id: [uuid(2), uuid(9)] }, [2]],
  ['a path', { key: 'in.deep', match: { value: 2 } }, [2]],
  ['a path through a list', { key: 'items[].v', match: { value: 1 } }, [1]],
  ['a path into one element', { key: 'items[0].v', match: { value: 2 } }, [2]],
  [
    'one element of a list that meets two conditions',
    {
      nested: {
        key: 'items',
        filter: {
          must: [
            { key: 'k', match: { value: 'a' } },
            { key: 'v', match: { value: 2 } },
          ],
        },
      },
    },
    [2],
  ],
  ['a whole word', { key: 'text', match: { text: 'quick' } }, [1]],
  ['a key with a space', { key: 'a b', match: { value: 1 } }, [4]],
  ['a key of the seed page', { key: '<string>', match: { value: 'q' } }, [4]],
  ['a key with a dot, quoted', { key: 'in."dot.key"', match: { value: 'd' } }, [4]],
  ['a key in letters beyond ASCII', { key: 'in.ünï', match: { value: 1 } }, [4]],
  ['a key with brackets, quoted', { key: '"x[0]"', match: { value: 1 } }, [4]],
  ['an odd key as empty', { is_empty: { key: 'a b' } }, [1, 2, 3, 5]],
]

const combinations: [string, EngineFilter, number[]][] = [
  ['nothing: every point', {}, [1, 2, 3, 4, 5]],
  [
    'must: all',
    {
      must: [
        { key: 'n', range: { gte: 5 } },
        { key: 's', match: { value: 'A' } },
      ],
    },
    [2],
  ],
  [
    'should: at least one',
    { should: [{ key: 's', match: { value: 'b' } }, { has_id: [uuid(5)] }] },
    [3, 5],
  ],
  [
    'must_not: none, so points without the field too',
    { must_not: [{ key: 's', match: { value: 'a' } }] },
    [2, 3, 4, 5],
  ],
  [
    'must and should and must_not together',
    {
      must: [{ key: 'n', range: { gte: 5 } }],
      should: [
        { key: 'yes', match: { value: true } },
        { key: 'yes', match: { value: false } },
      ],
      must_not: [{ key: 's', match: { value: 'a' } }],
    },
    [2],
  ],
  [
    'filters within filters',
    {
      must: [
        {
          should: [{ has_id: [uuid(1)] }, { must_not: [{ has_id: [uuid(1), uuid(2), uuid(3)] }] }],
        },
      ],
    },
    [1, 4, 5],
  ],
]

export function filtersContract(open: OpenEngine): void {
  describe('filters, without any payload index', () => {
    const collection = freshName()
    let engine: VectorEngine
    before(async () => {
      engine = await open()
      await engine.createCollection(collection, films)
      await upsert(engine, collection, rows)
    })
    after(async () => {
      await engine.dropCollection(collection)
      await engine[Symbol.asyncDispose]()
    })

    for (const [title, condition, expected] of cases) {
      test(`find ${title}`, async () => {
        assert.deepEqual(await matching(engine, collection, { must: [condition] }), expected)
      })
    }
    for (const [title, filter, expected] of combinations) {
      test(`join conditions: ${title}`, async () => {
        assert.deepEqual(await matching(engine, collection, filter), expected)
        assert.equal(await engine.count(collection, { filter }), expected.length)
      })
    }

    for (const key of ['', 'a"b', 'a\\b']) {
      test(`cannot name the key ${JSON.stringify(key)}`, async () => {
        const filter = { must: [{ key, match: { value: 1 } }] }

        if (key === '') assert.deepEqual(await matching(engine, collection, filter), [])
        else await assert.rejects(engine.count(collection, { filter }), EngineRejection)
      })
    }
  })
}
