import type { Things } from './tenants.ts'

/** A body that the route takes, naming the things it can name; by operation. */
type BodyOf = (things: Things) => unknown

const filter = { field: 'year', operator: 'exists', value: true }
const object = (t: Things) => [t['object_identifier']]
const collection = (t: Things) => [t['collection_identifier']]
const sourceOf = (t: Things) => ({ type: 'bucket', bucket_ids: [t['bucket_identifier']] })

const extractor = {
  feature_extractor_name: 'text_extractor',
  version: 'v1',
  input_mappings: { text: 'content' },
}

const feature_uri = 'mixpeek://text_extractor@v1/multilingual_e5_large_instruct_v1'

const like = (document_ref: object) => {
  const searches = [{ feature_uri, query: { input_mode: 'document', document_ref }, top_k: 10 }]
  const config = { stage_id: 'feature_search', parameters: { searches } }
  return [{ stage_name: 'like', stage_type: 'filter', config }]
}

const stages = (t: Things) => [
  {
    stage_name: 'search',
    stage_type: 'filter',
    config: {
      stage_id: 'feature_search',
      parameters: {
        collection_identifiers: collection(t),
        searches: [
          {
            feature_uri,
            query: { input_mode: 'text', value: 'someone who sells food' },
            top_k: 10,
          },
        ],
        final_top_k: 5,
      },
    },
  },
]

const batch: BodyOf = (t) => ({ object_ids: object(t), collection_ids: collection(t) })

/**
 * Bodies for every operation that names things in them, or that needs one before it looks for what its path names. A
 * list: each is tried by itself, for a refusal of the first name would hide the second.
 */
export const bodies: Readonly<Record<string, readonly BodyOf[]>> = {
  createUser: [() => ({ email: 'eve@both.example', user_name: 'Eve' })],
  updateUser: [() => ({ user_name: 'Eve' })],
  createApiKey: [
    (t) => ({
      name: `for ${t['namespace_id']}`,
      scopes: [{ resource_type: 'namespace', resource_id: t['namespace_id'] }],
    }),
  ],
  updateApiKey: [
    (t) => ({ scopes: [{ resource_type: 'namespace', resource_id: t['namespace_id'] }] }),
  ],
  createNamespace: [() => ({ namespace_name: 'another' })],
  updateNamespace: [() => ({ description: 'x' })],
  createBucket: [() => ({ bucket_name: 'another' })],
  createObject: [() => ({ year: 1 })],
  createObjects: [() => ({ objects: [{ year: 1 }] })],
  createBatch: [batch, (t) => ({ collection_ids: collection(t) })],
  listBatches: [(t) => ({ collection_id: t['collection_identifier'] })],
  triggerBatch: [batch, (t) => ({ collection_ids: collection(t) })],
  addObjectsToBatch: [(t) => ({ object_ids: object(t) })],
  submitBatch: [(t) => ({ collection_ids: collection(t) })],
  createCollection: [
    (t) => ({ collection_name: 'more', source: sourceOf(t), feature_extractor: extractor }),
    (t) => ({
      collection_name: 'tiers',
      source: { type: 'collection', collection_ids: collection(t) },
      feature_extractor: { ...extractor, input_mappings: { text: 'text' } },
    }),
  ],
  syncCollectionSchema: [() => ({ force: true })],
  exportCollection: [() => ({ filters: filter })],
  transitionCollectionLifecycle: [() => ({ lifecycle_state: 'active' })],
  cloneCollection: [(t) => ({ collection_name: 'cloned', source: sourceOf(t) })],
  triggerCollection: [
    (t) => ({ include_buckets: [t['bucket_identifier']] }),
    (t) => ({ include_collections: collection(t) }),
  ],
  createDocument: [
    (t) => ({ title: 'x', collection_id: t['collection_identifier'] }),
    (t) => ({ title: 'x', document_id: t['document_id'] }),
    (t) => ({ title: 'x', root_object_id: t['object_identifier'] }),
    (t) => ({ title: 'x', root_bucket_id: t['bucket_identifier'] }),
    (t) => ({ title: 'x', source_object_id: t['object_identifier'] }),
    (t) => ({ title: 'x', source_collection_id: t['collection_identifier'] }),
    (t) => ({ title: 'x', source_document_id: t['document_id'] }),
  ],
  replaceDocument: [() => ({ title: 'x' })],
  updateDocument: [() => ({ title: 'x' })],
  replaceNamespaceDocument: [() => ({ title: 'x' })],
  updateNamespaceDocument: [() => ({ title: 'x' })],
  updateDocumentsBulk: [() => ({ filters: filter, update_data: { seen: true } })],
  updateDocumentsBatch: [
    (t) => ({ updates: [{ document_id: t['document_id'], update_data: { seen: true } }] }),
    (t) => ({ document_ids: [t['document_id']], update_data: { seen: true } }),
  ],
  deleteDocumentsBatch: [(t) => ({ document_ids: [t['document_id']] })],
  createRetriever: [
    (t) => ({
      retriever_name: 'more',
      collection_identifiers: collection(t),
      stages: stages(t).map((stage) => ({
        ...stage,
        config: {
          ...stage.config,
          parameters: { ...stage.config.parameters, collection_identifiers: undefined },
        },
      })),
    }),
    (t) => ({ retriever_name: `within ${t['collection_identifier']}`, stages: stages(t) }),
  ],
  executeAdhoc: [
    (t) => ({ collection_identifiers: collection(t), stages: [limit] }),
    (t) => ({ collection_ids: collection(t), stages: [limit] }),
    (t) => ({ stages: stages(t) }),
    (t) => ({
      collection_identifiers: collection(t),
      stages: like({ document_id: t['document_id'] }),
    }),
    (t) => ({
      collection_identifiers: ['plots'],
      stages: like({ collection_id: t['collection_identifier'], document_id: t['document_id'] }),
    }),
  ],
  patchRetriever: [() => ({ description: 'x' })],
  aggregateDocuments: [() => aggregation],
  aggregateObjects: [() => aggregation],
  cloneRetriever: [
    (t) => ({ retriever_name: 'cloned', collection_identifiers: collection(t) }),
    (t) => ({ retriever_name: 'cloned too', collection_ids: collection(t) }),
  ],
  reconfigureNamespace: [() => ({ dry_run: true })],
  uploadPlugin: [() => ({})],
  createPluginUpload: [() => ({ name: 'announced', version: '1.0.0' })],
  createOrganizationPluginUpload: [() => ({ name: 'announced', version: '1.0.0' })],
  enableOrganizationPlugin: [() => ({ params: {} })],
  testPluginRealtime: [() => ({ inputs: { text: 'x' } })],
}

const aggregation = {
  group_by: [{ field: 'year', alias: 'year' }],
  aggregations: [{ function: 'count', alias: 'count' }],
}

const limit = {
  stage_name: 'few',
  stage_type: 'filter',
  config: {
    stage_id: 'attribute_filter',
    parameters: { field: 'year', operator: 'exists', value: true },
  },
}

/** Fields by which a filter could reach for what is another's, with whose value. */
export const reaching: readonly [field: string, thing: string][] = [
  ['namespace_id', 'namespace_id'],
  ['_internal.namespace_id', 'namespace_id'],
  ['organization_id', 'organization_id'],
  ['bucket_id', 'bucket_identifier'],
  ['object_id', 'object_identifier'],
  ['root_object_id', 'object_identifier'],
  ['_internal.lineage.root_object_id', 'object_identifier'],
  ['collection_id', 'collection_identifier'],
  ['_internal.collection_id', 'collection_identifier'],
  ['document_id', 'document_id'],
  ['batch_id', 'batch_id'],
  ['retriever_id', 'retriever_id'],
  ['execution_id', 'execution_id'],
  ['task_id', 'task_id'],
  ['title', 'word'],
]
