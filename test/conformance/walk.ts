import { setTimeout as sleep } from 'node:timers/promises'
import { packPlugin } from '../support/plugins.ts'
import type { Answer } from '../support/server.ts'
import { formOf, lengthPlugin } from '../support/upload-plugin.ts'
import { archive } from './walk-archive.ts'

export interface Step {
  /** Values of the path's parameters, in order. */
  path?: string[]
  body?: unknown
  query?: string
  namespace?: string
  /** Of the body; absent: JSON, as clients say it also of an empty one. */
  contentType?: string
}

/** Calls one operation, named by its key, and answers what came back; null where it is not served. */
export type Call = (key: string, step?: Step) => Promise<Answer>

/** Calls every operation of this version in an order in which each can succeed. */
export async function walk(call: Call): Promise<void> {
  await account(call)
  const namespace = await namespaces(call)
  await extractors(call, namespace)
  const { bucket, object } = await buckets(call, namespace)
  const { collection, spare } = await collections(call, namespace, bucket)
  await batches(call, namespace, { bucket, object, collection })
  await documents(call, namespace, collection)
  await retrievers(call, namespace, collection)
  await indexes(call, namespace)
  await plugins(call, namespace)
  await archive(call, namespace)
  await call('DELETE /v1/collections/{}', { path: [spare], namespace })
  await call('DELETE /v1/buckets/{}/objects/{}', { path: [bucket, object], namespace })
  await call('DELETE /v1/buckets/{}', { path: [bucket], namespace })
  const repaired = await call('POST /v1/namespaces/{}/repair', { path: [namespace] })
  await ended(call, repaired?.task_id)
  const dropped = await call('DELETE /v1/namespaces/{}', { path: [namespace] })
  await call('DELETE /v1/tasks/{}', { path: [dropped?.task_id ?? 'task_none'] })
}

async function account(call: Call): Promise<void> {
  await call('GET /v1/health', { query: '?deep=true' })
  await call('GET /v1/health/liveness')
  await call('GET /v1/health/beat')
  await call('GET /v1/openapi.json')
  await call('GET /v1/metrics')
  await call('GET /v1/organizations')
  await call('PATCH /v1/organizations', {
    body: { organization_name: 'Films', metadata: { a: 1 } },
  })
  const email = 'ann+1@films.example'
  await call('POST /v1/organizations/users', { body: { email, user_name: 'Ann' } })
  await call('GET /v1/organizations/users', { query: '?skip=0&limit=50' })
  await call('GET /v1/organizations/users/{}', { path: [email] })
  await call('PATCH /v1/organizations/users/{}', { path: [email], body: { role: 'viewer' } })
  const key = { name: 'a key', permissions: ['read'], expires_at: '2099-01-01T00:00:00+00:00' }
  await call('POST /v1/organizations/users/{}/api-keys', { path: [email], body: key })
  await call('GET /v1/organizations/users/{}/api-keys', { path: [email] })
  const changed = {
    description: 'changed',
    scopes: [{ resource_type: 'namespace', resource_id: 'ns_*' }],
  }
  await call('PATCH /v1/organizations/users/{}/api-keys/{}', {
    path: [email, 'a key'],
    body: changed,
  })
  await call('POST /v1/organizations/users/{}/api-keys/{}/rotate', { path: [email, 'a key'] })
  await call('DELETE /v1/organizations/users/{}/api-keys/{}', { path: [email, 'a key'] })
  await call('DELETE /v1/organizations/users/{}', { path: [email] })
}

async function namespaces(call: Call): Promise<string> {
  const made = await call('POST /v1/namespaces', {
    body: {
      namespace_name: 'conformance',
      description: 'walked through',
      feature_extractors: [
        { feature_extractor_name: 'text_extractor', version: 'v1' },
        { feature_extractor_name: 'passthrough_extractor', version: 'v1' },
      ],
      payload_indexes: [
        { field_name: 'metadata.category', type: 'keyword', field_schema: { type: 'keyword' } },
      ],
    },
  })
  const id = made?.namespace_id ?? 'ns_none'
  await call('POST /v1/namespaces/list', { query: '?include_total=true', body: {} })
  await call('GET /v1/namespaces')
  await call('GET /v1/namespaces/{}', { path: ['conformance'] })
  const year = {
    field_name: 'year',
    type: 'integer',
    field_schema: { type: 'integer', range: true },
  }
  await call('PATCH /v1/namespaces/{}', {
    path: [id],
    body: { description: null, payload_indexes: [year] },
  })
  await call('PUT /v1/namespaces/{}', { path: [id], body: { namespace_name: 'conformance-2' } })
  return id
}

async function extractors(call: Call, namespace: string): Promise<void> {
  await call('GET /v1/collections/features/extractors')
  await call('GET /v1/collections/features/extractors/{}', { path: ['text_extractor_v1'] })
  await call('GET /v1/discovery/extractors')
  await call('GET /v1/namespaces/{}/extractors', { path: [namespace] })
  await call('GET /v1/namespaces/{}/extractors/{}', { path: [namespace, 'text_extractor_v1'] })
}

async function buckets(call: Call, namespace: string): Promise<{ bucket: string; object: string }> {
  const properties = {
    content: { type: 'text', required: true },
    title: { type: 'string' },
    metadata: { type: 'object' },
  }
  const made = await call('POST /v1/buckets', {
    namespace,
    body: { bucket_name: 'plots', description: 'of films', bucket_schema: { properties } },
  })
  const bucket = made?.bucket_id ?? 'bkt_none'
  const at = { path: [bucket], namespace }
  await call('GET /v1/buckets/{}', { path: ['plots'], namespace })
  await call('PATCH /v1/buckets/{}', { ...at, body: { metadata: { a: 1 } } })
  await call('PUT /v1/buckets/{}', { ...at, body: { description: 'of good films' } })
  const object = await objects(call, namespace, bucket)
  await call('POST /v1/buckets/list', { namespace, body: { search: 'plot' } })
  return { bucket, object }
}

async function objects(call: Call, namespace: string, bucket: string): Promise<string> {
  const at = { path: [bucket], namespace }
  const made = await call('POST /v1/buckets/{}/objects', {
    ...at,
    body: plot('A man sells fish.', 'comedy'),
  })
  const object = made?.object_id ?? 'obj_none'
  await call('POST /v1/buckets/{}/objects/batch', {
    ...at,
    body: { objects: [plot('A storm comes.', 'drama'), plot('Two friends travel.', 'comedy')] },
  })
  const one = { path: [bucket, object], namespace }
  await call('GET /v1/buckets/{}/objects/{}', one)
  await call('PATCH /v1/buckets/{}/objects/{}', { ...one, body: { title: 'Fish' } })
  await call('PUT /v1/buckets/{}/objects/{}', { ...one, body: { metadata: { year: 1999 } } })
  const filters = { AND: [{ field: 'metadata.category', operator: 'eq', value: 'comedy' }] }
  await call('POST /v1/buckets/{}/objects/list', {
    ...at,
    query: '?include_total=true',
    body: { filters },
  })
  await call('POST /v1/buckets/{}/objects/aggregate', { ...at, body: aggregation })
  return object
}

function plot(data: string, category: string) {
  return { blobs: [{ property: 'content', type: 'text', data }], metadata: { category } }
}

const aggregation = {
  group_by: [{ field: 'metadata.category', alias: 'category' }],
  aggregations: [{ function: 'count', alias: 'count' }],
}

async function collections(
  call: Call,
  namespace: string,
  bucket: string,
): Promise<{ collection: string; spare: string }> {
  const body = {
    source: { type: 'bucket', bucket_ids: [bucket] },
    feature_extractor: {
      feature_extractor_name: 'text_extractor',
      version: 'v1',
      input_mappings: { text: 'content' },
      field_passthrough: [{ source_path: 'metadata.category' }],
    },
  }
  const made = await call('POST /v1/collections', {
    namespace,
    body: { collection_name: 'plots', ...body },
  })
  const collection = made?.collection_id ?? 'col_none'
  const spare = await call('POST /v1/collections', {
    namespace,
    body: { collection_name: 'spare', ...body, enabled: false },
  })
  const at = { path: [collection], namespace }
  await call('GET /v1/collections/{}', at)
  await call('PATCH /v1/collections/{}', { ...at, body: { description: 'plots as documents' } })
  await call('POST /v1/collections/list', { namespace, query: '?include_total=true', body: {} })
  await call('GET /v1/collections/{}/features', at)
  await call('GET /v1/collections/{}/lifecycle', at)
  await call('PATCH /v1/collections/{}/lifecycle', { ...at, body: { lifecycle_state: 'active' } })
  const cloned = await call('POST /v1/collections/{}/clone', {
    ...at,
    body: { collection_name: 'plots-2' },
  })
  await call('DELETE /v1/collections/{}', {
    path: [cloned?.collection?.collection_id ?? 'col_none'],
    namespace,
  })
  return { collection, spare: spare?.collection_id ?? 'col_none' }
}

interface Made {
  bucket: string
  object: string
  collection: string
}

async function batches(
  call: Call,
  namespace: string,
  { bucket, object, collection }: Made,
): Promise<void> {
  const at = { path: [bucket], namespace }
  const made = await call('POST /v1/buckets/{}/batches', { ...at, body: { object_ids: [object] } })
  const one = { path: [bucket, made?.batch_id ?? 'btch_none'], namespace }
  const listed = await call('POST /v1/buckets/{}/objects/list', { ...at, body: {} })
  const others: string[] = (listed?.results ?? []).map((o: { object_id: string }) => o.object_id)
  await call('POST /v1/buckets/{}/batches/{}/objects', { ...one, body: { object_ids: others } })
  await call('PATCH /v1/buckets/{}/batches/{}', { ...one, body: { metadata: { run: 1 } } })
  const task = await call('POST /v1/buckets/{}/batches/{}/submit', one)
  await ended(call, task?.task_id)
  await call('GET /v1/buckets/{}/batches/{}', one)
  await call('POST /v1/buckets/{}/batches/list', { ...at, body: {} })
  await call('GET /v1/buckets/{}/batches/{}/failed-documents', one)
  await call('GET /v1/buckets/{}/batches/{}/logs', one)
  await call('POST /v1/buckets/{}/batches/{}/retry', { ...one, body: { retry_mode: 'all' } })
  await call('POST /v1/buckets/{}/batches/{}/tiers/{}/retry-qdrant-write', {
    path: [...one.path, '0'],
    namespace,
  })
  await call('POST /v1/tasks/list', { body: { status: 'COMPLETED' } })
  const triggered = await call('POST /v1/collections/{}/trigger', { path: [collection], namespace })
  await ended(call, triggered?.task_id)
  const whole = await call('POST /v1/buckets/{}/batches/trigger', { ...at, body: {} })
  await ended(call, whole?.task_id)
  await call('GET /v1/objects/{}/documents', {
    path: [object],
    namespace,
    query: `?collection_ids=${collection}`,
  })
  await call('GET /v1/objects/{}/decomposition-tree', {
    path: [object],
    namespace,
    query: '?include_document_ids=true',
  })
  const draft = await call('POST /v1/buckets/{}/batches', { ...at, body: { object_ids: [object] } })
  await call('POST /v1/buckets/{}/batches/{}/submit', {
    path: [bucket, draft?.batch_id ?? 'btch_none'],
    namespace,
  })
  await call('POST /v1/buckets/{}/batches/{}/cancel', {
    path: [bucket, draft?.batch_id ?? 'btch_none'],
    namespace,
  })
  const unused = await call('POST /v1/buckets/{}/batches', {
    ...at,
    body: { object_ids: [object] },
  })
  await call('DELETE /v1/buckets/{}/batches/{}', {
    path: [bucket, unused?.batch_id ?? 'btch_none'],
    namespace,
  })
}

const taskWaitMs = 60_000
const ends = ['COMPLETED', 'COMPLETED_WITH_ERRORS', 'FAILED', 'CANCELED']

/** Polls as clients do; a task that does not complete is a fault of its own. */
async function ended(call: Call, id: string | undefined): Promise<void> {
  const until = Date.now() + taskWaitMs
  while (id !== undefined && Date.now() < until) {
    const task = await call('GET /v1/tasks/{}', { path: [id] })
    if (task === null || task.status === 'COMPLETED') return
    if (ends.includes(task.status)) throw new Error(`Task ${id}: ${JSON.stringify(task)}`)
    await sleep(100)
  }
  if (id !== undefined) throw new Error(`Task ${id} did not end within ${taskWaitMs} ms`)
}

async function documents(call: Call, namespace: string, collection: string): Promise<void> {
  const at = { path: [collection], namespace }
  const made = await call('POST /v1/collections/{}/documents', {
    ...at,
    body: { collection_id: collection, metadata: { a: 1 }, title: 'By hand', year: 2001 },
  })
  const document = made?.document_id ?? 'doc_none'
  const one = { path: [collection, document], namespace }
  const lines = ['{"title": "One"}', '{"title": "Two"'].join('\n')
  await call('POST /v1/collections/{}/documents/import', { ...at, body: lines })
  await call('GET /v1/collections/{}/documents/{}', one)
  await call('PATCH /v1/collections/{}/documents/{}', { ...one, body: { title: 'Patched' } })
  await call('PUT /v1/collections/{}/documents/{}', { ...one, body: { title: 'Put', year: 2002 } })
  await call('GET /v1/collections/{}/documents/{}/lineage', one)
  await call('GET /v1/documents/{}', { path: [document], namespace })
  await call('PATCH /v1/documents/{}', {
    path: [document],
    namespace,
    body: { title: 'Patched again' },
  })
  await call('PUT /v1/documents/{}', {
    path: [document],
    namespace,
    body: { title: 'Put again', year: 2003 },
  })
  const filters = { AND: [{ field: 'year', operator: 'gte', value: 2000 }] }
  await call('POST /v1/collections/{}/documents/list', {
    ...at,
    query: '?include_total=true',
    body: { filters },
  })
  await call('POST /v1/collections/{}/documents/list', {
    ...at,
    body: { group_by: 'category', return_vectors: true },
  })
  await call('POST /v1/collections/{}/documents/aggregate', {
    ...at,
    body: { ...aggregation, group_by: [{ field: 'category' }] },
  })
  await call('PATCH /v1/collections/{}/documents/bulk', {
    ...at,
    body: { filters, update_data: { seen: true } },
  })
  const updates = [{ document_id: document, update_data: { seen: false } }]
  await call('POST /v1/collections/{}/documents/batch', { ...at, body: { updates } })
  await files(call, at)
  await call('DELETE /v1/collections/{}/documents/{}', one)
  await call('DELETE /v1/collections/{}/documents/batch', {
    ...at,
    body: { filters: { field: 'year', operator: 'gt', value: 1 } },
  })
}

/** The schema grows by what documents hold, once: looking again at once is skipped. */
async function files(call: Call, at: { path: string[]; namespace: string }): Promise<void> {
  const wanted = { sample_size: 100, cascade_to_downstream: true }
  await call('POST /v1/collections/{}/sync-schema', { ...at, body: wanted })
  await call('POST /v1/collections/{}/sync-schema', at)
  await call('POST /v1/collections/{}/export', at)
  const table = await call('POST /v1/collections/{}/export', {
    ...at,
    body: { format: 'csv', include_vectors: true, select_fields: ['title'], sample_size: 5 },
  })
  await call('GET /v1/export-files/{}', signedStep(table?.download_url))
}

async function retrievers(call: Call, namespace: string, collection: string): Promise<void> {
  const stages = [
    {
      stage_name: 'search',
      stage_type: 'filter',
      config: {
        stage_id: 'feature_search',
        parameters: {
          searches: [
            {
              feature_uri: 'mixpeek://text_extractor@v1/multilingual_e5_large_instruct_v1',
              query: { input_mode: 'text', value: '{{INPUT.query}}' },
              top_k: 10,
            },
          ],
          final_top_k: 5,
        },
      },
    },
  ]
  const input_schema = { query: { type: 'string', required: true } }
  const made = await call('POST /v1/retrievers', {
    namespace,
    body: { retriever_name: 'find', collection_identifiers: [collection], stages, input_schema },
  })
  const retriever = made?.retriever?.retriever_id ?? 'ret_none'
  const one = { path: [retriever], namespace }
  await call('GET /v1/retrievers/{}', one)
  await call('GET /v1/retrievers', { namespace })
  await call('POST /v1/retrievers/list', { namespace, body: {} })
  await call('GET /v1/retrievers/stages')
  await call('PATCH /v1/retrievers/{}', { ...one, body: { description: 'finds plots' } })
  const asked = { inputs: { query: 'someone who sells food' } }
  const found = await call('POST /v1/retrievers/{}/execute', { ...one, body: asked })
  await call('POST /v1/retrievers/{}/execute/explain', { ...one, body: asked })
  await call('POST /v1/retrievers/{}/executions/list', { ...one, body: {} })
  const execution = found?.execution_id ?? 'exec_none'
  await call('GET /v1/retrievers/{}/executions/{}', { path: [retriever, execution], namespace })
  const adhoc = await call('POST /v1/retrievers/execute', {
    namespace,
    body: { collection_identifiers: [collection], stages, input_schema, ...asked },
  })
  await call('POST /v1/retrievers/executions/list', { namespace, body: {} })
  await call('GET /v1/retrievers/executions/{}', {
    path: [adhoc?.execution_id ?? 'exec_none'],
    namespace,
  })
  await call('POST /v1/retrievers/{}/clone', { ...one, body: { retriever_name: 'find too' } })
  await call('DELETE /v1/retrievers/{}', one)
}

/** After reads that were recorded; 1 is the least that each of them takes. */
async function indexes(call: Call, namespace: string): Promise<void> {
  const usage = 'GET /v1/analytics/indexes'
  await call(`${usage}/suggestions`, { namespace, query: '?hours=24&min_count=1' })
  await call(`${usage}/usage`, { namespace, query: '?period=7d&min_count=1' })
  const analytics = 'GET /v1/analytics/namespaces'
  const days = { namespace, query: '?days=7' }
  await call(`${analytics}/fields/most-queried`, days)
  await call(`${analytics}/fields/performance`, days)
  await call(`${analytics}/queries/slow`, { namespace, query: '?latency_threshold_ms=100' })
  await call(`${analytics}/indexes/compound-patterns`, days)
  await call(`${analytics}/indexes/recommendations`, { namespace, query: '?min_usage_count=1' })
  await call(`${analytics}/summary`, { namespace })
  const path = [namespace]
  await call('PATCH /v1/namespaces/{}', { path, body: { auto_create_indexes: true } })
  await call('POST /v1/namespaces/{}/index-decisions/check', { path })
  const decided = await call('GET /v1/namespaces/{}/index-decisions', { path })
  const one = { path: [namespace, decided?.results[0]?.decision_id ?? 'dec_none'] }
  await call('GET /v1/namespaces/{}/index-decisions/{}', one)
  await call('POST /v1/namespaces/{}/index-decisions/{}/undo', one)
  await call('GET /v1/namespaces/{}/index-events', { path })
}

async function plugins(call: Call, namespace: string): Promise<void> {
  const name = 'walked'
  const form = await formOf({ name, version: 'v1', archive: packPlugin(lengthPlugin(name)) })
  const uploaded = await call('POST /v1/namespaces/{}/plugins', {
    path: [namespace],
    body: form.body,
    contentType: form.headers['content-type'] ?? '',
  })
  const one = { path: [namespace, uploaded?.plugin_id ?? 'walked_1_0_0'] }
  await call('GET /v1/namespaces/{}/plugins', { path: [namespace] })
  const got = await call('GET /v1/namespaces/{}/plugins/{}', {
    ...one,
    query: '?return_presigned_urls=true',
  })
  await call('GET /v1/plugin-archives/{}', signedStep(got?.presigned_download_url))
  await call('POST /v1/namespaces/{}/plugins/{}/deploy', {
    ...one,
    query: '?deployment_type=batch_only',
  })
  await call('GET /v1/namespaces/{}/plugins/{}/status', one)
  await call('POST /v1/namespaces/{}/plugins/{}/realtime/test', {
    ...one,
    body: { inputs: { text: 'a fish' }, parameters: {} },
  })
  await reconfigures(call, namespace)
  await call('POST /v1/namespaces/{}/plugins/{}/undeploy', one)
  await call('DELETE /v1/namespaces/{}/plugins/{}', one)
  await signedUpload(call, '/v1/namespaces/{}/plugins', [namespace])
  await organizationPlugins(call, namespace)
}

/** While a plugin is deployed whose vector the namespace lacks. */
async function reconfigures(call: Call, namespace: string): Promise<void> {
  const path = [namespace]
  await call('POST /v1/namespaces/{}/plugins/reconfigure', { path, body: { dry_run: true } })
  await call('POST /v1/namespaces/{}/plugins/reconfigure', { path, body: { confirm: true } })
  await call('GET /v1/namespaces/{}/plugins/reconfigure', { path })
  await call('POST /v1/namespaces/{}/plugins/reconfigure/undo', { path })
}

async function organizationPlugins(call: Call, namespace: string): Promise<void> {
  const id = await signedUpload(call, '/v1/plugins', [])
  await call('GET /v1/plugins')
  await call('GET /v1/plugins/{}', { path: [id] })
  await call('GET /v1/namespaces/{}/plugins/available', { path: [namespace] })
  const path = [namespace, id]
  await call('POST /v1/namespaces/{}/plugins/org/{}/enable', {
    path,
    body: { params: {}, deploy: true },
  })
  await call('POST /v1/namespaces/{}/plugins/org/{}/disable', { path })
  await call('DELETE /v1/plugins/{}', { path: [id] })
}

/** Announced, PUT to the signed URL, confirmed: as the plugin command line does it (contract 2.4). */
async function signedUpload(call: Call, at: string, path: string[]): Promise<string> {
  const name = path.length === 0 ? 'shared' : 'signed'
  const upload = await call(`POST ${at}/uploads`, {
    path,
    body: { name, version: 'v1', description: null, presigned_url_expiration: 600 },
  })
  await call('PUT /v1/plugin-uploads/{}/archive', {
    ...signedStep(upload?.presigned_url),
    body: packPlugin(lengthPlugin(name)),
    contentType: 'application/zip',
  })
  const confirmed = await call(`POST ${at}/uploads/{}/confirm`, {
    path: [...path, upload?.upload_id ?? 'upl_none'],
    body: { etag: null, file_size_bytes: null },
  })
  return confirmed?.plugin_id ?? `${name}_1_0_0`
}

/** The path's one parameter and the query of a signed URL. */
function signedStep(url: string | undefined): { path: string[]; query: string } {
  if (url === undefined) return { path: ['none'], query: '' }
  const { pathname, search } = new URL(url)
  const [, parameter = ''] =
    /^\/v1\/(?:plugin-uploads|plugin-archives|export-files)\/([^/]+)/.exec(pathname) ?? []
  return { path: [parameter], query: search }
}
