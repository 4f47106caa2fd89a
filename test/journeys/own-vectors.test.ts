import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startTestServer, type Answer, type TestServer } from '../support/server.ts'

let server: TestServer
let headers: Record<string, string>
let collectionId: string
const namespace = 'own-vectors'

describe("a namespace with vectors of the client's own", () => {
  before(async () => {
    server = await startTestServer()
    const { namespace_id } = await server.call('POST', '/v1/namespaces', {
      namespace_name: namespace,
      vectors: { own: { dimensions: 3, distance: 'cosine' }, words: { type: 'sparse' } },
      feature_extractors: [passthrough],
    })
    headers = { 'x-namespace': namespace_id }
    collectionId = await createCollection()
  })
  after(() => server[Symbol.asyncDispose]())

  test('the namespace, the engine and the collection show the vectors', async () => {
    const answer = await server.call('GET', `/v1/namespaces/${namespace}`)
    const there = await server.ports.vectors.describeCollection(answer.namespace_id)
    const collection = await server.call(
      'GET',
      `/v1/collections/${collectionId}`,
      undefined,
      headers,
    )

    assert.deepEqual(answer.vectors, {
      own: { type: 'dense', dimensions: 3, distance: 'cosine' },
      words: { type: 'sparse' },
    })
    assert.deepEqual(answer.vector_inference_map, {})
    assert.equal(there?.vectors['own']?.size, 3)
    assert.equal(there?.vectors['own']?.distance, 'Cosine')
    assert.deepEqual(Object.keys(there?.sparse_vectors ?? {}), ['words'])
    assert.deepEqual(
      collection.vector_indexes.map((index: Answer) => index.feature_uri),
      ['own', 'words'],
    )
  })

  test('documents come with them, one by one and in bulk, and are found by them', async () => {
    const one = await server.call(
      'POST',
      documents(),
      { n: 1, vectors: { own: [1, 0, 0] } },
      headers,
    )
    const imported = await importLines([
      { n: 2, vectors: { own: [0.9, 0.1, 0], words: { indices: [7], values: [1] } } },
      { n: 3, vectors: { own: [0, 0, 1] } },
      { n: 4, vectors: { own: [0, 1] } },
      { n: 5, vectors: { other: [0, 1, 0] } },
    ])

    assert.deepEqual([imported.written, imported.failed], [2, 2])
    assert.deepEqual(
      imported.errors.map(({ line, reason }: Answer) => [line, /own|other/.exec(reason)?.[0]]),
      [
        [3, 'own'],
        [4, 'other'],
      ],
    )
    const read = await server.call(
      'GET',
      `${documents()}/${one.document_id}?return_vectors=true`,
      undefined,
      headers,
    )
    assert.deepEqual(read.own, [1, 0, 0])
    assert.deepEqual(read._vectors, ['own'])
    for (const key of ['feature_uri', 'using', 'vector_name']) {
      const query = { input_mode: 'vector', value: '{{INPUT.v}}' }
      assert.deepEqual(await found({ [key]: 'own', query, top_k: 2 }, { v: [1, 0, 0] }), [1, 2])
    }
    const document = { input_mode: 'document', document_ref: { document_id: one.document_id } }
    assert.deepEqual(await found({ feature_uri: 'own', query: document, top_k: 2 }, {}), [1, 2])
    const sparse = { input_mode: 'vector', value: { indices: [7], values: [2] } }
    assert.deepEqual(await found({ feature_uri: 'words', query: sparse, top_k: 2 }, {}), [2])
  })

  test('422 names what a query or a document gets wrong about them', async () => {
    const query = { input_mode: 'text', value: 'no model makes this vector' }
    const retriever = await retrieverOf({ feature_uri: 'own', query, top_k: 2 })
    const executed = await send(`/v1/retrievers/${retriever}/execute`, { inputs: {} })
    const long = await send(documents(), { vectors: { own: [1, 2] } })
    const field = await send(documents(), { own: 'a field of this name' })

    assert.equal(executed.status, 422)
    assert.match(JSON.stringify(executed.answer), /own.*documents brought with them/)
    assert.deepEqual(long.answer.detail[0].loc, ['body', 'vectors', 'own'])
    assert.match(long.answer.detail[0].msg, /has 2 numbers.*has 3/)
    assert.deepEqual(field.answer.detail[0].loc, ['body', 'own'])
  })

  test('422 for a declaration that is wrong, at its place, and nothing is made', async () => {
    const wrong: [object, (string | number)[], RegExp][] = [
      [{ own: { dimensions: 0 } }, ['own', 'dimensions'], /1/],
      [{ own: { dimensions: 65_537 } }, ['own', 'dimensions'], /65536/],
      [{ own: { dimensions: 1.5 } }, ['own', 'dimensions'], /number/],
      [{ own: { dimensions: '128' } }, ['own', 'dimensions'], /number/],
      [{ own: { dimensions: 2, distance: 'hamming' } }, ['own', 'distance'], /cosine/],
      [{ own: { size: 2 } }, ['own', 'size'], /size/],
      [{ own: [2] }, ['own'], /object/],
      [{ 'a b': { dimensions: 2 } }, ['a b'], /letters/],
    ]
    for (const [vectors, place, message] of wrong) {
      const { status, answer } = await send('/v1/namespaces', { namespace_name: 'wrong', vectors })
      assert.equal(status, 422, JSON.stringify(vectors))
      assert.deepEqual(answer.detail[0].loc, ['body', 'vectors', ...place])
      assert.match(answer.detail[0].msg, message)
    }
    assert.equal((await server.fetch('/v1/namespaces/wrong')).status, 404)
  })

  test('they stand beside the vectors of extractors', async () => {
    const answer = await server.call('POST', '/v1/namespaces', {
      namespace_name: 'both',
      vectors: { own: { dimensions: 2, distance: 'dot' } },
      feature_extractors: [{ feature_extractor_name: 'text_extractor', version: 'v1' }],
    })

    const there = await server.ports.vectors.describeCollection(answer.namespace_id)
    assert.deepEqual(Object.keys(there?.vectors ?? {}).toSorted(), [
      'own',
      'text_extractor_v1_embedding',
    ])
    assert.deepEqual(Object.keys(answer.vector_inference_map), ['text_extractor_v1_embedding'])
  })

  test('the OpenAPI document declares them', async () => {
    const document = await server.call('GET', '/v1/openapi.json')

    const { post } = document.paths['/v1/namespaces']
    const shown = JSON.stringify(post.requestBody)
    assert.match(shown.includes('$ref') ? JSON.stringify(document) : shown, /"dimensions"/)
  })
})

const passthrough = { feature_extractor_name: 'passthrough_extractor', version: 'v1' }

function documents(): string {
  return `/v1/collections/${collectionId}/documents`
}

async function createCollection(): Promise<string> {
  const bucket = await server.call(
    'POST',
    '/v1/buckets',
    { bucket_name: 'empty', bucket_schema: { properties: {} } },
    headers,
  )
  const source = { type: 'bucket', bucket_ids: [bucket.bucket_id] }
  const body = { collection_name: 'points', source, feature_extractor: passthrough }
  return (await server.call('POST', '/v1/collections', body, headers)).collection_id
}

async function importLines(lines: object[]): Promise<Answer> {
  const response = await server.fetch(`${documents()}/import`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/x-ndjson' },
    body: lines.map((line) => JSON.stringify(line)).join('\n'),
  })
  return await response.json()
}

async function retrieverOf(search: object): Promise<string> {
  const parameters = { searches: [search], final_top_k: 2 }
  const body = {
    retriever_name: `near-${crypto.randomUUID()}`,
    collection_identifiers: [collectionId],
    input_schema: { v: { type: 'array' } },
    stages: [{ stage_name: 'near', config: { stage_id: 'feature_search', parameters } }],
  }
  return (await server.call('POST', '/v1/retrievers', body, headers)).retriever_id
}

async function found(search: object, inputs: object): Promise<number[]> {
  const path = `/v1/retrievers/${await retrieverOf(search)}/execute`
  const answer = await server.call('POST', path, { inputs }, headers)
  return answer.documents.map((document: Answer) => document.n)
}

async function send(path: string, body: object): Promise<{ status: number; answer: Answer }> {
  const response = await server.fetch(path, { method: 'POST', headers, body })
  return { status: response.status, answer: await response.json() }
}
