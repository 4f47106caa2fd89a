import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startTestServer, type Answer, type TestServer } from '../../../test/support/server.ts'

let server: TestServer

const namespace = { 'x-namespace': 'shop' }
const stages = [{ stage_id: 'limit', stage_name: 'few', parameters: { limit: '{{INPUT.n}}' } }]
const input_schema = { n: { type: 'integer', required: true } }

before(async () => {
  server = await startTestServer()
  await server.call('POST', '/v1/namespaces', { namespace_name: 'shop', vectors: {} })
  await server.call('POST', '/v1/namespaces', { namespace_name: 'other', vectors: {} })
  await call('POST', '/v1/retrievers', {
    retriever_name: 'few',
    stages,
    input_schema,
    description: 'A few of them',
    tags: ['a'],
  })
})
after(async () => {
  await server[Symbol.asyncDispose]()
})

describe('POST /v1/retrievers/{retriever_id}/clone', () => {
  test('201 with the source as it is, but for what was given', async () => {
    const response = await post('/v1/retrievers/few/clone', {
      retriever_name: 'fewer',
      description: 'Fewer',
      stages: [{ stage_id: 'limit', parameters: { limit: 1 } }],
    })

    assert.equal(response.status, 201)
    const { retriever, source_retriever_id }: Answer = await response.json()
    const source = await call('GET', '/v1/retrievers/few')
    assert.equal(source_retriever_id, source.retriever_id)
    assert.equal(retriever.description, 'Fewer')
    assert.equal(retriever.stages[0].config.parameters.limit, 1)
    assert.deepEqual(retriever.input_schema, source.input_schema)
    assert.deepEqual(retriever.tags, ['a'])
    assert.notEqual(retriever.retriever_id, source.retriever_id)
  })

  test('409 for a name that is taken, 422 without one, 404 for a foreign retriever', async () => {
    assert.equal((await post('/v1/retrievers/few/clone', { retriever_name: 'few' })).status, 409)
    assert.equal((await post('/v1/retrievers/few/clone', {})).status, 422)
    const foreign = await server.fetch('/v1/retrievers/few/clone', {
      method: 'POST',
      headers: { 'x-namespace': 'other' },
      body: { retriever_name: 'mine' },
    })
    assert.equal(foreign.status, 404)
  })
})

describe('executions', () => {
  test('of a retriever are listed newest first as soon as they were answered', async () => {
    const ids: string[] = []
    for (const n of [1, 2, 3])
      ids.push((await call('POST', '/v1/retrievers/few/execute', { inputs: { n } })).execution_id)

    const { results, pagination } = await call('POST', '/v1/retrievers/few/executions/list', {})
    const page = await call('POST', '/v1/retrievers/few/executions/list?limit=2', {
      status: 'COMPLETED',
    })

    assert.deepEqual(
      results.map(({ execution_id }: Answer) => execution_id).toSorted(),
      ids.toSorted(),
    )
    assert.deepEqual(
      [pagination.total, pagination.limit, pagination.offset, pagination.has_next],
      [3, 20, 0, false],
    )
    assert.equal(page.results.length, 2)
    assert.equal(page.pagination.has_next, true)
    const none = await call('POST', '/v1/retrievers/few/executions/list', { status: 'failed' })
    assert.deepEqual(none.results, [])
  })

  test('one tells what its stages did; 404 for a foreign one', async () => {
    const { execution_id } = await call('POST', '/v1/retrievers/few/execute', { inputs: { n: 1 } })

    const detail = await call('GET', `/v1/retrievers/few/executions/${execution_id}`)

    assert.equal(detail.status, 'completed')
    assert.equal(detail.total_stages, 1)
    assert.deepEqual(Object.keys(detail.stage_statistics.stages), ['few'])
    await call('POST', '/v1/retrievers', {
      retriever_name: 'more',
      stages: [{ stage_id: 'limit' }],
    })
    const path = `/v1/retrievers/more/executions/${execution_id}`
    assert.equal((await server.fetch(path, { headers: namespace })).status, 404)
    const foreign = { 'x-namespace': 'other' }
    const adhoc = `/v1/retrievers/executions/${execution_id}`
    assert.equal((await server.fetch(adhoc, { headers: foreign })).status, 404)
  })

  test('of stages that were not saved have a list of their own', async () => {
    const one = await call('POST', '/v1/retrievers/execute', { stages, inputs: { n: 1 } })

    const { results, total } = await call('POST', '/v1/retrievers/executions/list', {
      start_time: '2020-01-01T00:00:00Z',
    })
    const later = await call('POST', '/v1/retrievers/executions/list', { start_time: '2999-01-01' })
    const detail = await call('GET', `/v1/retrievers/executions/${one.execution_id}`)

    assert.equal(total, 1)
    assert.equal(results[0].execution_id, one.execution_id)
    assert.equal(results[0].execution_mode, 'adhoc')
    assert.deepEqual(later.results, [])
    assert.equal(detail.stages_completed, 1)
    const wrong = await post('/v1/retrievers/executions/list', { start_time: 'yesterday' })
    assert.equal(wrong.status, 422)
  })
})

test('an answer that the client has is a 304 without a body, whatever the execution', async () => {
  const first = await post('/v1/retrievers/few/execute', { inputs: { n: 1 } })
  const etag = first.headers.get('etag') ?? ''
  const again = await server.fetch('/v1/retrievers/few/execute', {
    method: 'POST',
    headers: { ...namespace, 'if-none-match': etag },
    body: { inputs: { n: 1 } },
  })

  assert.match(etag, /^"[\w-]+"$/)
  assert.equal(first.headers.get('x-cache'), 'MISS')
  assert.equal(again.status, 304)
  assert.equal(await again.text(), '')
})

async function post(path: string, body: unknown): Promise<Response> {
  return await server.fetch(path, { method: 'POST', headers: namespace, body })
}

async function call(method: string, path: string, body?: unknown): Promise<Answer> {
  return await server.call(method, path, body, namespace)
}
