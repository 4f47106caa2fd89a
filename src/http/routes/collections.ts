import { z } from 'zod'
import { triggerCollection } from '../../domain/batches/trigger-collection.ts'
import { cloneCollection } from '../../domain/collections/clone-collection.ts'
import { collectionAnswer, featuresAnswer } from '../../domain/collections/collection-answer.ts'
import type { Collection } from '../../domain/collections/collection.ts'
import { createCollection } from '../../domain/collections/create-collection.ts'
import { deleteCollection } from '../../domain/collections/delete-collection.ts'
import { extractorsOf } from '../../domain/extractors/extractors-of.ts'
import { findCollection } from '../../domain/collections/find-collection.ts'
import { listCollections } from '../../domain/collections/list-collections.ts'
import { updateCollection } from '../../domain/collections/update-collection.ts'
import { countDocuments } from '../../domain/documents/read.ts'
import type { Namespace } from '../../domain/namespaces/namespace.ts'
import type { Ports } from '../../ports/ports.ts'
import {
  listRequest,
  pageBody,
  pageQuery,
  paginationAnswer,
  paginationSchema,
  withTotal,
} from '../pagination.ts'
import { route } from '../route.ts'

const ofCollection = z.object({ collection_identifier: z.string().min(1) })
const metadata = z.record(z.string(), z.unknown())

/** Parsed by the domain, which knows the aliases and says where they are wrong (contract 15.1). */
const collectionBody = z.object({
  collection_name: z.unknown().optional(),
  name: z.unknown().optional(),
  description: z.string().max(10_000).nullish(),
  source: z.unknown().optional(),
  feature_extractor: z.unknown().optional(),
  feature_extractors: z.unknown().optional(),
  input_schema: z.unknown().optional(),
  enabled: z.boolean().nullish(),
  metadata: metadata.nullish(),
})

const fields = z.object({ properties: z.record(z.string(), z.unknown()) })
const collectionSchema = z.looseObject({
  collection_id: z.string(),
  collection_name: z.string(),
  description: z.string().nullable(),
  input_schema: fields,
  output_schema: fields,
  feature_extractor: z.looseObject({
    feature_extractor_name: z.string(),
    version: z.string(),
    feature_extractor_id: z.string(),
  }),
  source: z.looseObject({ type: z.enum(['bucket', 'collection']) }),
  vector_indexes: z.array(z.looseObject({ name: z.string(), feature_uri: z.string() })),
  enabled: z.boolean(),
  metadata,
  document_count: z.int().nullable(),
  created_at: z.string(),
  updated_at: z.string(),
})

const reading = ['unauthorized', 'forbidden', 'bad_request', 'not_found'] as const
const changing = [
  ...reading,
  'request_invalid',
  'already_exists',
  'not_enabled',
  'conflict',
  'engine_unavailable',
] as const

export const collectionRoutes = [
  route({
    operationId: 'createCollection',
    method: 'POST',
    path: '/v1/collections',
    summary: 'Create a collection: a source, and the extractor that makes documents of it',
    tag: 'collections',
    access: 'write',
    scope: 'namespace',
    body: collectionBody,
    bodyRequired: true,
    response: collectionSchema,
    failures: changing,
    handle: async ({ ports, namespace, body }) => {
      const { collection, warnings } = await createCollection(ports, namespace, body)
      return { ...collectionAnswer(collection, await placeOf(ports, namespace), 0), warnings }
    },
  }),
  route({
    operationId: 'listCollections',
    method: 'POST',
    path: '/v1/collections/list',
    summary: 'List the collections of the namespace',
    tag: 'collections',
    access: 'read',
    scope: 'namespace',
    query: pageQuery,
    body: pageBody,
    response: z.object({
      results: z.array(collectionSchema),
      pagination: paginationSchema,
      total_count: z.int(),
    }),
    failures: [...reading, 'request_invalid'],
    handle: async ({ ports, namespace, query, body }) => {
      const request = withTotal(listRequest(query, body, { limit: 10, config: ports.config }))
      const list = await listCollections(ports, namespace, request)
      return {
        results: await Promise.all(list.rows.map((one) => counted(ports, namespace, one))),
        pagination: paginationAnswer(list, request.page),
        total_count: list.total ?? list.rows.length,
      }
    },
  }),
  route({
    operationId: 'getCollection',
    method: 'GET',
    path: '/v1/collections/{collection_identifier}',
    summary: 'Get a collection by id or name, with its vectors and their feature URIs',
    tag: 'collections',
    access: 'read',
    scope: 'namespace',
    params: ofCollection,
    response: collectionSchema,
    failures: [...reading, 'engine_unavailable'],
    handle: async ({ ports, namespace, params }) =>
      counted(
        ports,
        namespace,
        await findCollection(ports, namespace, params.collection_identifier),
      ),
  }),
  route({
    operationId: 'patchCollection',
    method: 'PATCH',
    path: '/v1/collections/{collection_identifier}',
    summary: 'Change the name, description, metadata or state of a collection',
    tag: 'collections',
    access: 'write',
    scope: 'namespace',
    params: ofCollection,
    body: collectionBody,
    response: collectionSchema,
    failures: changing,
    handle: async ({ ports, namespace, params, body }) => {
      const collection = await findCollection(ports, namespace, params.collection_identifier)
      return await counted(ports, namespace, await updateCollection(ports, collection, body ?? {}))
    },
  }),
  route({
    operationId: 'deleteCollection',
    method: 'DELETE',
    path: '/v1/collections/{collection_identifier}',
    summary: 'Delete a collection and its documents',
    tag: 'collections',
    access: 'delete',
    scope: 'namespace',
    params: ofCollection,
    response: z.object({
      success: z.boolean(),
      message: z.string(),
      collection_id: z.string(),
      deleted_documents: z.int(),
    }),
    failures: [...reading, 'conflict', 'engine_unavailable'],
    handle: async ({ ports, namespace, params }) => {
      const collection = await findCollection(ports, namespace, params.collection_identifier)
      const deleted = await deleteCollection(ports, namespace, collection)
      const message = `Collection '${collection.name}' and its ${deleted} documents are deleted.`
      return { success: true, message, collection_id: collection.id, deleted_documents: deleted }
    },
  }),
  route({
    operationId: 'cloneCollection',
    method: 'POST',
    path: '/v1/collections/{collection_identifier}/clone',
    summary: 'Create a collection of the same configuration, changed where the body says so',
    tag: 'collections',
    access: 'write',
    scope: 'namespace',
    params: ofCollection,
    body: collectionBody,
    bodyRequired: true,
    status: 201,
    response: z.object({ collection: collectionSchema, source_collection_id: z.string() }),
    failures: changing,
    handle: async ({ ports, namespace, params, body }) => {
      const original = await findCollection(ports, namespace, params.collection_identifier)
      const clone = await cloneCollection(ports, namespace, original, body)
      return {
        collection: collectionAnswer(clone, await placeOf(ports, namespace), 0),
        source_collection_id: original.id,
      }
    },
  }),
  route({
    operationId: 'describeCollectionFeatures',
    method: 'GET',
    path: '/v1/collections/{collection_identifier}/features',
    summary: 'The vectors that the documents of a collection carry',
    tag: 'collections',
    access: 'read',
    scope: 'namespace',
    params: ofCollection,
    response: z.object({ features: z.array(z.looseObject({ feature_address: z.string() })) }),
    failures: reading,
    handle: async ({ ports, namespace, params }) =>
      featuresAnswer(
        await findCollection(ports, namespace, params.collection_identifier),
        await placeOf(ports, namespace),
      ),
  }),
  route({
    operationId: 'triggerCollection',
    method: 'POST',
    path: '/v1/collections/{collection_identifier}/trigger',
    summary: 'Process the whole source of a collection again, and what is downstream of it',
    tag: 'collections',
    access: 'write',
    scope: 'namespace',
    params: ofCollection,
    body: z.object({
      include_buckets: z.array(z.string()).nullish(),
      include_collections: z.array(z.string()).nullish(),
      source_filters: z.unknown().optional(),
    }),
    status: 202,
    response: z.object({
      batch_id: z.string(),
      task_id: z.string(),
      collection_id: z.string(),
      total_tiers: z.int(),
      message: z.string(),
      source_bucket_ids: z.array(z.string()),
      source_collection_ids: z.array(z.string()),
      object_count: z.int(),
      document_count: z.int().nullable(),
    }),
    failures: changing,
    handle: async ({ ports, namespace, params, body }) => {
      const collection = await findCollection(ports, namespace, params.collection_identifier)
      const { batch, task, objects, ...sources } = await triggerCollection(
        ports,
        namespace,
        collection,
        {
          includeBuckets: body?.include_buckets ?? null,
          includeCollections: body?.include_collections ?? null,
          sourceFilters: body?.source_filters,
        },
      )
      const tiers = task.additionalData['total_tiers']
      return {
        batch_id: batch.id,
        task_id: task.id,
        collection_id: collection.id,
        total_tiers: typeof tiers === 'number' ? tiers : 1,
        message: `Collection '${collection.name}' is being processed.`,
        source_bucket_ids: sources.sourceBucketIds,
        source_collection_ids: sources.sourceCollectionIds,
        object_count: objects,
        document_count: null,
      }
    },
  }),
]

/** With its documents counted in the engine; null where that does not answer: what stands in PostgreSQL still does. */
async function counted(ports: Ports, namespace: Namespace, collection: Collection) {
  const scope = { collectionIds: [collection.id] }
  const count = await countDocuments(ports, namespace, scope, null).catch((error: unknown) => {
    ports.log.warn({ err: error, collectionId: collection.id }, 'Documents could not be counted.')
    return null
  })
  return collectionAnswer(collection, await placeOf(ports, namespace), count)
}

async function placeOf(ports: Ports, namespace: Namespace) {
  return { namespace, extractors: await extractorsOf(ports, namespace) }
}
