import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startTestServer, type Answer, type TestServer } from '../../../test/support/server.ts'

let server: TestServer

const namespace = { 'x-namespace': 'films' }
const films = Array.from({ length: 12 }, (_, i) => ({
  n: i,
  genre: i % 4 === 0 ? 'crime' : i % 4 === 1 ? 'drama' : ['drama', 'war'],
  ...(i !== 5 && { studio: `Studio ${i % 3}` }),
  content:
    i < 2
      ? 'A detective looks for the truth in the rain.'
      : `Film ${i} is about something else ${i * i}.`,
  vectors: { taste: [Math.cos(i / 10), Math.sin(i / 10)] },
}))

before(async () => {
  server = await startTestServer({ NACRE_STAGE_DOCUMENTS_MAX: '100' })
  await server.call('POST', '/v1/namespaces', {
    namespace_name: 'films',
    vectors: { taste: { dimensions: 2, distance: 'cosine' } },
  })
  const { bucket_id } = await call('POST', '/v1/buckets', {
    bucket_name: 'films',
    bucket_schema: { properties: { n: { type: 'integer' } } },
  })
  const { collection_id } = await call('POST', '/v1/collections', {
    collection_name: 'films',
    source: { type: 'bucket', bucket_ids: [bucket_id] },
    feature_extractor: { feature_extractor_name: 'passthrough_extractor', version: 'v1' },
  })
  for (const film of films)
    await call('POST', `/v1/collections/${collection_id}/documents`, { collection_id, ...film })
})
after(async () => {
  await server[Symbol.asyncDispose]()
})

const search = (parameters: object = {}) => ({
  stage_id: 'feature_search',
  parameters: { using: 'taste', query: [1, 0], top_k: 20, final_top_k: 20, ...parameters },
})
const stage = (stage_id: string, parameters: object = {}) => ({ stage_id, parameters })

describe('group_by', () => {
  test('answers documents beside their groups, the best first, under every name of its parameters', async () => {
    for (const parameters of [
      { group_by_field: 'genre', max_per_group: 2 },
      { field: 'metadata.genre', docs_per_group: 2 },
    ]) {
      const { documents, groups, stage_statistics } = await run([
        search(),
        stage('group_by', parameters),
      ])

      assert.deepEqual(
        groups.map(({ key, count }: Answer) => [key, count]),
        [
          ['crime', 3],
          ['drama', 9],
          ['war', 6],
        ],
      )
      assert.deepEqual(ns(documents), [0, 4, 1, 2, 2, 3])
      assert.equal(documents[2]._group.key, 'drama')
      assert.equal(stage_statistics.stages.group_by.metadata.total_groups, 3)
    }
  })

  test('counts what no search has ranked, the largest groups first, and says what is in none', async () => {
    const { groups } = await run([stage('group_by', { field: 'genre', output_mode: 'first' })])
    const { stage_statistics, groups: flat } = await run([
      search(),
      stage('group_by', {
        field: 'studio',
        output_mode: 'flatten',
        sort_groups_by: 'field',
        sort_order: 'asc',
      }),
    ])

    assert.deepEqual(
      groups.map(({ key, documents }: Answer) => [key, documents.length]),
      [
        ['drama', 1],
        ['war', 1],
        ['crime', 1],
      ],
    )
    assert.equal(flat, undefined)
    assert.equal(stage_statistics.stages.group_by.metadata.without_value, 1)
  })
})

describe('aggregate', () => {
  test('computes over all documents, in groups, in every dialect', async () => {
    const { aggregations, documents } = await run([
      stage('aggregate', {
        group_by: 'genre',
        aggregations: [
          { function: 'count', alias: 'films' },
          { type: 'avg', field: 'n', name: 'middle' },
          { function: 'cardinality', field: 'studio', alias: 'studios' },
        ],
        sort_by: 'films',
        limit: 2,
      }),
    ])

    assert.deepEqual(documents, [])
    assert.deepEqual(aggregations.aggregate, {
      results: [
        { group: { genre: 'drama' }, metrics: { films: 9, middle: 6, studios: 3 } },
        { group: { genre: 'war' }, metrics: { films: 6, middle: 6.5, studios: 3 } },
      ],
      total_groups: 3,
    })
  })

  test('counts only what reaches it, and keeps the documents where asked', async () => {
    const counted = stage('aggregate', {
      aggregations: [{ function: 'max', field: 'score', alias: 'best' }, { function: 'count' }],
      include_documents: true,
    })

    const { aggregations, documents } = await run([search({ final_top_k: 3 }), counted])

    assert.deepEqual(aggregations.aggregate.results, [
      { group: {}, metrics: { best: documents[0].score, count: 3 } },
    ])
    assert.equal(documents.length, 3)
  })

  test('422 for an alias that is none and a function without its field', async () => {
    const metrics = [{ function: 'sum', alias: 'total', field: 'n' }]
    assert.match(
      await refused([stage('aggregate', { aggregations: metrics, sort_by: 'totl' })]),
      /did you mean 'total'/,
    )
    assert.match(
      await refused([stage('aggregate', { aggregations: [{ function: 'sum' }] })]),
      /needs a field/,
    )
    assert.match(
      await refused([stage('aggregate', { aggregatoins: metrics })]),
      /did you mean 'aggregations'/,
    )
  })
})

describe('sample', () => {
  test('the same seed draws the same, of a search and of everything', async () => {
    for (const before of [[search()], []]) {
      const draws = await Promise.all(
        [1, 1, 2].map(async (seed) =>
          ns((await run([...before, stage('sample', { size: 4, seed })])).documents),
        ),
      )
      assert.deepEqual(draws[0], draws[1])
      assert.equal(draws[2]?.length, 4)
    }
  })

  test('keeps the best, and so many of each stratum', async () => {
    const top = await run([search(), stage('sample', { count: 5, preserve_top_k: 3, seed: 1 })])
    const strata = await run([
      search(),
      stage('sample', {
        method: 'stratified',
        group_field: 'studio',
        samples_per_group: 1,
        seed: 1,
      }),
    ])

    assert.deepEqual(ns(top.documents).slice(0, 3), [0, 1, 2])
    assert.equal(top.documents.length, 5)
    assert.deepEqual(
      new Set(strata.documents.map(({ studio }: Answer) => studio)),
      new Set(['Studio 0', 'Studio 1', 'Studio 2', undefined]),
    )
    assert.equal(strata.documents.length, 4)
  })

  test('a seed is answered that draws the same again', async () => {
    const first = await run([search(), stage('sample', { count: 3 })])
    const { seed } = first.stage_statistics.stages.sample.metadata
    const second = await run([search(), stage('sample', { count: 3, seed })])

    assert.deepEqual(ns(second.documents), ns(first.documents))
  })
})

describe('deduplicate', () => {
  test('keeps one of each value, and what has none', async () => {
    const first = await run([search(), stage('deduplicate', { fields: ['studio'] })])
    const last = await run([search(), stage('deduplicate', { field: 'studio', keep: 'last' })])

    assert.deepEqual(ns(first.documents), [0, 1, 2, 5])
    assert.deepEqual(ns(last.documents), [5, 9, 10, 11])
  })

  test('keeps one of texts that are nearly the same', async () => {
    const { documents, stage_statistics } = await run([
      search(),
      stage('deduplicate', { strategy: 'content', similarity_threshold: 0.9 }),
    ])

    assert.equal(documents.length, 11)
    assert.equal(stage_statistics.stages.deduplicate.metadata.duplicates, 1)
  })
})

describe('sort_relevance', () => {
  test('orders by the score of the search, or by a number of the documents', async () => {
    const up = await run([search({ final_top_k: 4 }), stage('sort_relevance', { order: 'asc' })])
    const byNumber = await run([
      search({ final_top_k: 4 }),
      stage('sort_relevance', { score_field: 'n' }),
    ])
    const scaled = await run([
      search({ final_top_k: 4 }),
      stage('sort_relevance', { normalize: true }),
    ])

    assert.deepEqual(ns(up.documents), [3, 2, 1, 0])
    assert.deepEqual(ns(byNumber.documents), [3, 2, 1, 0])
    assert.equal(scaled.documents[0].score, 1)
    assert.equal(scaled.documents[3].score, 0)
  })
})

test('an answer that a stage made short says so', async () => {
  const reasonsOf = async (stages: unknown[]) =>
    (await run(stages, { explain: true, limit: 12 })).explain.why_short.map(
      ({ reason }: Answer) => reason,
    )

  assert.ok(
    (await reasonsOf([search(), stage('deduplicate', { field: 'studio' })])).includes('duplicates'),
  )
  assert.ok((await reasonsOf([search(), stage('sample', { count: 2 })])).includes('sample'))
  assert.ok((await reasonsOf([search({ group_by: 'genre' })])).includes('groups'))
  assert.ok(
    (
      await reasonsOf([search(), stage('aggregate', { aggregations: [{ function: 'count' }] })])
    ).includes('aggregate'),
  )
})

test('explain of a saved retriever says how many documents these stages leave at most, and runs none', async () => {
  const stages = [
    search(),
    stage('deduplicate', { field: 'studio' }),
    stage('sample', { count: 4 }),
    stage('aggregate', { aggregations: [{ function: 'count' }] }),
  ]
  await call('POST', '/v1/retrievers', { retriever_name: 'all', stages })

  const { execution_plan } = await call('POST', '/v1/retrievers/all/execute/explain', {})

  assert.deepEqual(
    execution_plan.map(({ estimated_output: left }: Answer) => left),
    [12, 12, 4, 0],
  )
})

function ns(documents: readonly { n: number }[]): number[] {
  return documents.map(({ n }) => n)
}

async function run(stages: unknown[], more: object = {}): Promise<Answer> {
  return await call('POST', '/v1/retrievers/execute', { stages, ...more })
}

async function refused(stages: unknown[]): Promise<string> {
  const path = '/v1/retrievers/execute'
  const response = await server.fetch(path, {
    method: 'POST',
    headers: namespace,
    body: { stages },
  })
  assert.equal(response.status, 422)
  return await response.text()
}

async function call(method: string, path: string, body?: unknown): Promise<Answer> {
  return await server.call(method, path, body, namespace)
}
