import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { hashOf, newApiKey, prefixOf } from '../../src/domain/organizations/api-key.ts'
import type { Ports } from '../../src/ports/ports.ts'
import { insertApiKey } from '../../src/store/api-keys.ts'
import { insertOrganization } from '../../src/store/organizations.ts'
import { insertUser } from '../../src/store/users.ts'
import { packPlugin } from './plugins.ts'
import type { TestServer } from './server.ts'
import { lengthPlugin } from './upload-plugin.ts'

/** The values of the parameters that paths name: one thing of each noun. */
export type Things = Record<string, string> & { namespace_id: string; namespace_name: string }

/** Another organization on the same server, which the API has no way to make; answers the key of its admin. */
export async function addOrganization(ports: Ports): Promise<string> {
  const at = { createdAt: ports.now(), updatedAt: ports.now() }
  const organizationId = ports.newId('org')
  const userId = ports.newId('usr')
  const key = newApiKey()
  await insertOrganization(ports.db, {
    id: organizationId,
    internalId: ports.newId('int'),
    name: 'other',
    accountType: 'enterprise',
    profile: {},
    metadata: {},
    ...at,
  })
  await insertUser(ports.db, {
    id: userId,
    organizationId,
    email: 'root@other.example',
    name: 'root',
    role: 'admin',
    status: 'active',
    avatarUrl: null,
    metadata: {},
    ...at,
  })
  await insertApiKey(ports.db, {
    id: ports.newId('key'),
    organizationId,
    userId,
    name: 'root',
    hash: hashOf(key),
    prefix: prefixOf(key),
    description: '',
    permissions: ['admin'],
    scopes: [],
    status: 'active',
    rateLimitOverride: null,
    expiresAt: null,
    lastUsedAt: null,
    createdAt: at.createdAt,
    createdBy: null,
    revokedAt: null,
    revokedBy: null,
  })
  return key
}

/** A namespace with one thing of each noun in it: a bucket with an object, its batch done, a collection, a retriever. */
export async function furnish(call: TestServer['call']): Promise<Things> {
  const name = `films-${randomBytes(3).toString('hex')}`
  const { namespace_id: namespace } = await call('POST', '/v1/namespaces', {
    namespace_name: name,
    feature_extractors: [{ feature_extractor_name: 'text_extractor', version: 'v1' }],
  })
  const at = (method: string, path: string, body?: unknown) =>
    call(method, path, body, { 'x-namespace': namespace })
  const { bucket_id: bucket } = await at('POST', '/v1/buckets', {
    bucket_name: 'plots',
    bucket_schema: { properties: { content: { type: 'text' }, year: { type: 'integer' } } },
  })
  const { object_id: object } = await at('POST', `/v1/buckets/${bucket}/objects`, {
    blobs: [{ property: 'content', type: 'text', data: 'A man sells fish.' }],
    year: 1999,
  })
  const { collection_id: collection } = await at('POST', '/v1/collections', {
    collection_name: 'plots',
    source: { type: 'bucket', bucket_ids: [bucket] },
    feature_extractor: {
      feature_extractor_name: 'text_extractor',
      version: 'v1',
      input_mappings: { text: 'content' },
    },
  })
  const { batch_id: batch } = await at('POST', `/v1/buckets/${bucket}/batches`, {
    object_ids: [object],
  })
  const { task_id: task } = await at('POST', `/v1/buckets/${bucket}/batches/${batch}/submit`)
  await ended(call, task)
  const { document_id: document } = await at('POST', `/v1/collections/${collection}/documents`, {
    title: 'By hand',
    year: 2001,
  })
  const { retriever_id: retriever } = await at('POST', '/v1/retrievers', {
    retriever_name: 'newest',
    collection_identifiers: [collection],
    stages: [
      {
        stage_type: 'attribute_filter',
        parameters: { field: 'year', operator: 'eq', value: 2001 },
      },
    ],
  })
  const { upload_id: upload } = await call('POST', `/v1/namespaces/${namespace}/plugins/uploads`, {
    name: 'announced',
    version: '1.0.0',
  })
  return {
    namespace_id: namespace,
    namespace_name: name,
    namespace_identifier: namespace,
    bucket_identifier: bucket,
    object_identifier: object,
    object_id: object,
    batch_id: batch,
    tier_num: '0',
    collection_identifier: collection,
    collection_id: collection,
    document_id: document,
    retriever_id: retriever,
    task_id: task,
    upload_id: upload,
  }
}

/** A plugin of the namespace, its name its own; a made-up id where this machine cannot run plugins. */
export async function furnishPlugin(
  call: TestServer['call'],
  namespace: string,
): Promise<{ plugin_id: string }> {
  const name = `lengths_${randomBytes(3).toString('hex')}`
  const at = `/v1/namespaces/${namespace}/plugins/uploads`
  const upload = await call('POST', at, { name, version: '1.0.0' })
  const archive = Buffer.from(packPlugin(lengthPlugin(name)))
  await fetch(upload.presigned_url, { method: 'PUT', body: archive })
  try {
    return await call('POST', `${at}/${upload.upload_id}/confirm`)
  } catch (error) {
    if (!/: 503 /.test(String(error))) throw error
    return { plugin_id: `${name}_1_0_0` }
  }
}

async function ended(call: TestServer['call'], task: string): Promise<void> {
  for (;;) {
    const { status } = await call('GET', `/v1/tasks/${task}`)
    if (status === 'COMPLETED') return
    if (/FAILED|CANCELED|ERRORS/.test(status)) throw new Error(`The task is ${status}`)
    await sleep(20)
  }
}
