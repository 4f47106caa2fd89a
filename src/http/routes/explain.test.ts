import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { writeDocuments } from '../../domain/documents/write.ts'
import { findNamespace } from '../../domain/namespaces/find-namespace.ts'
import { flushExecutions } from '../../domain/retrievers/execution-log.ts'
import { startTestServer, type Answer, type TestServer } from '../../../test/support/server.ts'

let server: TestServer
let collectionId: string
let emptyId: string

const namespace = { 'x-namespace': 'places' }

/** Ten documents around a circle, two without a vector, and one whose year no integer index can hold. */
const documents = Array.from({ length: 12 }, (_, i) => ({
  n: i,
  kind: i % 3 === 0 ? 'inn' : 'pub',
  year: 2000 + i,
  name: `House ${i}`,
  ...(i < 10 && { vectors: { place: [Math.cos(i / 10), Math.sin(i / 10)] } }),
}))

before(async () => {
  server = await startTestServer({ NACRE_SCAN_DOCUMENTS_MAX: '1000' })
  await server.call('POST', '/v1/namespaces', {
    namespace_name: 'places',
    vectors: { place: { dimensions: 2, distance: 'cosine' } },
    payload_indexes: [
      { field_name: 'kind', type: 'keyword' },
      { field_name: 'year', type: 'integer' },
    ],
  })
  const { bucket_id } = await call('POST', '/v1/buckets', {
    bucket_name: 'houses',
    bucket_schema: { properties: { n: { type: 'integer' } } },
  })
  collectionId = await addCollection('houses', bucket_id)
  emptyId = await addCollection('empty', bucket_id)
  for (const document of documents) {
    const path = `/v1/collections/${collectionId}/documents`
    await call('POST', path, { collection_id: collectionId, ...document })
  }
})
after(async () => {
  await server[Symbol.asyncDispose]()
})

describe('explain: true', () => {
  test('is absent unless it is asked for, and changes nothing of the answer', async () => {
    const stages = [search({ final_top_k: 3 })]

    const plain = await run({ stages })
    const told = await run({ stages, explain: true })

    assert.equal(plain.explain, undefined)
    assert.deepEqual(told.documents, plain.documents)
    assert.deepEqual(told.pagination, plain.pagination)
    assert.equal(told.explain.is_short, false)
    assert.deepEqual(told.explain.why_short, [])
  })

  test('says of a search which index served each condition, and that every candidate was scored', async () => {
    const pre_filters = {
      AND: [
        { field: 'kind', operator: 'eq', value: 'inn' },
        { field: 'n', operator: 'gte', value: 1 },
      ],
    }

    const { explain } = await run({ stages: [search({ pre_filters })], limit: 2, explain: true })

    const [read] = explain.reads
    assert.equal(explain.reads.length, 1)
    assert.deepEqual(read.stages, ['search'])
    const [{ filter, ...one }] = read.searches
    assert.equal(one.method, 'exact')
    assert.match(one.why, /10 vectors/)
    assert.deepEqual(one.compared_with_exact, { same: 3, of: 3 })
    assert.equal(filter.in_scope, 12)
    assert.equal(filter.candidates, 3)
    assert.equal(filter.documents_tested, 0)
    assert.ok(filter.engine_filter.must.length > 0)
    const [kind, n] = filter.conditions
    assert.deepEqual(kind.index, {
      field_name: 'kind',
      type: 'keyword',
      origin: 'user',
      state: 'active',
    })
    assert.equal(kind.answered_by, 'engine')
    assert.equal(kind.why, null)
    assert.equal(kind.matches, 4)
    assert.equal(n.index, null)
    assert.equal(n.why, "no index on 'n'")
    assert.equal(n.matches, 11)
  })

  test('says what was tested outside of the engine, and on how many documents', async () => {
    const { explain } = await run({
      stages: [filter({ field: 'name', operator: 'contains', value: '1' })],
      explain: true,
    })

    const { filter: told, how, kind } = explain.reads.at(-1)
    assert.equal(kind, 'pass')
    assert.match(how, /12 documents read.*each tested/)
    assert.equal(told.documents_tested, 12)
    assert.equal(told.candidates, 3)
    assert.equal(told.conditions[0].answered_by, 'test')
    assert.match(told.conditions[0].why, /no contains/)
  })

  test('says which index gave the order, and why none did', async () => {
    const sort = (field: string) => [{ stage_id: 'sort_attribute', parameters: { field } }]

    const served = await run({ stages: sort('year'), explain: true, limit: 5 })
    const passed = await run({ stages: sort('n'), explain: true, limit: 5 })

    assert.deepEqual(
      served.documents.map((each: Answer) => each.n),
      [11, 10, 9, 8, 7],
    )
    assert.deepEqual(
      served.explain.reads.map(({ kind }: Answer) => kind),
      ['order'],
    )
    assert.match(served.explain.reads[0].how, /index on 'year'/)
    assert.match(passed.explain.reads[0].how, /sorted here by 'n'/)
    assert.deepEqual(
      passed.documents.map((each: Answer) => each.n),
      [11, 10, 9, 8, 7],
    )
  })
})

test('facets count all that meets the filter, by an index where one holds every value', async () => {
  const parameters = { facets: ['kind', { key: 'n', limit: 2 }], pre_filters: nAtLeast(3) }

  const { facets, explain } = await run({ stages: [search(parameters)], limit: 1, explain: true })

  assert.deepEqual(facets.kind, [
    { value: 'pub', count: 6 },
    { value: 'inn', count: 3 },
  ])
  assert.equal(facets.n.length, 2)
  const kinds = explain.reads.map(({ kind }: Answer) => kind)
  assert.deepEqual(kinds, ['search', 'values', 'pass'])
  assert.match(explain.reads[1].how, /index on 'kind'/)
})

test('documents that an index cannot hold are told, and orders and facets then go without it', async () => {
  const stages = [filter({ field: 'year', operator: 'gte', value: 2010.2 })]
  const sorted = [{ stage_id: 'sort_attribute', parameters: { field: 'year' } }]
  const before = await run({ stages, explain: true })
  const { document_id } = await call('POST', `/v1/collections/${collectionId}/documents`, {
    collection_id: collectionId,
    n: 20,
    year: 2010.5,
  })

  const after = await run({ stages, explain: true })
  const byYear = await run({ stages: sorted, limit: 3, explain: true })

  await call('DELETE', `/v1/collections/${collectionId}/documents/${document_id}`)
  const told = after.explain.reads.at(-1).filter
  assert.equal(before.explain.reads.at(-1).filter.exceptions_tested, 0)
  assert.equal(told.exceptions_tested, 1)
  assert.equal(told.documents_tested, 0)
  assert.equal(told.candidates, 2)
  assert.equal(told.conditions[0].index.type, 'integer')
  assert.match(told.conditions[0].why, /one document has a value that the index cannot hold/)
  assert.deepEqual(
    after.documents.map((each: Answer) => each.year).toSorted((a: number, b: number) => a - b),
    [2010.5, 2011],
  )
  assert.deepEqual(
    byYear.documents.map((each: Answer) => each.year),
    [2011, 2010.5, 2010],
  )
  assert.match(byYear.explain.reads[0].how, /sorted here by 'year'/)
})

describe('the graph', () => {
  test('is said to be walked where there are enough vectors, and not where a filter leaves few', async () => {
    await server.call('POST', '/v1/namespaces', {
      namespace_name: 'wide',
      vectors: { wide: { dimensions: 4_096, distance: 'cosine' } },
      payload_indexes: [{ field_name: 'n', type: 'integer' }],
    })
    const { ports } = server
    const { organization_id: organizationId } = await ports.db
      .selectFrom('namespaces')
      .select('organization_id')
      .executeTakeFirstOrThrow()
    const wide = await findNamespace(ports, organizationId, 'wide')
    const points = Array.from({ length: 700 }, (_, n) => ({
      id: randomUUID(),
      collectionId: 'col_wide',
      origin: 'api' as const,
      fields: { n },
      vectors: { wide: Float32Array.from({ length: 4_096 }, (__, i) => Math.sin(n * i + n)) },
    }))
    for (let i = 0; i < points.length; i += 100)
      await writeDocuments(ports, wide, points.slice(i, i + 100))
    const query = { input_mode: 'vector', value: [...(points[0]?.vectors.wide ?? [])] }
    const ask = async (pre_filters?: object) => {
      const stages = [
        search({ ...(pre_filters && { pre_filters }) }, { feature_uri: 'wide', query }),
      ]
      const body = { stages, explain: true, limit: 5 }
      const headers = { 'x-namespace': 'wide' }
      const { explain } = await server.call('POST', '/v1/retrievers/execute', body, headers)
      return explain.reads[0].searches[0]
    }

    const all = await ask()
    const few = await ask({ field: 'n', operator: 'lt', value: 20 })
    const most = await ask({ field: 'n', operator: 'gte', value: 20 })

    assert.deepEqual([all.method, few.method, most.method], ['graph', 'exact', 'graph'])
    assert.match(few.why, /20 candidates, fewer than 625/)
    assert.deepEqual(few.compared_with_exact, { same: 20, of: 20 })
    assert.equal(few.filter.conditions[0].index.type, 'integer')
    assert.ok(all.compared_with_exact.same <= all.compared_with_exact.of)
  })
})

describe('POST /v1/retrievers/{retriever_id}/execute/explain', () => {
  test('200 counts what each stage would leave, and runs none', async () => {
    const { retriever_id: id } = await call('POST', '/v1/retrievers', {
      retriever_name: 'estimated',
      collection_ids: [collectionId],
      input_schema: { kind: { type: 'string', required: true } },
      stages: [
        filter({ field: 'kind', operator: 'eq', value: '{{INPUT.kind}}' }),
        search({ final_top_k: 6, pre_filters: nAtLeast(1) }),
        filter({ field: 'year', operator: 'lt', value: 2006 }),
        { stage_id: 'limit', parameters: { limit: 1 } },
      ],
    })
    const explain = (kind?: string) =>
      call('POST', `/v1/retrievers/${id}/execute/explain`, { inputs: { kind } })

    const estimate = await explain('pub')

    const plan = estimate.execution_plan
    assert.equal(estimate.retriever_id, id)
    assert.equal(estimate.total_estimated_stages, 4)
    assert.deepEqual(
      plan.map((stage: Answer) => [stage.estimated_input, stage.estimated_output]),
      // 4 of 8 pubs are of before 2006: so may be half of the six that are found.
      [
        [12, 8],
        [8, 6],
        [6, 3],
        [3, 1],
      ],
    )
    assert.deepEqual(plan[0].optimization_notes, [
      'kind eq: served by the keyword index',
      'never executed so far: its duration is not known',
    ])
    assert.deepEqual(plan[1].warnings, ["n gte: no index on 'n'"])
    assert.deepEqual(estimate.optimization_suggestions[0].field_name, 'n')
    assert.equal(estimate.estimated_cost.total_duration_ms, 0)
    const { executions } = await server.ports.db
      .selectFrom('executions')
      .select((query) => query.fn.countAll<number>().as('executions'))
      .where('retriever_id', '=', id)
      .executeTakeFirstOrThrow()
    assert.equal(Number(executions), 0)
  })

  test('200 with the medians of what was executed; 422 for inputs that would be refused; 404', async () => {
    await call('POST', '/v1/retrievers', { retriever_name: 'timed', stages: [search()] })
    await call('POST', '/v1/retrievers/timed/execute', {})
    await flushExecutions(server.ports)

    const estimate = await call('POST', '/v1/retrievers/timed/execute/explain', {})
    const missing = await post('/v1/retrievers/estimated/execute/explain', {})
    const absent = await post('/v1/retrievers/none/execute/explain', {})

    assert.ok(estimate.execution_plan[0].estimated_duration_ms > 0)
    assert.deepEqual(estimate.bottleneck_stages, ['search'])
    assert.equal(missing.status, 422)
    assert.equal(absent.status, 404)
  })
})

describe('why an answer is short', () => {
  test('no_documents: the collections are empty', async () => {
    await isShort({ stages: [search()], collection_ids: [emptyId] }, 'no_documents')
  })

  test('data: all there are were found', async () => {
    const { message, figures } = await isShort(
      { stages: [filter(nAtLeast(0))], limit: 100 },
      'data',
    )

    assert.equal(figures.in_scope, 12)
    assert.match(message, /only 12 documents/)
  })

  test('filter: the narrowest condition is named with its count', async () => {
    const conditions = { AND: [nAtLeast(2), { field: 'kind', operator: 'eq', value: 'inn' }] }

    const { message, figures } = await isShort({ stages: [filter({ conditions })] }, 'filter')

    assert.equal(figures.candidates, 3)
    assert.match(message, /3 of 12 documents.*kind eq, holds for 4/)
  })

  test('no_vector: documents without the vector cannot be found by it', async () => {
    const pre_filters = nAtLeast(8)

    const { figures } = await isShort({ stages: [search({ pre_filters })], limit: 4 }, 'no_vector')

    assert.deepEqual(figures, { candidates: 4, with_vector: 2 })
  })

  test('min_score: how many lie below, and the best of them', async () => {
    const { figures } = await isShort({ stages: [search({}, { min_score: 0.99 })] }, 'min_score')

    assert.equal(figures.min_score, 0.99)
    assert.equal(figures.below, 8)
    assert.ok(figures.best_below < 0.99 && figures.best_below > 0.97)
  })

  test('top_k: the search was allowed fewer', async () => {
    const { figures } = await isShort({ stages: [search({}, { top_k: 4 })], limit: 8 }, 'top_k')

    assert.equal(figures.top_k, 4)
  })

  test('empty_query: the search was left out', async () => {
    const { document_id } = await call('POST', `/v1/collections/${collectionId}/documents`, {
      collection_id: collectionId,
      n: -1,
    })
    const query = { input_mode: 'document', document_ref: { document_id } }
    const stages = [search({}, { query, on_empty: 'skip' })]

    await isShort({ stages }, 'empty_query')

    await call('DELETE', `/v1/collections/${collectionId}/documents/${document_id}`)
  })

  test('stage_limit: a stage lets fewer through than the page asks for', async () => {
    const stages = [filter(nAtLeast(0)), { stage_id: 'limit', parameters: { limit: 4 } }]

    const unread = await isShort({ stages, limit: 8 }, 'stage_limit')
    const read = await isShort({ stages: [search({ final_top_k: 3 })], limit: 8 }, 'stage_limit')

    assert.equal(unread.figures.limit, 4)
    assert.equal(read.figures.limit, 3)
  })

  test('stage_offset: a stage skips what was found', async () => {
    const stages = [search(), { stage_id: 'limit', parameters: { limit: 10, offset: 6 } }]

    const { figures } = await isShort({ stages }, 'stage_offset')

    assert.equal(figures.offset, 6)
  })

  test('stage_filter: a condition was tested on what a search had found', async () => {
    const stages = [search(), filter({ field: 'kind', operator: 'eq', value: 'inn' })]

    const { figures } = await isShort({ stages }, 'stage_filter')

    assert.deepEqual(figures, { input: 10, output: 4 })
  })

  test('post_filters: the same beside a stage', async () => {
    const stage = search()
    Object.assign(stage.config, { post_filters: nAtLeast(7) })

    const { figures } = await isShort({ stages: [stage] }, 'post_filters')

    assert.deepEqual(figures, { output: 10, kept: 3 })
  })

  test('last_page: the page begins where little is left', async () => {
    const stages = [filter(nAtLeast(0))]
    const pagination = { page_size: 5, page_number: 3 }

    const { figures } = await isShort({ stages, pagination }, 'last_page')

    assert.deepEqual(figures, { offset: 10, left: 2 })
  })

  test('budget: the time was used up before the last stage', async () => {
    const { message } = await isShort(
      {
        stages: [search(), { stage_id: 'limit', parameters: { limit: 9 } }],
        budget_limits: { max_time_ms: 0.000_1 },
        limit: 20,
      },
      'budget',
    )

    assert.match(message, /Budget exceeded.*not run/)
  })

  test('scan limit: an answer that would read too much is no short answer, it is refused and says so', async () => {
    const many = Array.from({ length: 1_001 }, (_, i) => JSON.stringify({ n: i, name: 'x' }))
    const path = `/v1/collections/${emptyId}/documents/import`
    await server.fetch(path, {
      method: 'POST',
      headers: { ...namespace, 'content-type': 'application/x-ndjson' },
      body: many.join('\n'),
    })

    const response = await server.fetch('/v1/retrievers/execute', {
      method: 'POST',
      headers: namespace,
      body: {
        stages: [filter({ field: 'name', operator: 'contains', value: 'y' })],
        collection_ids: [emptyId],
        explain: true,
      },
    })

    assert.equal(response.status, 400)
    assert.match(await response.text(), /NACRE_SCAN_DOCUMENTS_MAX/)
  })
})

describe('whatever the stages', () => {
  const runs = Number(process.env['NACRE_PROPERTY_RUNS'] ?? 60)
  const condition = fc.oneof(
    fc.integer({ min: -1, max: 14 }).map(nAtLeast),
    fc.constantFrom('inn', 'pub', 'no').map((value) => ({ field: 'kind', operator: 'eq', value })),
    fc
      .constantFrom('1', '11', 'x')
      .map((value) => ({ field: 'name', operator: 'contains', value })),
    fc.integer({ min: 1998, max: 2012 }).map((value) => ({ field: 'year', operator: 'ne', value })),
  )
  const few = fc.integer({ min: 1, max: 14 })
  const stage = fc.oneof(
    condition.map(filter),
    fc
      .record({ limit: few, offset: fc.constantFrom(0, 0, 1, 5, 13) })
      .map((parameters) => ({ stage_id: 'limit', parameters })),
    fc
      .record({ field: fc.constantFrom('n', 'year', 'name'), nulls_last: fc.boolean() })
      .map((parameters) => ({ stage_id: 'sort_attribute', parameters })),
  )
  const searching = fc
    .record(
      {
        final_top_k: few,
        pre_filters: condition,
        facets: fc.constantFrom(['kind'], ['year', 'n']),
        one: fc.record(
          { top_k: few, min_score: fc.constantFrom(0.5, 0.9, 0.99) },
          { requiredKeys: [] },
        ),
        isFused: fc.boolean(),
        post_filters: condition,
      },
      { requiredKeys: ['one', 'isFused'] },
    )
    .map(({ one, isFused, post_filters, ...parameters }) => {
      const made = search(parameters, one)
      const { searches } = made.config.parameters
      if (isFused) made.config.parameters.searches = [...searches, ...searches]
      return { ...made, config: { ...made.config, ...(post_filters && { post_filters }) } }
    })
  const page = fc.oneof(
    few.map((limit) => ({ limit })),
    fc
      .record({ page_size: few, page_number: fc.integer({ min: 1, max: 4 }) })
      .map((pagination) => ({ pagination })),
    fc.constant({}),
  )

  test('an answer that is short has a reason, one that is not has none, and explaining changes none', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.option(stage),
        fc.option(searching, { freq: 3 }),
        fc.array(stage, { maxLength: 2 }),
        page,
        async (first, second, others, rest) => {
          const given = [first, second, ...others].filter((each) => each !== null)
          const body = { ...rest, stages: given.length > 0 ? given : [filter(nAtLeast(0))] }
          const plain = await send(body)
          const told = await send({ ...body, explain: true })
          assert.equal(told.status, plain.status)
          if (told.status !== 200) return
          const { explain, documents: found } = (await told.json()) as Answer
          assert.deepEqual(found, ((await plain.json()) as Answer).documents)
          assert.equal(explain.is_short, explain.returned < explain.asked)
          const why = JSON.stringify({ body, explain })
          assert.equal(explain.why_short.length > 0, explain.is_short, why)
        },
      ),
      { numRuns: runs },
    )
  })
})

function send(body: object): Promise<Response> {
  return post('/v1/retrievers/execute', { collection_ids: [collectionId], ...body })
}

/** Runs it, and answers the reason with its figures; what is short has that reason among others. */
async function isShort(body: object, reason: string): Promise<Answer> {
  const { explain } = await run({ ...body, explain: true })
  assert.equal(explain.is_short, true, JSON.stringify(explain))
  const found = explain.why_short.find((each: Answer) => each.reason === reason)
  assert.ok(found, `${reason} is not among ${JSON.stringify(explain.why_short)}`)
  return found
}

function run(body: object): Promise<Answer> {
  return call('POST', '/v1/retrievers/execute', { collection_ids: [collectionId], ...body })
}

function search(parameters: object = {}, one: object = {}) {
  const query = { input_mode: 'vector', value: [1, 0] }
  const searches = [{ feature_uri: 'place', query, top_k: 100, ...one }]
  return {
    stage_name: 'search',
    config: {
      stage_id: 'feature_search',
      parameters: { searches, final_top_k: 25, ...parameters },
    },
  }
}

function filter(parameters: object) {
  return { stage_id: 'attribute_filter', parameters }
}

function nAtLeast(value: number) {
  return { field: 'n', operator: 'gte', value }
}

async function addCollection(name: string, bucketId: string): Promise<string> {
  const { collection_id } = await call('POST', '/v1/collections', {
    collection_name: name,
    source: { type: 'bucket', bucket_ids: [bucketId] },
    feature_extractor: { feature_extractor_name: 'passthrough_extractor', version: 'v1' },
  })
  return collection_id
}

function post(path: string, body: unknown): Promise<Response> {
  return server.fetch(path, { method: 'POST', headers: namespace, body })
}

function call(method: string, path: string, body?: unknown): Promise<Answer> {
  return server.call(method, path, body, namespace)
}
