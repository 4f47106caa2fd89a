import { z } from 'zod'
import { AggregationRequest } from '../../domain/aggregate/aggregation-request.ts'
import { findBucket } from '../../domain/buckets/find-bucket.ts'
import { findCollection } from '../../domain/collections/find-collection.ts'
import { aggregateCollection } from '../../domain/documents/aggregate-collection.ts'
import { aggregateObjects } from '../../domain/objects/aggregate-objects.ts'
import { route } from '../route.ts'
import { ofBucket } from './buckets.ts'
import { filterOf, ofCollection, readingFailures } from './document-requests.ts'

const values = z.record(z.string(), z.unknown())
const aggregationAnswer = z.object({
  results: z.array(z.object({ group: values, metrics: values })),
  total_groups: z.int(),
  query_info: z.object({ items: z.int(), groups_before_having: z.int() }),
})

/** Contract 16.3: one language for documents and objects. */
export const aggregateRoutes = [
  route({
    operationId: 'aggregateDocuments',
    method: 'POST',
    path: '/v1/collections/{collection_identifier}/documents/aggregate',
    summary: 'Count, add up and collect values of all documents of a collection, in groups',
    tag: 'documents',
    access: 'read',
    scope: 'namespace',
    params: ofCollection,
    body: AggregationRequest,
    bodyRequired: true,
    response: aggregationAnswer,
    failures: readingFailures,
    handle: async ({ ports, namespace, params, body, signal }) => {
      const { id } = await findCollection(ports, namespace, params.collection_identifier)
      const asked = { request: body, filter: filterOf(ports.config, body.filters) }
      return await aggregateCollection(ports, namespace, { collectionIds: [id] }, asked, signal)
    },
  }),
  route({
    operationId: 'aggregateObjects',
    method: 'POST',
    path: '/v1/buckets/{bucket_identifier}/objects/aggregate',
    summary: 'Count, add up and collect values of all objects of a bucket, in groups',
    tag: 'objects',
    access: 'read',
    scope: 'namespace',
    params: ofBucket,
    body: AggregationRequest,
    bodyRequired: true,
    response: aggregationAnswer,
    failures: ['unauthorized', 'forbidden', 'request_invalid', 'bad_request', 'not_found'],
    handle: async ({ ports, namespace, params, body, signal }) => {
      const bucket = await findBucket(ports, namespace, params.bucket_identifier)
      const asked = { request: body, filter: filterOf(ports.config, body.filters) }
      return await aggregateObjects(ports, bucket, asked, signal)
    },
  }),
]
