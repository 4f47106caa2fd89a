import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startTestServer, type Answer, type TestServer } from '../../../test/support/server.ts'

let server: TestServer
let collectionId: string

const namespace = { 'x-namespace': 'films' }
const texts = [
  'A dog is a loyal animal.',
  'The cat sleeps on the sofa.',
  'Income tax is due in April.',
]
const search = {
  stage_name: 'search',
  stage_type: 'filter',
  config: {
    stage_id: 'feature_search',
    parameters: {
      searches: [
        {
          feature_uri: 'mixpeek://text_extractor@v1/multilingual_e5_large_instruct_v1',
          query: { input_mode: 'text', text: '{{INPUT.query}}' },
          top_k: 10,
        },
      ],
      final_top_k: 5,
      fusion: 'rrf',
    },
  },
}

before(async () => {
  server = await startTestServer()
  await server.call('POST', '/v1/namespaces', {
    namespace_name: 'films',
    feature_extractors: [{ feature_extractor_name: 'text_extractor', version: 'v1' }],
  })
  const { bucket_id } = await call('POST', '/v1/buckets', {
    bucket_name: 'texts',
    bucket_schema: { properties: { content: { type: 'text' } } },
  })
  const collection = await call('POST', '/v1/collections', {
    collection_name: 'texts',
    source: { type: 'bucket', bucket_ids: [bucket_id] },
    feature_extractor: {
      feature_extractor_name: 'text_extractor',
      version: 'v1',
      input_mappings: { text: 'content' },
      parameters: {},
    },
  })
  collectionId = collection.collection_id
  const vectors = await server.ports.embedder.embed('bundled', texts, 'batch')
  for (const [i, text] of texts.entries()) {
    const vector = vectors[i]
    assert.ok(vector instanceof Float32Array)
    await call('POST', `/v1/collections/${collectionId}/documents`, {
      collection_id: collectionId,
      text,
      rank: i,
      features: [
        {
          feature_extractor_id: 'text_extractor_v1',
          vectors: { text_extractor_v1_embedding: [...vector] },
        },
      ],
    })
  }
})
after(async () => {
  await server[Symbol.asyncDispose]()
})

describe('POST /v1/retrievers', () => {
  test('200 with the retriever nested and at the top, canonical and complete', async () => {
    const answer = await create('made', {
      collection_identifiers: ['texts'],
      stages: [search, { stage_id: 'limit', parameters: { limit: 2 } }],
      input_schema: { properties: { query: { type: 'string', description: 'what to find' } } },
    })

    assert.equal(answer.retriever_id, answer.retriever.retriever_id)
    assert.deepEqual(answer.collection_ids, [collectionId])
    assert.deepEqual(answer.retriever.input_schema, {
      query: { type: 'string', description: 'what to find' },
    })
    assert.equal(answer.retriever.stages[1].config.stage_id, 'limit')
    assert.equal(answer.retriever.stages[1].stage_type, 'reduce')
    assert.deepEqual(answer.feature_dependencies, [
      {
        scheme: 'mixpeek',
        extractor: 'text_extractor',
        version: 'v1',
        output: 'multilingual_e5_large_instruct_v1',
      },
    ])
  })

  test('409 already_exists where the name is taken', async () => {
    await create('twice', { stages: [search] })

    assert.equal(
      (await post('/v1/retrievers', { retriever_name: 'twice', stages: [search] })).status,
      409,
    )
  })

  test('422 at the place of what could never run', async () => {
    const wrongUri = structuredClone(search)
    Object.assign(wrongUri.config.parameters.searches[0] ?? {}, {
      feature_uri: 'mixpeek://image_extractor@v1/x',
    })
    const cases: [object, string][] = [
      [{ stages: [search] }, 'retriever_name'],
      [{ retriever_name: 'x' }, 'stages'],
      [{ retriever_name: 'x', stages: [{ stage_id: 'rerank' }] }, 'stages.0.stage_id'],
      [
        { retriever_name: 'x', stages: [{ stage_id: 'limit', parameters: { limt: 1 } }] },
        'stages.0.parameters.limt',
      ],
      [
        { retriever_name: 'x', stages: [wrongUri] },
        'stages.0.config.parameters.searches.0.feature_uri',
      ],
      [
        { retriever_name: 'x', stages: [search], input_schema: { q: { type: 'strin' } } },
        'input_schema.q.type',
      ],
    ]

    for (const [body, place] of cases) {
      const response = await post('/v1/retrievers', body)
      const answer: Answer = await response.json()
      assert.equal(response.status, 422, JSON.stringify(answer))
      assert.ok(
        JSON.stringify(answer.detail)
          .replaceAll('"config","parameters"', '"parameters"')
          .includes(place.split('.').at(-1) ?? ''),
      )
    }
  })

  test('404 for a collection that is not there', async () => {
    const response = await post('/v1/retrievers', {
      retriever_name: 'x',
      stages: [search],
      collection_ids: ['none'],
    })

    assert.equal(response.status, 404)
  })
})

describe('a retriever', () => {
  test('is found by id and by name, listed, changed and deleted', async () => {
    const { retriever_id } = await create('a life', { stages: [search], tags: ['a'] })

    const byName = await call('GET', '/v1/retrievers/a%20life')
    const listed = await call('POST', '/v1/retrievers/list', { search: 'a life' })
    const plain = await call('GET', '/v1/retrievers?limit=1')
    const patched = await call('PATCH', `/v1/retrievers/${retriever_id}`, { description: 'new' })
    const fixed = await server.fetch(`/v1/retrievers/${retriever_id}`, {
      method: 'PATCH',
      headers: namespace,
      body: { stages: [] },
    })
    const deleted = await call('DELETE', `/v1/retrievers/${retriever_id}`)
    const gone = await server.fetch(`/v1/retrievers/${retriever_id}`, { headers: namespace })

    assert.equal(byName.retriever_id, retriever_id)
    assert.equal(byName.retriever, undefined)
    assert.deepEqual(
      listed.results.map((one: Answer) => one.retriever_name),
      ['a life'],
    )
    assert.equal(plain.results.length, 1)
    assert.equal(patched.retriever.description, 'new')
    assert.equal(fixed.status, 422)
    assert.equal(deleted.success, true)
    assert.equal(gone.status, 404)
  })
})

describe('POST /v1/retrievers/{retriever_id}/execute', () => {
  test('200 with ranked documents under both names', async () => {
    await create('run', { stages: [search], collection_identifiers: [collectionId] })

    const answer = await call('POST', '/v1/retrievers/run/execute', {
      inputs: { query: 'a puppy', undeclared: { a: 1 } },
      limit: 2,
      settings: { anything: true },
    })

    assert.equal(answer.status, 'completed')
    assert.match(answer.execution_id, /^exec_/)
    assert.equal(answer.documents.length, 2)
    assert.deepEqual(answer.results, answer.documents)
    const [first] = answer.documents
    assert.equal(first.text, texts[0])
    assert.match(first.document_id, /^doc_/)
    assert.equal(first.collection_id, collectionId)
    assert.ok(first.score > answer.documents[1].score)
    assert.equal(first.text_extractor_v1_embedding, undefined)
    assert.equal(answer.stage_statistics.stages.search.output_count, 3)
    assert.equal(answer.stage_statistics.credits_used, 0)
    assert.equal(answer.pagination.has_next, true)
    assert.equal(answer.budget.credits_used, 0)
  })

  test('200 with the vectors where they are asked for', async () => {
    await create('vectors', { stages: [search] })

    const { documents } = await call(
      'POST',
      '/v1/retrievers/vectors/execute?return_vectors=true&return_presigned_urls=false',
      {
        input: { query: 'a puppy' },
      },
    )

    assert.equal(documents[0].text_extractor_v1_embedding.length, 512)
  })

  test('200 with pagination that leaves out its method', async () => {
    await create('pages', { stages: [search] })
    const run = (pagination: object) =>
      call('POST', '/v1/retrievers/pages/execute', { inputs: { query: 'a puppy' }, pagination })

    const first = await run({ limit: 2 })
    const second = await run({ limit: 2, cursor: first.pagination.cursor })
    const byNumber = await run({ page_size: 2, page_number: 2 })

    assert.equal(first.documents.length, 2)
    assert.deepEqual(second.documents, byNumber.documents)
    assert.equal(byNumber.pagination.total, 3)
    assert.equal(byNumber.pagination.has_previous, true)
  })

  test('200 in each of the four forms, which lead through the same documents, each once', async () => {
    const all = {
      stage_id: 'attribute_filter',
      parameters: { field: 'rank', operator: 'gte', value: 0 },
    }
    const forms: Record<string, (page: Answer, n: number) => object> = {
      cursor: (page) => ({ method: 'cursor', limit: 1, cursor: page?.cursor }),
      offset: (_page, n) => ({ method: 'offset', page_size: 1, page_number: n }),
      keyset: (page) => ({ method: 'keyset', limit: 1, after: page?.next_cursor }),
      scroll: (page) => ({
        method: 'scroll',
        limit: 1,
        scroll_id: page?.scroll_id,
        scroll_ttl: 60,
      }),
    }
    for (const [i, stages] of [[search], [all]].entries()) {
      await create(`forms ${i}`, { stages })
      const ids = async (form: (page: Answer, n: number) => object) => {
        const found: string[] = []
        let page: Answer
        for (let n = 1; n === 1 || page.has_next; n += 1) {
          const { documents, pagination } = await call(
            'POST',
            `/v1/retrievers/forms ${i}/execute`,
            {
              inputs: { query: 'a puppy' },
              pagination: form(page, n),
            },
          )
          found.push(...documents.map((one: Answer) => one.document_id))
          page = pagination
        }
        return found
      }
      const first = await ids((_page, n) => ({ method: 'offset', page_size: 1, page_number: n }))
      assert.equal(new Set(first).size, texts.length)
      for (const [name, form] of Object.entries(forms))
        assert.deepEqual(await ids(form), first, name)
    }
  })

  test('422 names the input that is missing, and why a text cannot be read', async () => {
    await create('strict', { stages: [search] })

    const missing = await post('/v1/retrievers/strict/execute', {})
    const chinese = await post('/v1/retrievers/strict/execute', {
      inputs: { query: '我喜欢吃苹果' },
    })
    const cursor = await post('/v1/retrievers/strict/execute', {
      inputs: { query: 'x' },
      pagination: { cursor: 'x' },
    })

    assert.equal(missing.status, 422)
    assert.deepEqual(((await missing.json()) as Answer).detail[0].loc, ['body', 'inputs', 'query'])
    assert.equal(chinese.status, 422)
    assert.match(await chinese.text(), /EMBEDDING_MODEL/)
    assert.equal(cursor.status, 422)
  })

  test('404 for a retriever that is not there', async () => {
    assert.equal((await post('/v1/retrievers/none/execute', { inputs: {} })).status, 404)
  })
})

test('POST /v1/retrievers/execute runs stages that are not saved', async () => {
  const response = await post('/v1/retrievers/execute', {
    stages: [
      {
        type: 'attribute_filter',
        conditions: { AND: [{ field: 'rank', operator: 'gte', value: 1 }] },
      },
      {
        type: 'feature_search',
        feature_extractor: { type: 'text' },
        query: 'a puppy',
        collection_ids: ['texts'],
        limit: 5,
      },
    ],
    inputs: { query: 'a puppy' },
  })

  const answer: Answer = await response.json()
  assert.equal(response.status, 200, JSON.stringify(answer))
  assert.equal(response.headers.get('x-execution-mode'), 'adhoc')
  assert.equal(answer.execution_metadata.retriever_persisted, false)
  assert.deepEqual(
    answer.documents.map((one: Answer) => one.rank),
    [1, 2],
  )
})

test('GET /v1/retrievers/stages lists, without a key, exactly what runs here', async () => {
  const response = await fetch(`${server.url}/v1/retrievers/stages`)

  const answer: Answer = await response.json()
  assert.deepEqual(
    answer.map((one: Answer) => one.stage_id),
    [
      'feature_search',
      'attribute_filter',
      'sort_attribute',
      'sort_relevance',
      'limit',
      'sample',
      'deduplicate',
      'group_by',
      'aggregate',
    ],
  )
  assert.equal(
    answer.find((one: Answer) => one.stage_id === 'limit').parameter_schema.properties.limit
      .maximum,
    10_000,
  )
})

function call(method: string, path: string, body?: unknown): Promise<Answer> {
  return server.call(method, path, body, namespace)
}

function post(path: string, body: unknown): Promise<Response> {
  return server.fetch(path, { method: 'POST', headers: namespace, body })
}

function create(name: string, spec: object): Promise<Answer> {
  return call('POST', '/v1/retrievers', { retriever_name: name, ...spec })
}
