import { z } from 'zod'
import { processNewObjects } from '../../domain/batches/process-new-objects.ts'
import { selectCollections } from '../../domain/batches/submit-batch.ts'
import type { Bucket } from '../../domain/buckets/bucket.ts'
import { findActiveBucket, findBucket } from '../../domain/buckets/find-bucket.ts'
import { policies } from '../../domain/buckets/unique-key.ts'
import { Failure } from '../../domain/failure.ts'
import type { FilterConfig } from '../../domain/filters/filter-limits.ts'
import type { ListRequest } from '../../domain/listing.ts'
import { createObject, createObjects } from '../../domain/objects/create-objects.ts'
import { deleteObjects } from '../../domain/objects/delete-objects.ts'
import { eraseObject } from '../../domain/objects/erase-object.ts'
import { findObject } from '../../domain/objects/find-object.ts'
import { listObjects } from '../../domain/objects/list-objects.ts'
import { objectAnswer } from '../../domain/objects/object-answer.ts'
import type { StoredObject } from '../../domain/objects/object.ts'
import { queryFilter } from '../../domain/objects/query-filter.ts'
import { updateObject } from '../../domain/objects/update-object.ts'
import type { AlsoWrite } from '../../domain/objects/write-objects.ts'
import { taskStatuses } from '../../domain/tasks/task.ts'
import { readListedStats } from '../../store/bucket-stats.ts'
import {
  listRequest,
  pageBody,
  pageQuery,
  paginationAnswer,
  paginationSchema,
  type PageBody,
} from '../pagination.ts'
import { route, type NamespaceCall } from '../route.ts'
import { ofBucket } from './buckets.ts'

const ofObject = ofBucket.extend({ object_identifier: z.string().min(1) })
const objectsPerRequest = 100

/** User fields stand at its root, so nothing of it is unknown. */
const objectBody = z.record(z.string(), z.unknown())
const createQuery = z.object({
  policy: z.enum(policies).optional(),
  auto_process: z.stringbool().optional(),
})

/** Anything else in the query is a filter: `?metadata.type=video` (contract 4). */
const listQuery = pageQuery
  .extend({
    sort_field: z.string().min(1).optional(),
    sort_direction: z.enum(['asc', 'desc']).optional(),
    return_presigned_urls: z.string().optional(),
  })
  .catchall(z.union([z.string(), z.array(z.string())]))

const objectSchema = z.looseObject({
  object_id: z.string(),
  bucket_id: z.string(),
  key_prefix: z.string().nullable(),
  blobs: z.array(z.looseObject({ property: z.string(), type: z.string() })),
  source_details: z.array(z.object({ type: z.literal('bucket'), source_id: z.string() })),
  status: z.enum(taskStatuses),
  error: z.string().nullable(),
  created_at: z.string(),
  updated_at: z.string(),
})

const reading = ['unauthorized', 'forbidden', 'bad_request', 'not_found'] as const
const changing = [
  ...reading,
  'request_invalid',
  'already_exists',
  'conflict',
  'not_enabled',
  'storage_unavailable',
] as const

export const objectRoutes = [
  route({
    operationId: 'createObject',
    method: 'POST',
    path: '/v1/buckets/{bucket_identifier}/objects',
    summary: 'Create an object from data; nothing is processed until a batch is',
    tag: 'objects',
    access: 'write',
    scope: 'namespace',
    params: ofBucket,
    query: createQuery,
    body: objectBody,
    bodyRequired: true,
    response: objectSchema,
    failures: changing,
    handle: async ({ query, body, params, ...call }) => {
      const bucket = await findActiveBucket(call.ports, call.namespace, params.bucket_identifier)
      const process = await processor(call, bucket, query.auto_process ?? false)
      const { policy = null } = query
      const object = await createObject(call.ports, bucket, body, policy, process?.also)
      return objectAnswer({ ...object, ...process?.change })
    },
  }),
  route({
    operationId: 'createObjects',
    method: 'POST',
    path: '/v1/buckets/{bucket_identifier}/objects/batch',
    summary: 'Create up to 100 objects, each for itself',
    tag: 'objects',
    access: 'write',
    scope: 'namespace',
    params: ofBucket,
    query: createQuery,
    body: z.object({ objects: z.array(objectBody).min(1).max(objectsPerRequest) }),
    bodyRequired: true,
    response: z.object({
      succeeded: z.array(objectSchema),
      failed: z.array(
        z.object({ object_index: z.int(), error: z.string(), error_type: z.string() }),
      ),
      total_requested: z.int(),
      succeeded_count: z.int(),
      failed_count: z.int(),
    }),
    failures: changing,
    handle: async ({ query, body, params, ...call }) => {
      const bucket = await findActiveBucket(call.ports, call.namespace, params.bucket_identifier)
      const process = await processor(call, bucket, query.auto_process ?? false)
      const { policy = null } = query
      const results = await createObjects(call.ports, bucket, body.objects, policy, process?.also)
      const created = results.flatMap((result) => (result instanceof Failure ? [] : [result]))
      const failed = results.flatMap((result, i) =>
        result instanceof Failure
          ? [{ object_index: i, error: result.message, error_type: result.type }]
          : [],
      )
      return {
        succeeded: created.map((object) => objectAnswer({ ...object, ...process?.change })),
        failed,
        total_requested: results.length,
        succeeded_count: created.length,
        failed_count: failed.length,
      }
    },
  }),
  route({
    operationId: 'listObjects',
    method: 'POST',
    path: '/v1/buckets/{bucket_identifier}/objects/list',
    summary: 'List the objects of a bucket',
    tag: 'objects',
    access: 'read',
    scope: 'namespace',
    params: ofBucket,
    query: listQuery,
    body: pageBody.extend({
      select: z.array(z.string()).nullish(),
      return_presigned_urls: z.boolean().nullish(),
    }),
    response: z.object({
      results: z.array(z.looseObject({ object_id: z.string(), bucket_id: z.string() })),
      pagination: paginationSchema,
      stats: z.looseObject({ total_objects: z.int() }),
    }),
    failures: [...reading, 'request_invalid'],
    handle: async ({ ports, namespace, params, query, body }) => {
      const bucket = await findBucket(ports, namespace, params.bucket_identifier)
      const request = objectsRequest(ports.config, bucket, query, body)
      const list = await listObjects(ports, bucket, request)
      const results = list.rows.map(objectAnswer)
      const { select } = body
      return {
        results: select ? results.map((result) => selected(result, select)) : results,
        pagination: paginationAnswer(list, request.page),
        stats: await readListedStats(ports.db, bucket.id),
      }
    },
  }),
  route({
    operationId: 'getObject',
    method: 'GET',
    path: '/v1/buckets/{bucket_identifier}/objects/{object_identifier}',
    summary: 'Get an object',
    tag: 'objects',
    access: 'read',
    scope: 'namespace',
    params: ofObject,
    query: z.object({
      return_presigned_urls: z.string().optional(),
      return_url: z.string().optional(),
    }),
    response: objectSchema,
    failures: reading,
    handle: async ({ ports, namespace, params }) => {
      const bucket = await findBucket(ports, namespace, params.bucket_identifier)
      return objectAnswer(await findObject(ports, bucket, params.object_identifier))
    },
  }),
  ...(['PUT', 'PATCH'] as const).map((method) =>
    route({
      operationId: method === 'PUT' ? 'updateObject' : 'patchObject',
      method,
      path: '/v1/buckets/{bucket_identifier}/objects/{object_identifier}',
      summary: 'Change an object; nothing is processed again',
      tag: 'objects',
      access: 'write',
      scope: 'namespace',
      params: ofObject,
      body: objectBody,
      response: objectSchema,
      failures: changing,
      handle: async ({ ports, namespace, params, body }) => {
        const bucket = await findActiveBucket(ports, namespace, params.bucket_identifier)
        return objectAnswer(await updateObject(ports, bucket, params.object_identifier, body ?? {}))
      },
    }),
  ),
  route({
    operationId: 'deleteObject',
    method: 'DELETE',
    path: '/v1/buckets/{bucket_identifier}/objects/{object_identifier}',
    summary: 'Delete an object; with cascade the documents made of it as well',
    tag: 'objects',
    access: 'delete',
    scope: 'namespace',
    params: ofObject,
    query: z.object({ cascade: z.stringbool().optional() }),
    response: null,
    failures: [...reading, 'engine_unavailable', 'storage_unavailable'],
    handle: async ({ ports, namespace, params, query }) => {
      const bucket = await findBucket(ports, namespace, params.bucket_identifier)
      const object = await findObject(ports, bucket, params.object_identifier)
      if (query.cascade) await eraseObject(ports, namespace, object.id)
      else await deleteObjects(ports, [object.id])
    },
  }),
]

/** Filters of the query and of the body must both hold; a sort in the query wins, as all of the query does. */
function objectsRequest(
  config: FilterConfig,
  bucket: Bucket,
  query: z.infer<typeof listQuery>,
  body: PageBody,
): ListRequest {
  const request = listRequest(query, body, { limit: 10, config })
  const others = Object.entries(query).filter(([name]) => !Object.hasOwn(listQuery.shape, name))
  const filters = [queryFilter(bucket, Object.fromEntries(others)), request.filter]
  const given = filters.filter((filter) => filter !== null)
  const { sort_field: field, sort_direction: direction = 'asc' } = query
  return {
    ...request,
    filter: given.length > 1 ? { kind: 'and', filters: given } : (given[0] ?? null),
    ...(field !== undefined && { sort: [{ field, direction }] }),
  }
}

/** What auto_process writes with the objects, and what it makes of them; null where nobody asked. */
async function processor(
  { ports, namespace }: Pick<NamespaceCall, 'ports' | 'namespace'>,
  bucket: Bucket,
  isAsked: boolean,
): Promise<{ also: AlsoWrite; change: Pick<StoredObject, 'status'> } | null> {
  if (!isAsked) return null
  const collections = await selectCollections(ports, namespace, bucket, null)
  const also: AlsoWrite = async (tx, stored) => {
    const objectIds = stored.map(({ id }) => id)
    await processNewObjects(ports, tx, namespace, bucket, { objectIds, collections })
  }
  return { also, change: { status: 'PENDING' } }
}

/** `select` always keeps ids. */
function selected<T extends { object_id: string; bucket_id: string }>(
  result: T,
  select: readonly string[],
) {
  const roots = new Set(select.map((path) => path.split('.')[0]))
  const kept = Object.entries(result).filter(([key]) => roots.has(key))
  return { object_id: result.object_id, bucket_id: result.bucket_id, ...Object.fromEntries(kept) }
}
