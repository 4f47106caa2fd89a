import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startTestServer, type Answer, type TestServer } from '../../../test/support/server.ts'

let server: TestServer

const namespace = { 'x-namespace': 'films' }
const search = {
  stage_id: 'feature_search',
  stage_name: 'near',
  parameters: {
    using: 'taste',
    query: { input_mode: 'vector', value: '{{INPUT.taste}}' },
    final_top_k: 5,
  },
}
const filter = {
  stage_id: 'attribute_filter',
  stage_name: 'late',
  parameters: { field: 'n', operator: 'gte', value: 2 },
}
const sample = { stage_id: 'sample', stage_name: 'two', parameters: { sample_size: 2, seed: 1 } }
const inputs = { taste: [1, 0] }

before(async () => {
  server = await startTestServer()
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
  for (let n = 0; n < 6; n += 1) {
    const vectors = { taste: [Math.cos(n / 10), Math.sin(n / 10)] }
    await call('POST', `/v1/collections/${collection_id}/documents`, { collection_id, n, vectors })
  }
  await call('POST', '/v1/retrievers', {
    retriever_name: 'near',
    collection_identifiers: ['films'],
    stages: [search, sample],
  })
})
after(async () => {
  await server[Symbol.asyncDispose]()
})

describe('stream: true', () => {
  test('answers each stage as it begins and ends, and the whole answer last', async () => {
    const plain = await call('POST', '/v1/retrievers/near/execute', { inputs })
    const response = await send('/v1/retrievers/near/execute', { inputs, stream: true })
    const events = await eventsOf(response)

    assert.equal(response.status, 200)
    assert.equal(response.headers.get('content-type'), 'text/event-stream')
    assert.deepEqual(
      events.map((event) => [event.event_type, event.stage_name, event.stage_index]),
      [
        ['stage_start', 'near', 0],
        ['stage_complete', 'near', 0],
        ['stage_start', 'two', 1],
        ['stage_complete', 'two', 1],
        ['execution_complete', null, null],
      ],
    )
    assert.ok(events.every((event) => event.total_stages === 2))
    assert.equal(new Set(events.map((event) => event.execution_id)).size, 1)
    assert.deepEqual(
      events.map((event) => event.documents?.length ?? null),
      [null, 5, null, 2, 2],
    )
    const last = events.at(-1)
    assert.deepEqual(last?.documents, plain.documents)
    assert.deepEqual(last?.results, plain.results)
    assert.deepEqual(last?.statistics, last?.stage_statistics)
    assert.ok(events.every((event) => event.budget_used.time_used_ms >= 0))
    assert.equal(events[3]?.statistics.output_count, 2)
  })

  test('a stage whose documents are read with a later one has none yet', async () => {
    const { events } = await adhoc([filter, { ...sample, parameters: { sample_size: 1 } }])

    assert.deepEqual(
      events.map((event) => [event.event_type, event.documents?.length ?? null]),
      [
        ['stage_start', null],
        ['stage_complete', null],
        ['stage_start', null],
        ['stage_complete', 1],
        ['execution_complete', 1],
      ],
    )
    assert.deepEqual(events.at(-1)?.execution_metadata, {
      execution_mode: 'adhoc',
      retriever_persisted: false,
    })
  })

  test('what is refused before a stage begins has its own status, as without a stream', async () => {
    const missing = await send('/v1/retrievers/near/execute', { inputs: {}, stream: true })
    const absent = await send('/v1/retrievers/nowhere/execute', { inputs, stream: true })
    const wrong = await send('/v1/retrievers/near/execute', { inputs: 1, stream: true })

    assert.deepEqual([missing.status, absent.status, wrong.status], [422, 404, 422])
    const answer: Answer = await missing.json()
    assert.equal(answer.error.type, 'ValidationError')
  })

  test('what fails later is an event, in the words of a failure, and the last', async () => {
    const unknown = { ...sample, parameters: { sample_size: '{{INPUT.size}}' } }
    const { response, events } = await adhoc([search, unknown])

    assert.equal(response.status, 200)
    assert.deepEqual(
      events.map(({ event_type }) => event_type),
      ['stage_start', 'stage_complete', 'execution_error'],
    )
    const last = events.at(-1)
    assert.match(last?.error, /size/)
    assert.equal(last?.error_type, 'ValidationError')
    assert.equal(last?.execution_id, events[0]?.execution_id)
  })

  test('a client that goes in the middle leaves the server as it was', async () => {
    const response = await send('/v1/retrievers/near/execute', { inputs, stream: true })
    await response.body?.cancel()

    const { documents } = await call('POST', '/v1/retrievers/near/execute', { inputs })
    assert.equal(documents.length, 2)
  })
})

async function adhoc(stages: object[]): Promise<{ response: Response; events: Answer[] }> {
  const body = { collection_identifiers: ['films'], stages, inputs, stream: true }
  const response = await send('/v1/retrievers/execute', body)
  return { response, events: await eventsOf(response) }
}

async function eventsOf(response: Response): Promise<Answer[]> {
  const text = await response.text()
  assert.match(text, /^(?:data: \{.*\}\n\n)+$/)
  return text
    .trimEnd()
    .split('\n\n')
    .map((event) => JSON.parse(event.slice('data: '.length)))
}

async function send(path: string, body: object): Promise<Response> {
  return await server.fetch(path, { method: 'POST', headers: namespace, body })
}

async function call(method: string, path: string, body?: unknown): Promise<Answer> {
  return await server.call(method, path, body, namespace)
}
