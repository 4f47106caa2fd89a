import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { addKey, faultsIn, openAsk, type Ask } from '../../../test/support/asked.ts'
import { openReadNamespace, type ReadNamespace } from '../../../test/support/read-namespace.ts'
import { startTestServer, type Answer, type TestServer } from '../../../test/support/server.ts'
import { addOrganization } from '../../../test/support/tenant.ts'

const suggestions = 'GET /v1/analytics/indexes/suggestions'
const usage = 'GET /v1/analytics/indexes/usage'
const mostQueried = 'GET /v1/analytics/namespaces/fields/most-queried'
const performance = 'GET /v1/analytics/namespaces/fields/performance'
const slow = 'GET /v1/analytics/namespaces/queries/slow'
const compound = 'GET /v1/analytics/namespaces/indexes/compound-patterns'
const recommendations = 'GET /v1/analytics/namespaces/indexes/recommendations'
const summary = 'GET /v1/analytics/namespaces/summary'
const all = [suggestions, usage, mostQueried, performance, slow, compound, recommendations, summary]

const genre = { field: 'genre', operator: 'eq', value: 'western-secret' }
const price = { field: 'metadata.price', operator: 'lt', value: 20.25 }

/** Reads over HTTP, counted here: 20 by genre, 8 of them with price as well, 5 by year, 3 by parts of titles. */
async function readFilms(films: ReadNamespace): Promise<void> {
  await films.read({ filters: { AND: [genre] } }, 12)
  await films.read({ filters: { AND: [genre, price] } }, 8)
  await films.read({ filters: { AND: [{ field: 'year', operator: 'gte', value: 1990 }] } }, 5)
  const part = { field: 'title', operator: 'contains', value: 'secret 7' }
  await films.read({ filters: { AND: [part] } }, 3)
}

describe('index analytics', () => {
  let server: TestServer
  let ask: Ask
  let films: ReadNamespace

  before(async () => {
    server = await startTestServer({ NACRE_SLOW_READ_MS: '1' })
    const year = { field_name: 'year', type: 'integer' }
    films = await openReadNamespace(server, 'films', { payload_indexes: [year] })
    await openReadNamespace(server, 'empty')
    await films.add(
      Array.from({ length: 300 }, (_, i) => ({
        title: `Title ${i}`,
        genre: i % 3 === 0 ? 'western-secret' : 'comedy',
        price: i / 4,
        year: 1900 + (i % 120),
      })),
    )
    ask = await openAsk(server, { namespace: films.id })
    await readFilms(films)
  })
  after(() => server[Symbol.asyncDispose]())

  const fieldsBy = (answer: Answer): Map<string, Answer> =>
    new Map(answer.fields.map((field: Answer) => [field.field_name, field]))

  test('usage counts every read of every field, and tells which of them an index serves', async () => {
    const { answer } = await ask(usage)

    const fields = fieldsBy(answer)
    assert.deepEqual(
      [...fields].map(([name, { query_count }]) => [name, query_count]),
      [
        ['genre', 20],
        ['metadata.price', 8],
        ['year', 5],
        ['title', 3],
      ],
    )
    assert.equal(answer.namespace_id, films.id)
    assert.equal(answer.period, '24h')
    assert.equal(fields.get('genre').unique_queries, 2)
    assert.deepEqual(
      [...fields.values()].map(({ is_indexed }) => is_indexed),
      [false, false, true, false],
    )
    assert.deepEqual(
      [answer.total_fields, answer.indexed_fields, answer.unindexed_fields],
      [4, 1, 3],
    )
    for (const field of fields.values()) {
      assert.ok(field.avg_latency_ms > 0 && field.p95_latency_ms > 0)
      assert.ok(field.first_seen <= field.last_seen)
    }
  })

  test('usage leaves out what is read less than min_count', async () => {
    const { answer } = await ask(usage, { query: '?period=7d&min_count=8' })

    assert.deepEqual([...fieldsBy(answer).keys()], ['genre', 'metadata.price'])
    assert.deepEqual([answer.total_fields, answer.indexed_fields], [2, 0])
    assert.equal(answer.period, '7d')
  })

  test('suggestions name an index for what is read often, and promise no gain that was not measured', async () => {
    const { answer } = await ask(suggestions, { query: '?min_count=3' })

    assert.equal(answer.analysis_period, '24h')
    assert.equal(answer.auto_create_enabled, false)
    assert.equal(answer.next_auto_create_run, null)
    const told = answer.suggestions.map((one: Answer) => [
      one.field_name,
      one.query_count_24h,
      one.query_count_7d,
      one.suggested_type,
      one.is_indexed,
      one.estimated_performance_gain,
      one.decision,
    ])
    assert.deepEqual(told, [
      ['genre', 20, 20, 'keyword', false, null, null],
      ['metadata.price', 8, 8, 'float', false, null, null],
      ['year', 5, 5, 'integer', true, null, null],
      ['title', 3, 3, 'none', false, null, null],
    ])
    assert.deepEqual((await ask(suggestions)).answer.suggestions, [])
  })

  test('most queried fields come first, and the total counts those beyond the limit', async () => {
    const { answer } = await ask(mostQueried, { query: '?days=1&limit=2' })

    assert.equal(answer.time_range_days, 1)
    assert.deepEqual([...fieldsBy(answer).keys()], ['genre', 'metadata.price'])
    assert.equal(answer.total_fields, 4)
  })

  test('performance ranks fields by the time that their reads took together', async () => {
    const { answer } = await ask(performance)

    assert.equal(answer.fields.length, 4)
    const scores = answer.fields.map((field: Answer) => field.index_priority_score)
    assert.deepEqual(
      scores,
      scores.toSorted((a: number, b: number) => b - a),
    )
    for (const field of answer.fields) {
      const product = field.usage_count * field.avg_latency_ms
      assert.ok(Math.abs(field.index_priority_score - product) < 0.05, JSON.stringify(field))
      assert.ok(field.p50_latency_ms <= field.p95_latency_ms)
      assert.ok(field.p95_latency_ms <= field.p99_latency_ms)
      assert.ok(field.avg_latency_ms <= field.max_latency_ms)
    }
  })

  test('fields that are read together are a pattern, others are none', async () => {
    const { answer } = await ask(compound)

    assert.equal(answer.total_patterns, 1)
    const [pattern] = answer.patterns
    assert.deepEqual(pattern.field_combination.toSorted(), ['genre', 'metadata.price'])
    assert.equal(pattern.combination_count, 8)
    assert.ok(pattern.avg_latency_ms > 0 && pattern.p95_latency_ms > 0)
  })

  test('recommendations leave out what has an index, and say where none would help', async () => {
    const { answer } = await ask(recommendations, { query: '?min_usage_count=3' })

    const told = answer.recommendations.map((one: Answer) => [one.field_name, one.query_count])
    assert.deepEqual(told[0], ['genre', 20])
    assert.deepEqual(told.map(([name]: [string]) => name).toSorted(), [
      'genre',
      'metadata.price',
      'title',
    ])
    assert.deepEqual(answer.summary, {
      total: 3,
      high_priority: 0,
      medium_priority: 0,
      low_priority: 1,
      no_action: 2,
    })
    const byName = new Map<string, Answer>(
      answer.recommendations.map((one: Answer) => [one.field_name, one]),
    )
    assert.match(byName.get('genre').recommendation, /^LOW PRIORITY: an index of type keyword/)
    assert.match(byName.get('title').recommendation, /^NO ACTION: no payload index serves/)
    assert.equal(byName.get('title').mongodb_index_command, '')
    const few = await ask(recommendations, { query: '?min_usage_count=9' })
    assert.equal(few.answer.recommendations.length, 1)
  })

  test('summary has the first rows of the others, and counts what they count', async () => {
    const { answer } = await ask(summary, { query: '?days=90' })

    assert.equal(answer.time_range_days, 90)
    assert.deepEqual(answer.summary, {
      total_fields: 4,
      indexed_fields: 1,
      unindexed_fields: 3,
      total_recommendations: 2,
      high_priority_recommendations: 0,
      total_compound_patterns: 1,
      auto_create_enabled: false,
    })
    assert.equal(answer.most_queried_fields[0].field_name, 'genre')
    assert.equal(answer.slowest_fields.length, 4)
    assert.equal(answer.compound_indexes.length, 1)
    assert.equal(answer.recommendations[0].field_name, 'genre')
  })

  test('slow reads are told slowest first, by their shape, from the threshold on', async () => {
    const wide = await openReadNamespace(server, 'wide')
    const text = 'abcdefghij '.repeat(60)
    const part = { field: 'text', operator: 'contains', value: 'secret' }
    // However fast the machine is: more documents, until a read of all of them takes that long.
    for (let [i, took] = [0, 0]; took < 150 && i < 50; i++) {
      await wide.add(Array.from({ length: 2_000 }, (_, n) => ({ text: `${text}${i}-${n}` })))
      const start = globalThis.performance.now()
      await wide.read({ filters: { AND: [part] } })
      took = globalThis.performance.now() - start
    }

    const { answer } = await ask(slow, {
      namespace: wide.id,
      query: '?latency_threshold_ms=100&limit=1',
    })

    assert.equal(answer.latency_threshold_ms, 100)
    assert.equal(answer.recorded_from_ms, 1)
    assert.ok(answer.total_slow_queries >= 1)
    const [read, ...others] = answer.slow_queries
    assert.equal(others.length, 0)
    assert.ok(read.latency_ms >= 100)
    assert.deepEqual(read.queried_fields, ['text'])
    assert.equal(read.results_count, 0)
    assert.match(read.query, /text contains/)
    const { answer: high } = await ask(slow, {
      namespace: wide.id,
      query: '?latency_threshold_ms=10000',
    })
    assert.deepEqual([high.slow_queries, high.total_slow_queries], [[], 0])
  })

  test('no answer tells a value of a filter, to whomever', async () => {
    const readKey = await addKey(server, 'read')
    for (const key of all)
      for (const as of [server.key, readKey]) {
        const query = key === recommendations ? '?min_usage_count=1' : ''
        const { status, answer } = await ask(key, { as, query })
        assert.equal(status, 200, key)
        assert.doesNotMatch(JSON.stringify(answer), /secret|20\.25|1990/, key)
      }
  })

  test('a namespace that nobody read answers all eight, with nothing in them', async () => {
    for (const key of all) {
      const { status, answer } = await ask(key, { namespace: 'empty' })
      assert.equal(status, 200, key)
      const lists = Object.values(answer).filter((value) => Array.isArray(value))
      assert.ok(lists.length > 0)
      assert.deepEqual(lists.flat(), [], key)
    }
  })

  test('404 for a namespace that is absent or of another organization, 401 without a key, 400 without a namespace', async () => {
    const other = await addOrganization(server.ports)
    for (const key of all) {
      assert.equal((await ask(key, { namespace: 'absent' })).status, 404, key)
      assert.equal((await ask(key, { as: other })).status, 404, key)
      assert.equal((await ask(key, { as: null })).status, 401, key)
      assert.equal((await ask(key, { namespace: undefined })).status, 400, key)
    }
  })

  test('422 names what is out of bounds', async () => {
    const wrong: [string, string][] = [
      [suggestions, 'hours=0'],
      [suggestions, 'hours=721'],
      [suggestions, 'min_count=0'],
      [suggestions, 'min_count=10001'],
      [usage, 'period=0h'],
      [usage, 'period=24'],
      [usage, 'period=1w'],
      [usage, 'min_count=0'],
      [mostQueried, 'days=0'],
      [mostQueried, 'limit=1001'],
      [performance, 'days=91'],
      [slow, 'latency_threshold_ms=99'],
      [slow, 'latency_threshold_ms=10001'],
      [slow, 'limit=501'],
      [compound, 'days=1.5'],
      [recommendations, 'min_usage_count=101'],
      [recommendations, 'limit=101'],
      [summary, 'days=abc'],
    ]
    for (const [key, query] of wrong) {
      const { status, answer } = await ask(key, { query: `?${query}` })
      assert.equal(status, 422, `${key} ${query}`)
      assert.match(faultsIn(answer).join(), new RegExp(`query\\.${query.split('=')[0]}:`))
    }
  })

  test('the request that a recommendation names makes its index, and keeps the others', async () => {
    const { answer } = await ask(recommendations)
    const found = answer.recommendations.find((one: Answer) => one.field_name === 'genre')
    const [, method = '', path = '', body = ''] =
      /^(\S+) (\S+) (.*)$/.exec(found.mongodb_index_command) ?? []

    await server.call(method, path, JSON.parse(body))

    const { payload_indexes } = await server.call('GET', `/v1/namespaces/${films.id}`)
    const own = payload_indexes.filter((index: Answer) => index.origin === 'user')
    assert.deepEqual(
      own.map((index: Answer) => [index.field_name, index.type, index.state]),
      [
        ['year', 'integer', 'active'],
        ['genre', 'keyword', 'active'],
      ],
    )
    const left = (await ask(recommendations)).answer.recommendations
    assert.ok(left.every((one: Answer) => one.field_name !== 'genre'))
  })

  test('all of them also answer below the namespace', async () => {
    for (const key of all) {
      const path = key.replace('GET /v1', `/v1/namespaces/${films.id}`)
      const response = await server.fetch(path)
      assert.equal(response.status, 200, path)
    }
  })
})
