import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { startServerProcess, type ServerProcess } from '../../src/cli/demo/server-process.ts'
import type { Answer } from '../support/server.ts'

// What documented clients send, byte for byte what they mean, to a real server process (contract 2.3).

let server: ServerProcess
let folder: string

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nacre-quickstart-'))
  server = await startServerProcess(folder)
})
after(async () => {
  await server.stop()
  await rm(folder, { recursive: true, force: true, maxRetries: 20 })
})

describe('a client that knows a host, a key and the documented calls', () => {
  test('goes from a namespace to the right answer, as the cookbook does', async () => {
    const { namespace_id: namespace } = await call('POST', '/v1/namespaces', {
      namespace_name: 'cookbook',
      feature_extractors: [{ feature_extractor_name: 'text_extractor', version: 'v1' }],
      ttl_seconds: 21600,
    })
    const { bucket_id: bucket } = await call(
      'POST',
      '/v1/buckets',
      { bucket_name: 'cookbook', bucket_schema: { properties: { content: { type: 'text' } } } },
      namespace,
    )
    const objectIds = []
    for (const data of texts) {
      const object = await call(
        'POST',
        `/v1/buckets/${bucket}/objects`,
        { content: data, blobs: [{ property: 'content', type: 'text', data }] },
        namespace,
      )
      objectIds.push(object.object_id)
    }
    const made = await call(
      'POST',
      '/v1/collections',
      {
        collection_name: 'cookbook',
        source: { type: 'bucket', bucket_ids: [bucket] },
        feature_extractor: {
          feature_extractor_name: 'text_extractor',
          version: 'v1',
          input_mappings: { text: 'content' },
          parameters: {},
          field_passthrough: ['content'],
        },
      },
      namespace,
    )
    const collection = await call(
      'GET',
      `/v1/collections/${made.collection_id}`,
      undefined,
      namespace,
    )
    const featureUri = collection.vector_indexes[0].feature_uri ?? collection.vector_indexes[0].name
    const { batch_id: batch } = await call(
      'POST',
      `/v1/buckets/${bucket}/batches`,
      { batch_name: 'cookbook', object_ids: objectIds, collection_ids: [made.collection_id] },
      namespace,
    )
    const { task_id: task } = await call(
      'POST',
      `/v1/buckets/${bucket}/batches/${batch}/submit`,
      { collection_ids: [made.collection_id] },
      namespace,
    )
    assert.equal(await ended(task, namespace), 'completed')
    const { retriever_id: retriever, retriever: nested } = await call(
      'POST',
      '/v1/retrievers',
      {
        retriever_name: 'cookbook',
        collection_identifiers: [made.collection_id],
        stages: [
          {
            stage_name: 'search',
            stage_type: 'filter',
            config: {
              stage_id: 'feature_search',
              parameters: {
                searches: [
                  {
                    feature_uri: featureUri,
                    query: { input_mode: 'text', text: '{{INPUT.query}}' },
                    top_k: 10,
                  },
                ],
                final_top_k: 5,
                fusion: 'rrf',
                collection_identifiers: [made.collection_id],
              },
            },
          },
        ],
        input_schema: { query: { type: 'string', description: 'What to look for' } },
      },
      namespace,
    )
    const found = await call(
      'POST',
      `/v1/retrievers/${retriever}/execute`,
      { inputs: { query: 'a loyal pet that barks' } },
      namespace,
    )

    assert.equal(nested.retriever_id, retriever)
    assert.deepEqual(found.results, found.documents)
    assert.equal(found.documents.length, 3)
    const [best] = found.documents
    assert.equal(best.content, texts[0])
    assert.match(best.document_id, /^doc_/)
    assert.ok(best.score > found.documents[1].score)
  })

  for (const schemaAt of ['bucket_schema', 'schema']) {
    test(`finds what it filtered for by passed-through metadata, with ${schemaAt} and a flat stage`, async () => {
      const { namespace_id: namespace } = await call('POST', '/v1/namespaces', {
        namespace_name: `catalogue of ${schemaAt}`,
        feature_extractors: [{ feature_extractor_name: 'text_extractor', version: 'v1' }],
      })
      // One of the two schemas declares what metadata holds.
      const declared = schemaAt === 'schema' ? { category: { type: 'string' } } : {}
      const { bucket_id: bucket } = await call(
        'POST',
        '/v1/buckets',
        {
          bucket_name: 'products',
          [schemaAt]: { properties: { description: { type: 'text' }, ...declared } },
        },
        namespace,
      )
      const objectIds = []
      for (const [i, data] of texts.entries()) {
        const object = await call(
          'POST',
          `/v1/buckets/${bucket}/objects`,
          {
            key_prefix: '/products',
            blobs: [{ property: 'description', type: 'text', data }],
            metadata: { category: i < 2 ? 'animals' : 'money' },
          },
          namespace,
        )
        objectIds.push(object.object_id)
      }
      const { collection_id: collection } = await call(
        'POST',
        '/v1/collections',
        {
          collection_name: 'products',
          source: { type: 'bucket', bucket_ids: [bucket] },
          feature_extractor: {
            feature_extractor_name: 'text_extractor',
            version: 'v1',
            input_mappings: { text: 'description' },
            field_passthrough: [{ source_path: 'metadata.category' }],
          },
        },
        namespace,
      )
      const { batch_id: batch } = await call(
        'POST',
        `/v1/buckets/${bucket}/batches`,
        { object_ids: objectIds },
        namespace,
      )
      const { task_id: task } = await call(
        'POST',
        `/v1/buckets/${bucket}/batches/${batch}/submit`,
        undefined,
        namespace,
      )
      assert.equal(await ended(task, namespace), 'completed')
      const { retriever_id: retriever } = await call(
        'POST',
        '/v1/retrievers',
        {
          retriever_name: 'products',
          collection_identifiers: ['products'],
          input_schema: { properties: { query: { type: 'text', required: true } } },
          stages: [
            {
              stage_name: 'semantic_search',
              stage_id: 'feature_search',
              version: 'v1',
              parameters: {
                feature_uri: 'mixpeek://text_extractor@v1/multilingual_e5_large_instruct_v1',
                input: { text: '{{INPUT.query}}' },
                limit: 10,
              },
            },
            {
              stage_name: 'only',
              stage_id: 'attribute_filter',
              parameters: { field: 'metadata.category', operator: 'eq', value: 'animals' },
            },
          ],
        },
        namespace,
      )
      const found = await call(
        'POST',
        `/v1/retrievers/${retriever}/execute`,
        { inputs: { query: 'income tax', user_id: 'undeclared' }, limit: 2 },
        namespace,
      )

      assert.deepEqual(
        found.documents.map((document: Answer) => document.category),
        ['animals', 'animals'],
      )
      const kept = await call(
        'POST',
        `/v1/collections/${collection}/documents/list`,
        { filters: { field: 'metadata.category', operator: 'eq', value: 'money' } },
        namespace,
      )
      assert.equal(kept.results.length, 1)
    })
  }
})

const texts = [
  'A dog is a loyal animal that barks at strangers.',
  'The cat sleeps on the sofa all day.',
  'Income tax is due in April.',
]

/** As a client without any library sends it; stops at any status from 400 on. */
async function call(
  method: string,
  path: string,
  body?: object,
  namespace?: string,
): Promise<Answer> {
  const response = await fetch(server.url + path, {
    method,
    headers: {
      authorization: `Bearer ${server.key}`,
      ...(body && { 'content-type': 'application/json' }),
      ...(namespace !== undefined && { 'x-namespace': namespace }),
    },
    ...(body && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  assert.equal(response.status, 200, `${method} ${path}: ${text}`)
  return JSON.parse(text)
}

/** Polls the task as clients do, only more often. */
async function ended(taskId: string, namespace: string): Promise<string> {
  for (;;) {
    const { status } = await call('GET', `/v1/tasks/${taskId}`, undefined, namespace)
    const word = String(status).toLowerCase()
    if (['completed', 'completed_with_errors', 'failed', 'canceled'].includes(word)) return word
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
