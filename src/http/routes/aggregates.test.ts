import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { addKey, faultsIn } from '../../../test/support/asked.ts'
import { openFilms, type Films } from '../../../test/support/films.ts'

let films: Films
let reader: string
const films1990 = [
  { title: 'A', genre: ['drama', 'crime'], year: 1990, rating: 7, released: '1990-03-01' },
  { title: 'B', genre: ['drama'], year: 1991, rating: 8, released: '1991-03-09' },
  { title: 'C', genre: 'comedy', year: 1991, rating: 5, released: '1991-12-24T10:00:00Z' },
  { title: 'D', year: 1999 },
]

before(async () => {
  films = await openFilms()
  reader = await addKey(films.server, 'read')
  await films.made('POST /v1/buckets', [], {
    bucket_name: 'films',
    bucket_schema: { properties: { title: { type: 'string' }, plot: { type: 'text' } } },
  })
  const extractor = { feature_extractor_name: 'passthrough_extractor', version: 'v1' }
  await films.made('POST /v1/collections', [], {
    collection_name: 'films',
    source: { type: 'bucket', bucket_ids: ['films'] },
    feature_extractor: extractor,
  })
  for (const film of films1990) {
    await films.made('POST /v1/collections/{}/documents', ['films'], film)
    await films.made('POST /v1/buckets/{}/objects', ['films'], film)
  }
})
after(async () => {
  await films[Symbol.asyncDispose]()
})

const count = { function: 'count', alias: 'count' }

for (const key of [
  'POST /v1/collections/{}/documents/aggregate',
  'POST /v1/buckets/{}/objects/aggregate',
]) {
  describe(key, () => {
    const ask = (body: unknown, more = {}) => films.ask(key, { path: ['films'], body, ...more })

    test('200 with a group for each value, of lists for each element, and of what has none', async () => {
      const { status, answer } = await ask({
        group_by: [{ field: 'genre' }],
        aggregations: [count, { function: 'avg', field: 'rating', alias: 'rating' }],
        sort_by: 'genre',
        sort_direction: 'asc',
      })

      assert.equal(status, 200)
      assert.deepEqual(answer.results, [
        { group: { genre: 'comedy' }, metrics: { count: 1, rating: 5 } },
        { group: { genre: 'crime' }, metrics: { count: 1, rating: 7 } },
        { group: { genre: 'drama' }, metrics: { count: 2, rating: 7.5 } },
        { group: { genre: null }, metrics: { count: 1, rating: null } },
      ])
      assert.equal(answer.total_groups, 4)
      assert.equal(answer.query_info.items, 4)
    })

    test('200 with dates cut to their year, filtered, having, and limited', async () => {
      const { answer } = await ask({
        group_by: [{ field: 'released', alias: 'released', date_trunc: 'year' }],
        aggregations: [count, { function: 'add_to_set', field: 'title', alias: 'titles' }],
        filters: { field: 'year', operator: 'lt', value: 1999 },
        having: [{ field: 'count', operator: 'gte', value: 1 }],
        sort_by: 'count',
        limit: 1,
      })

      const [{ group, metrics }] = answer.results
      assert.equal(answer.results.length, 1)
      assert.deepEqual(group, { released: '1991-01-01T00:00:00.000Z' })
      assert.deepEqual(metrics.titles.toSorted(), ['B', 'C'])
      assert.equal(answer.total_groups, 2)
    })

    test('422 at what does not hold together, with the nearest name', async () => {
      const by = [{ field: 'genre' }]
      const cases: [unknown, RegExp][] = [
        [{ group_by: [], aggregations: [count] }, /^body\.group_by: /],
        [
          { group_by: by, aggregations: [{ ...count, function: 'summ' }] },
          /^body\.aggregations\.0/,
        ],
        [
          { group_by: by, aggregations: [{ function: 'sum', alias: 's' }] },
          /^body\.aggregations\.0\.field: .*needs a field/,
        ],
        [{ group_by: by, aggregations: [count], sort_by: 'cuont' }, /^body\.sort_by: .*count/],
        [{ group_by: by, aggregations: [count, count] }, /'count' twice/],
        [
          {
            group_by: by,
            aggregations: [count],
            range_buckets: [{ field: 'year', boundaries: [2, 1] }],
          },
          /^body\.range_buckets\.0\.boundaries: must rise/,
        ],
        [
          { group_by: by, aggregations: [count], filters: { field: 'a', operator: 'x', value: 1 } },
          /^body\.filters/,
        ],
      ]
      for (const [body, fault] of cases) {
        const { status, answer } = await ask(body)
        assert.equal(status, 422, JSON.stringify(body))
        assert.match(faultsIn(answer).join('\n'), fault)
      }
    })

    test('a reader may; 401 without a key, 404 in another namespace', async () => {
      const body = { group_by: [{ field: 'genre' }], aggregations: [count] }

      assert.equal((await ask(body, { as: reader })).status, 200)
      assert.equal((await ask(body, { as: null })).status, 401)
      assert.equal((await ask(body, { namespace: 'other' })).status, 404)
    })
  })
}
