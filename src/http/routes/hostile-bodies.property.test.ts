import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { junk } from '../../../test/support/schema-values.ts'
import { startTestServer } from '../../../test/support/server.ts'
import { furnish, type Things } from '../../../test/support/tenant.ts'

const spoilt: readonly unknown[] = [
  ...junk,
  'eq',
  '_internal',
  'metadata.x',
  '{{',
  'y'.repeat(70_000),
  ['x'],
  [{}],
]

const filters = {
  AND: [
    { field: 'year', operator: 'gte', value: 1, case_sensitive: false },
    {
      OR: [
        { field: 'title', operator: 'text', value: 'by' },
        { NOT: [{ field: 'x', operator: 'in', value: [1] }] },
      ],
    },
  ],
}
const sort = { field: 'year', direction: 'asc' }
const blob = { property: 'content', type: 'text', data: 'x', metadata: { a: 1 } }
const extractor = {
  feature_extractor_name: 'text_extractor',
  version: 'v1',
  parameters: { split_by: 'sentences', chunk_size: 2, chunk_overlap: 1 },
  input_mappings: { text: 'content' },
  field_passthrough: [{ source_path: 'metadata.a', target_path: 'b', default: 1 }],
}
const search = {
  feature_uri: 'mixpeek://text_extractor@v1/text_embedding',
  query: { input_mode: 'text', value: '{{INPUT.query}}' },
  top_k: 10,
  filters,
}
const parameters = { searches: [search], final_top_k: 5, fusion: 'rrf' }
const stages = [
  { stage_name: 's', stage_type: 'filter', config: { stage_id: 'feature_search', parameters } },
  { stage_type: 'attribute_filter', parameters: { field: 'year', operator: 'eq', value: 2001 } },
  { stage_type: 'sort_attribute', parameters: { sort_field: 'year', order: 'asc' } },
  { stage_id: 'limit', parameters: { limit: 3 } },
]
const retriever = { stages, input_schema: { query: { type: 'string', required: true } } }
const index = { field_name: 'a', type: 'integer', field_schema: { type: 'integer', range: true } }

/** Requests that are right but for the names of what they make, which need not be free. */
function requests(things: Things): [string, string, object][] {
  const bucket = `/v1/buckets/${things['bucket_identifier']}`
  const collection = `/v1/collections/${things['collection_identifier']}`
  const plugins = `/v1/namespaces/${things.namespace_id}/plugins`
  const collection_identifiers = [things['collection_identifier']]
  const source = { type: 'bucket', bucket_ids: [things['bucket_identifier']] }
  const properties = {
    content: { type: 'text', required: true },
    n: { type: 'array', items: { type: 'integer' } },
  }
  const unique_key = { fields: ['n'], default_policy: 'upsert' }
  const features = [
    { feature_extractor_id: 'text_extractor_v1', vectors: { text_extractor_v1_embedding: [1] } },
  ]
  return [
    [
      'POST',
      '/v1/namespaces',
      {
        namespace_name: 'x',
        feature_extractors: [extractor],
        payload_indexes: [index],
        infrastructure: { max_workers: 3 },
        ttl_seconds: 1_000,
      },
    ],
    [
      'PATCH',
      `/v1/namespaces/${things.namespace_id}`,
      { description: 'd', payload_indexes: [index], infrastructure: { description: 'x' } },
    ],
    ['POST', '/v1/namespaces/list', { filters, sort, search: 'x' }],
    [
      'POST',
      '/v1/buckets',
      { bucket_name: 'x', bucket_schema: { properties }, unique_key, metadata: { a: 1 } },
    ],
    ['POST', `${bucket}/objects`, { blobs: [blob], metadata: { a: 1 }, key_prefix: '/a', year: 3 }],
    ['POST', `${bucket}/objects/batch`, { objects: [{ blobs: [blob], year: 3 }] }],
    [
      'PATCH',
      `${bucket}/objects/${things['object_identifier']}`,
      { year: 3, metadata: { a: 1 }, blobs: [blob] },
    ],
    ['POST', `${bucket}/objects/list`, { filters, sort, search: 'x', limit: 3 }],
    [
      'POST',
      `${bucket}/batches`,
      {
        batch_name: 'x',
        object_ids: [things['object_identifier']],
        collection_ids: collection_identifiers,
      },
    ],
    [
      'POST',
      '/v1/collections',
      { collection_name: 'x', source, feature_extractor: extractor, metadata: {} },
    ],
    [
      'POST',
      `${collection}/documents`,
      { title: 'x', year: 1, features, metadata: { a: { b: 1 } } },
    ],
    ['PATCH', `${collection}/documents/${things['document_id']}`, { title: 'x', 'a.b': 1 }],
    [
      'POST',
      `${collection}/documents/list`,
      { filters, sort, search: 'x', group_by: 'year', select: ['title'], return_vectors: true },
    ],
    ['PATCH', `${collection}/documents/bulk`, { filters, update_data: { seen: true } }],
    [
      'POST',
      '/v1/retrievers',
      { retriever_name: 'x', collection_identifiers, ...retriever, tags: ['a'] },
    ],
    [
      'POST',
      '/v1/retrievers/execute',
      {
        collection_identifiers,
        ...retriever,
        inputs: { query: 'fish' },
        filters,
        pagination: { method: 'offset', page_size: 3, page_number: 1 },
      },
    ],
    ['POST', '/v1/tasks/list', { status: 'COMPLETED', filters, sort }],
    [
      'POST',
      `${plugins}/uploads`,
      { name: 'abc', version: '1.0', file_size_bytes: 9, presigned_url_expiration: 60 },
    ],
    [
      'POST',
      `${plugins}/uploads/${things['upload_id']}/confirm`,
      { etag: 'a', file_size_bytes: 3 },
    ],
    ['POST', `${plugins}/org/x_1_0_0/enable`, { params: { a: 1 }, deploy: false }],
    ['POST', `${plugins}/x_1_0_0/realtime/test`, { inputs: { text: 'x' }, parameters: {} }],
  ]
}

/** The value with a part of it, at any depth, replaced by junk, left out, or under another name. */
function spoiled(value: unknown): fc.Arbitrary<unknown> {
  const whole = fc.constantFrom(...spoilt)
  if (typeof value !== 'object' || value === null) return whole
  const parts = Object.keys(value).map((key) => spoiledPart(value, key))
  return parts.length === 0
    ? whole
    : fc.oneof({ weight: 1, arbitrary: whole }, { weight: 6, arbitrary: fc.oneof(...parts) })
}

function spoiledPart(value: object, key: string): fc.Arbitrary<unknown> {
  const inner: unknown = Reflect.get(value, key)
  const inside = spoiled(inner).map((part) =>
    Array.isArray(value) ? value.with(Number(key), part) : { ...value, [key]: part },
  )
  if (Array.isArray(value)) return inside
  const rest = Object.fromEntries(Object.entries(value).filter(([name]) => name !== key))
  return fc.oneof(
    { weight: 4, arbitrary: inside },
    fc.constantFrom(rest, { ...rest, [`${key}x`]: inner }),
  )
}

test('no body, however it is spoiled, is answered with a 5xx, and a 422 says where it is wrong', async () => {
  await using server = await startTestServer()
  const things = await furnish(server.call)
  const any = fc
    .constantFrom(...requests(things))
    .chain(([method, path, body]) =>
      fc.tuple(fc.constant(method), fc.constant(path), spoiled(body)),
    )

  await fc.assert(
    fc.asyncProperty(any, async ([method, path, body]) => {
      const response = await server.fetch(path, {
        method,
        headers: { 'x-namespace': things.namespace_id, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      const text = await response.text()

      assert.ok(response.status < 500, text)
      if (response.status !== 422) return
      const { error, detail } = JSON.parse(text)
      assert.doesNotMatch(error.message, /undefined|\[object|NaN/)
      assert.ok(error.details.validation_errors.length > 0)
      for (const { loc } of detail) assert.match(loc[0], /^(?:body|query|path|header)$/)
    }),
    { numRuns: Math.max(400, Number(process.env['NACRE_PROPERTY_RUNS'] ?? 0)) },
  )
})
