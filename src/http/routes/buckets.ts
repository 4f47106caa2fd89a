import { z } from 'zod'
import { bucketAnswer } from '../../domain/buckets/bucket-answer.ts'
import type { Bucket } from '../../domain/buckets/bucket.ts'
import { createBucket } from '../../domain/buckets/create-bucket.ts'
import { deleteBucket } from '../../domain/buckets/delete-bucket.ts'
import { findActiveBucket, findBucket } from '../../domain/buckets/find-bucket.ts'
import { listBuckets } from '../../domain/buckets/list-buckets.ts'
import { updateBucket } from '../../domain/buckets/update-bucket.ts'
import type { Ports } from '../../ports/ports.ts'
import { readBucketStats, readObjectTotals } from '../../store/bucket-stats.ts'
import { countBucketObjects } from '../../store/objects.ts'
import {
  listRequest,
  pageBody,
  pageQuery,
  paginationAnswer,
  paginationSchema,
  withTotal,
} from '../pagination.ts'
import { route } from '../route.ts'

export const ofBucket = z.object({ bucket_identifier: z.string().min(1) })

/** Names and schemas are parsed by the domain, which knows their aliases and says where they are wrong. */
const bucketBody = z.object({
  bucket_name: z.unknown().optional(),
  name: z.unknown().optional(),
  description: z.string().max(10_000).nullish(),
  bucket_schema: z.unknown().optional(),
  schema: z.unknown().optional(),
  unique_key: z.unknown().optional(),
  metadata: z.record(z.string(), z.unknown()).nullish(),
})

const counts = z.record(z.string(), z.int())
const bucketSchema = z.object({
  bucket_id: z.string(),
  bucket_name: z.string(),
  namespace_id: z.string(),
  description: z.string().nullable(),
  bucket_schema: z.object({ properties: z.record(z.string(), z.unknown()) }),
  unique_key: z.unknown(),
  metadata: z.record(z.string(), z.unknown()),
  object_count: z.int(),
  total_size_bytes: z.int(),
  created_at: z.string(),
  updated_at: z.string(),
  last_upload_at: z.string().nullable(),
  stats_updated_at: z.string(),
  status: z.enum(['ACTIVE', 'IN_PROGRESS']),
  is_locked: z.boolean(),
  batch_stats: counts,
  storage_stats: counts,
})

const reading = ['unauthorized', 'forbidden', 'bad_request', 'not_found'] as const
const changing = [...reading, 'request_invalid', 'already_exists', 'conflict'] as const

export const bucketRoutes = [
  route({
    operationId: 'createBucket',
    method: 'POST',
    path: '/v1/buckets',
    summary: 'Create a bucket with the schema of its objects',
    tag: 'buckets',
    access: 'write',
    scope: 'namespace',
    body: bucketBody,
    bodyRequired: true,
    response: bucketSchema,
    failures: changing,
    handle: async ({ ports, namespace, body }) =>
      answer(ports, await createBucket(ports, namespace, body)),
  }),
  route({
    operationId: 'listBuckets',
    method: 'POST',
    path: '/v1/buckets/list',
    summary: 'List the buckets of the namespace',
    tag: 'buckets',
    access: 'read',
    scope: 'namespace',
    query: pageQuery,
    body: pageBody,
    response: z.object({
      results: z.array(bucketSchema),
      pagination: paginationSchema,
      total_count: z.int(),
      stats: z.record(z.string(), z.number()),
    }),
    failures: [...reading, 'request_invalid'],
    handle: async ({ ports, namespace, query, body }) => {
      const request = withTotal(listRequest(query, body, { limit: 10, config: ports.config }))
      const list = await listBuckets(ports, namespace, request)
      const ids = list.rows.map(({ id }) => id)
      const [stats, totals] = await Promise.all([
        readBucketStats(ports.db, ids),
        readObjectTotals(ports.db, namespace.id),
      ])
      return {
        results: list.rows.map((bucket) => bucketAnswer(bucket, stats.get(bucket.id), ports.now())),
        pagination: paginationAnswer(list, request.page),
        total_count: list.total ?? list.rows.length,
        stats: statsAnswer(totals),
      }
    },
  }),
  route({
    operationId: 'getBucket',
    method: 'GET',
    path: '/v1/buckets/{bucket_identifier}',
    summary: 'Get a bucket by id or name, with what it holds',
    tag: 'buckets',
    access: 'read',
    scope: 'namespace',
    params: ofBucket,
    response: bucketSchema,
    failures: reading,
    handle: async ({ ports, namespace, params }) =>
      answer(ports, await findBucket(ports, namespace, params.bucket_identifier)),
  }),
  ...(['PUT', 'PATCH'] as const).map((method) =>
    route({
      operationId: method === 'PUT' ? 'updateBucket' : 'patchBucket',
      method,
      path: '/v1/buckets/{bucket_identifier}',
      summary: 'Change a bucket; what is left out stays',
      tag: 'buckets',
      access: 'write',
      scope: 'namespace',
      params: ofBucket,
      body: bucketBody,
      response: bucketSchema,
      failures: changing,
      handle: async ({ ports, namespace, params, body }) => {
        const bucket = await findActiveBucket(ports, namespace, params.bucket_identifier)
        return await answer(ports, await updateBucket(ports, bucket, body))
      },
    }),
  ),
  route({
    operationId: 'deleteBucket',
    method: 'DELETE',
    path: '/v1/buckets/{bucket_identifier}',
    summary: 'Delete a bucket and its objects, as a task; documents stay',
    tag: 'buckets',
    access: 'delete',
    scope: 'namespace',
    params: ofBucket,
    response: z.object({
      task_id: z.string(),
      status: z.literal('PENDING'),
      bucket_id: z.string(),
      bucket_name: z.string(),
      object_count: z.int(),
      message: z.string(),
    }),
    failures: [...reading, 'conflict'],
    handle: async ({ ports, namespace, params }) => {
      const bucket = await findActiveBucket(ports, namespace, params.bucket_identifier)
      const objects = await countBucketObjects(ports.db, bucket.id)
      const task = await deleteBucket(ports, namespace, bucket)
      return {
        task_id: task.id,
        status: 'PENDING' as const,
        bucket_id: bucket.id,
        bucket_name: bucket.name,
        object_count: objects,
        message: `Bucket '${bucket.name}' is being deleted.`,
      }
    },
  }),
]

async function answer(ports: Ports, bucket: Bucket) {
  const stats = await readBucketStats(ports.db, [bucket.id])
  return bucketAnswer(bucket, stats.get(bucket.id), ports.now())
}

function statsAnswer({
  buckets,
  objects,
  sizeBytes,
}: Awaited<ReturnType<typeof readObjectTotals>>) {
  const average = (sum: number) => (buckets === 0 ? 0 : Math.round(sum / buckets))
  return {
    total_objects: objects,
    total_size_bytes: sizeBytes,
    avg_objects_per_bucket: average(objects),
    avg_size_per_bucket: average(sizeBytes),
  }
}
