import { z } from 'zod'
import { batchLogs } from '../../domain/batches/batch-logs.ts'
import { findBatch } from '../../domain/batches/find-batch.ts'
import { findBucket } from '../../domain/buckets/find-bucket.ts'
import { countText } from '../pagination.ts'
import { route } from '../route.ts'
import { ofBucket } from './buckets.ts'

const ofBatch = ofBucket.extend({ batch_id: z.string().min(1) })

const logLine = z.object({
  timestamp: z.string(),
  level: z.enum(['info', 'warning', 'error']),
  message: z.string(),
  tier_num: z.int().optional(),
  collection_id: z.string().optional(),
  state: z.enum(['pending', 'extracted', 'written', 'failed', 'skipped']).optional(),
  rows: z.int().optional(),
  documents: z.int().optional(),
  error_type: z.string().nullable().optional(),
  attempts: z.int().optional(),
  first_at: z.string().optional(),
})

export const batchLogRoutes = [
  route({
    operationId: 'getBatchLogs',
    method: 'GET',
    path: '/v1/buckets/{bucket_identifier}/batches/{batch_id}/logs',
    summary: 'What happened in a batch, oldest first, as its ledger tells it',
    tag: 'batches',
    access: 'read',
    scope: 'namespace',
    params: ofBatch,
    query: z.object({ tier_num: countText(0, 1_000).optional() }),
    response: z.object({
      batch_id: z.string(),
      tier_num: z.int().nullable(),
      logs: z.array(logLine),
      /** False where there are more lines than are answered. */
      complete: z.boolean(),
    }),
    failures: ['unauthorized', 'forbidden', 'bad_request', 'request_invalid', 'not_found'],
    handle: async ({ ports, namespace, params, query }) => {
      const bucket = await findBucket(ports, namespace, params.bucket_identifier)
      const batch = await findBatch(ports, bucket, params.batch_id)
      const tier = query.tier_num ?? null
      const { lines, isComplete } = await batchLogs(ports, namespace, batch, tier)
      return { batch_id: batch.id, tier_num: tier, logs: lines, complete: isComplete }
    },
  }),
]
