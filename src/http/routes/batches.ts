import { z } from 'zod'
import { batchAnswer } from '../../domain/batches/batch-answer.ts'
import { cancelBatch } from '../../domain/batches/cancel-batch.ts'
import { addObjectsToBatch, createBatch } from '../../domain/batches/create-batch.ts'
import { deleteBatch } from '../../domain/batches/delete-batch.ts'
import { findBatch } from '../../domain/batches/find-batch.ts'
import { listBatches } from '../../domain/batches/list-batches.ts'
import { retryBatch } from '../../domain/batches/retry-batch.ts'
import { submitBatch } from '../../domain/batches/submit-batch.ts'
import { triggerBucket } from '../../domain/batches/trigger-bucket.ts'
import { findActiveBucket, findBucket } from '../../domain/buckets/find-bucket.ts'
import { findCollection } from '../../domain/collections/find-collection.ts'
import { taskAnswer } from '../../domain/tasks/task-answer.ts'
import { taskStatuses } from '../../domain/tasks/task.ts'
import { changeBatch } from '../../store/batches.ts'
import { readFailedRows } from '../../store/ledger-reasons.ts'
import {
  countText,
  listRequest,
  pageBody,
  pageQuery,
  paginationAnswer,
  paginationSchema,
  withTotal,
} from '../pagination.ts'
import { route } from '../route.ts'
import { batchSchema } from './batch-schema.ts'
import { ofBucket } from './buckets.ts'
import { failedAnswer, failedSchema } from './failed-documents.ts'
import { taskSchema } from './tasks.ts'

const ofBatch = ofBucket.extend({ batch_id: z.string().min(1) })
const ids = z.array(z.string().min(1))
const metadata = z.record(z.string(), z.unknown())

const batchBody = z.object({
  object_ids: ids.nullish(),
  batch_name: z.string().max(255).nullish(),
  name: z.string().max(255).nullish(),
  collection_ids: ids.nullish(),
  metadata: metadata.nullish(),
})

const reading = ['unauthorized', 'forbidden', 'bad_request', 'not_found'] as const
const changing = [...reading, 'request_invalid', 'conflict'] as const
const base = '/v1/buckets/{bucket_identifier}/batches'
const skipValidation = z.object({ skip_validation: z.string().optional() })

export const batchRoutes = [
  route({
    operationId: 'createBatch',
    method: 'POST',
    path: base,
    summary: 'Gather objects into a batch; it is worked on once it is submitted',
    tag: 'batches',
    access: 'write',
    scope: 'namespace',
    params: ofBucket,
    query: skipValidation,
    body: batchBody,
    response: batchSchema,
    failures: changing,
    handle: async ({ ports, namespace, params, body }) => {
      const bucket = await findActiveBucket(ports, namespace, params.bucket_identifier)
      return await batchAnswer(ports, await createBatch(ports, namespace, bucket, body ?? {}))
    },
  }),
  route({
    operationId: 'listBatches',
    method: 'POST',
    path: `${base}/list`,
    summary: 'List the batches of a bucket, newest first',
    tag: 'batches',
    access: 'read',
    scope: 'namespace',
    params: ofBucket,
    query: pageQuery,
    body: pageBody.extend({
      status: z.enum(taskStatuses).nullish(),
      collection_id: z.string().nullish(),
    }),
    response: z.object({
      results: z.array(batchSchema),
      total_count: z.int(),
      pagination: paginationSchema,
    }),
    failures: [...reading, 'request_invalid'],
    handle: async ({ ports, namespace, params, query, body }) => {
      const bucket = await findBucket(ports, namespace, params.bucket_identifier)
      const request = listRequest(query, body, {
        limit: 100,
        sort: [{ field: 'created_at', direction: 'desc' }],
        config: ports.config,
      })
      const { collection_id: named } = body
      const only = {
        status: body.status ?? null,
        collectionId: named ? (await findCollection(ports, namespace, named)).id : null,
      }
      const list = await listBatches(ports, bucket, only, withTotal(request))
      const results = []
      for (const batch of list.rows) results.push(await batchAnswer(ports, batch))
      return {
        results,
        total_count: list.total ?? results.length,
        pagination: paginationAnswer(list, request.page),
      }
    },
  }),
  route({
    operationId: 'triggerBatch',
    method: 'POST',
    path: `${base}/trigger`,
    summary:
      'Gather objects into a batch and process it at once; without object_ids the whole bucket',
    tag: 'batches',
    access: 'write',
    scope: 'namespace',
    params: ofBucket,
    body: batchBody,
    response: batchSchema,
    failures: changing,
    handle: async ({ ports, namespace, params, body }) => {
      const bucket = await findActiveBucket(ports, namespace, params.bucket_identifier)
      const batchId = await triggerBucket(ports, namespace, bucket, body ?? {})
      return await batchAnswer(ports, await findBatch(ports, bucket, batchId))
    },
  }),
  route({
    operationId: 'getBatch',
    method: 'GET',
    path: `${base}/{batch_id}`,
    summary: 'Get a batch, with what became of its rows tier by tier',
    tag: 'batches',
    access: 'read',
    scope: 'namespace',
    params: ofBatch,
    response: batchSchema,
    failures: reading,
    handle: async ({ ports, namespace, params }) => {
      const bucket = await findBucket(ports, namespace, params.bucket_identifier)
      return await batchAnswer(ports, await findBatch(ports, bucket, params.batch_id))
    },
  }),
  route({
    operationId: 'patchBatch',
    method: 'PATCH',
    path: `${base}/{batch_id}`,
    summary: 'Replace the metadata of a batch',
    tag: 'batches',
    access: 'write',
    scope: 'namespace',
    params: ofBatch,
    body: z.object({ metadata: metadata.nullish() }),
    response: batchSchema,
    failures: changing,
    handle: async ({ ports, namespace, params, body }) => {
      const bucket = await findBucket(ports, namespace, params.bucket_identifier)
      const batch = await findBatch(ports, bucket, params.batch_id)
      if (body?.metadata) await changeBatch(ports.db, batch.id, { metadata: body.metadata })
      return await batchAnswer(ports, await findBatch(ports, bucket, batch.id))
    },
  }),
  route({
    operationId: 'deleteBatch',
    method: 'DELETE',
    path: `${base}/{batch_id}`,
    summary: 'Delete a batch; objects and documents stay',
    tag: 'batches',
    access: 'delete',
    scope: 'namespace',
    params: ofBatch,
    response: z.object({ message: z.string(), success: z.boolean() }),
    failures: reading,
    handle: async ({ ports, namespace, params }) => {
      const bucket = await findBucket(ports, namespace, params.bucket_identifier)
      const batch = await findBatch(ports, bucket, params.batch_id)
      await deleteBatch(ports, namespace, batch)
      return { message: `Batch '${batch.id}' is deleted.`, success: true }
    },
  }),
  route({
    operationId: 'addObjectsToBatch',
    method: 'POST',
    path: `${base}/{batch_id}/objects`,
    summary: 'Add objects to a batch that was not submitted yet',
    tag: 'batches',
    access: 'write',
    scope: 'namespace',
    params: ofBatch,
    query: skipValidation,
    body: z.object({ object_ids: ids.min(1) }),
    bodyRequired: true,
    response: batchSchema,
    failures: changing,
    handle: async ({ ports, namespace, params, body }) => {
      const bucket = await findActiveBucket(ports, namespace, params.bucket_identifier)
      await addObjectsToBatch(ports, bucket, params.batch_id, body.object_ids)
      return await batchAnswer(ports, await findBatch(ports, bucket, params.batch_id))
    },
  }),
  route({
    operationId: 'submitBatch',
    method: 'POST',
    path: `${base}/{batch_id}/submit`,
    summary: 'Process a batch, as a task; a second time answers with the same task',
    tag: 'batches',
    access: 'write',
    scope: 'namespace',
    params: ofBatch,
    body: z.object({
      collection_ids: ids.nullish(),
      include_processing_history: z.boolean().nullish(),
    }),
    response: taskSchema,
    failures: changing,
    handle: async ({ ports, namespace, params, body }) => {
      const bucket = await findActiveBucket(ports, namespace, params.bucket_identifier)
      const restrictTo = body?.collection_ids ?? null
      return taskAnswer(await submitBatch(ports, namespace, bucket, params.batch_id, restrictTo))
    },
  }),
  route({
    operationId: 'cancelBatch',
    method: 'POST',
    path: `${base}/{batch_id}/cancel`,
    summary: 'Stop a batch; what is written stays',
    tag: 'batches',
    access: 'write',
    needsRoom: false,
    scope: 'namespace',
    params: ofBatch,
    response: taskSchema,
    failures: reading,
    handle: async ({ ports, namespace, params }) => {
      const bucket = await findBucket(ports, namespace, params.bucket_identifier)
      const batch = await findBatch(ports, bucket, params.batch_id)
      return taskAnswer(await cancelBatch(ports, namespace, batch.id))
    },
  }),
  route({
    operationId: 'listFailedDocuments',
    method: 'GET',
    path: `${base}/{batch_id}/failed-documents`,
    summary: 'What failed in a batch, row by row, with the reason',
    tag: 'batches',
    access: 'read',
    scope: 'namespace',
    params: ofBatch,
    query: z.object({
      tier_num: countText(0, 1_000).optional(),
      collection_id: z.string().optional(),
      limit: countText(1, 1_000).default(100),
      offset: countText(0, 10_000_000).default(0),
    }),
    response: z.object({
      batch_id: z.string(),
      failed_documents: z.array(failedSchema),
      total: z.int(),
      limit: z.int(),
      offset: z.int(),
    }),
    failures: [...reading, 'request_invalid'],
    handle: async ({ ports, namespace, params, query }) => {
      const bucket = await findBucket(ports, namespace, params.bucket_identifier)
      const batch = await findBatch(ports, bucket, params.batch_id)
      const { limit, offset } = query
      const page = {
        tier: query.tier_num ?? null,
        collectionId: query.collection_id ?? null,
        limit,
        offset,
      }
      const { rows, total } = await readFailedRows(ports.db, batch.id, page)
      return { batch_id: batch.id, failed_documents: rows.map(failedAnswer), total, limit, offset }
    },
  }),
  route({
    operationId: 'retryBatch',
    method: 'POST',
    path: `${base}/{batch_id}/retry`,
    summary: 'Try failed rows of an ended batch again, as a new task',
    tag: 'batches',
    access: 'write',
    scope: 'namespace',
    params: ofBatch,
    body: z.object({
      retry_mode: z.enum(['transient_only', 'all']).nullish(),
      tier_nums: z.array(z.int().min(0).max(1_000)).min(1).max(1_000).nullish(),
      max_retry_count: z.int().min(1).max(10).nullish(),
    }),
    response: z.object({
      batch_id: z.string(),
      task_id: z.string().nullable(),
      retried_count: z.int(),
      message: z.string(),
    }),
    failures: changing,
    handle: async ({ ports, namespace, params, body }) => {
      const bucket = await findActiveBucket(ports, namespace, params.bucket_identifier)
      const mode = body?.retry_mode ?? 'transient_only'
      const { retried, taskId } = await retryBatch(ports, namespace, bucket, params.batch_id, {
        mode,
        tiers: body?.tier_nums ?? null,
        attemptsMax: body?.max_retry_count ?? 3,
      })
      const none = `Nothing failed that retry_mode ${mode} would try again.`
      const message = taskId === null ? none : `${retried} rows are tried again.`
      return { batch_id: params.batch_id, task_id: taskId, retried_count: retried, message }
    },
  }),
]
