import { z } from 'zod'
import { findCollection } from '../../domain/collections/find-collection.ts'
import { countDocuments } from '../../domain/documents/read.ts'
import { invalid } from '../../domain/failure.ts'
import { route, type NamespaceCall } from '../route.ts'
import { ofCollection, readingFailures } from './document-requests.ts'

const lifecycleStates = ['active', 'cold', 'archived'] as const

const lifecycleAnswer = z.object({
  collection_id: z.string(),
  lifecycle_state: z.enum(lifecycleStates),
  qdrant_document_count: z.int(),
  s3_vector_count: z.int(),
  last_transitioned_at: z.null(),
})

/** Contract 15.3: every collection is active here; there is no colder place for its vectors. */
export const lifecycleRoutes = [
  route({
    operationId: 'getCollectionLifecycle',
    method: 'GET',
    path: '/v1/collections/{collection_identifier}/lifecycle',
    summary: 'The state of a collection: active, with its documents counted',
    tag: 'collections',
    access: 'read',
    scope: 'namespace',
    params: ofCollection,
    response: lifecycleAnswer,
    failures: readingFailures,
    handle: active,
  }),
  route({
    operationId: 'transitionCollectionLifecycle',
    method: 'PATCH',
    path: '/v1/collections/{collection_identifier}/lifecycle',
    summary: 'Keep a collection active; cold and archived are refused',
    tag: 'collections',
    access: 'write',
    scope: 'namespace',
    params: ofCollection,
    body: z.object({
      lifecycle_state: z.enum(lifecycleStates),
      async_transition: z.boolean().nullish(),
    }),
    bodyRequired: true,
    response: lifecycleAnswer,
    failures: readingFailures,
    handle: async (call) => {
      // First what is there: a foreign collection is not found, whatever is wanted of it.
      const answer = await active(call)
      const { lifecycle_state: wanted } = call.body
      if (wanted === 'active') return answer
      const message = `is '${wanted}'; this server keeps every collection 'active'`
      throw invalid(['body', 'lifecycle_state'], message, 'invalid_value')
    },
  }),
]

async function active({
  ports,
  namespace,
  params,
  signal,
}: NamespaceCall & { params: z.infer<typeof ofCollection> }) {
  const { id } = await findCollection(ports, namespace, params.collection_identifier)
  const count = await countDocuments(ports, namespace, { collectionIds: [id] }, null, signal)
  return {
    collection_id: id,
    lifecycle_state: 'active' as const,
    qdrant_document_count: count,
    s3_vector_count: 0,
    last_transitioned_at: null,
  }
}
