import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestServer, type Answer, type TestServer } from '../support/server.ts'

const documentsPerImport = 500
const fields = ['category', 'year', 'title']

test('payload indexes change while documents are written and searched: nobody fails, nobody starves, nothing is lost', async () => {
  await using server = await startTestServer()
  const { headers, collectionId } = await createResources(server)
  const path = `/v1/collections/${collectionId}/documents`
  let isOver = false
  let written = 0

  const writers = [1, 2].map(async (writer) => {
    for (let round = 0; !isOver; round++) {
      const response = await server.fetch(`${path}/import`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/x-ndjson' },
        body: lines(writer, round),
      })
      const answer: Answer = await response.json()
      assert.deepEqual([answer.written, answer.failed], [documentsPerImport, 0])
      written += answer.written
    }
  })
  const reader = (async () => {
    const filters = { AND: [{ field: 'category', operator: 'eq', value: 'c1' }] }
    for (let reads = 0; ; reads++) {
      const before = written
      const query = { filters, limit: 1 }
      const answer = await server.call('POST', `${path}/list?include_total=true`, query, headers)
      assert.ok(answer.pagination.total >= before / 5, `${answer.pagination.total} of ${before}`)
      if (isOver) return reads
    }
  })()
  const waits: number[] = []
  for (let i = 0; i < 12; i++) {
    const startedAt = performance.now()
    const answer = await server.call('PATCH', '/v1/namespaces/busy', {
      payload_indexes: fields.slice(0, i % 4).map((field_name) => ({
        field_name,
        type: field_name === 'year' ? 'integer' : 'keyword',
      })),
    })
    waits.push(performance.now() - startedAt)
    assert.equal(
      answer.payload_indexes.filter((one: Answer) => one.origin === 'user').length,
      i % 4,
    )
  }
  isOver = true
  await Promise.all(writers)

  assert.ok((await reader) > 0)
  assert.ok(Math.max(...waits) < 10_000, `a PATCH waited ${Math.max(...waits)} ms`)
  const { document_count } = await server.call('GET', '/v1/namespaces/busy')
  assert.equal(document_count, written)
  const there = await server.ports.vectors.describeCollection(headers['x-namespace'] ?? '')
  assert.deepEqual(
    fields.filter((field) => there?.payload_schema[field]),
    fields,
  )
})

async function createResources(server: TestServer) {
  const extractor = { feature_extractor_name: 'passthrough_extractor', version: 'v1' }
  const { namespace_id } = await server.call('POST', '/v1/namespaces', {
    namespace_name: 'busy',
    vectors: { own: { dimensions: 4 } },
    feature_extractors: [extractor],
  })
  const headers: Record<string, string> = { 'x-namespace': namespace_id }
  const bucket = await server.call(
    'POST',
    '/v1/buckets',
    { bucket_name: 'empty', bucket_schema: { properties: {} } },
    headers,
  )
  const collection = await server.call(
    'POST',
    '/v1/collections',
    {
      collection_name: 'points',
      source: { type: 'bucket', bucket_ids: [bucket.bucket_id] },
      feature_extractor: extractor,
    },
    headers,
  )
  return { headers, collectionId: String(collection.collection_id) }
}

function lines(writer: number, round: number): string {
  return Array.from({ length: documentsPerImport }, (_, i) =>
    JSON.stringify({
      category: `c${i % 5}`,
      year: 1900 + (i % 100),
      title: `${writer}/${round}/${i}`,
      vectors: { own: [i % 7, i % 11, i % 13, 1] },
    }),
  ).join('\n')
}
