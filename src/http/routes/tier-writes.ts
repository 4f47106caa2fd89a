import { z } from 'zod'
import { findBatch } from '../../domain/batches/find-batch.ts'
import { retryBatch } from '../../domain/batches/retry-batch.ts'
import { findActiveBucket } from '../../domain/buckets/find-bucket.ts'
import { fail } from '../../domain/failure.ts'
import { countText } from '../pagination.ts'
import { route } from '../route.ts'
import { ofBucket } from './buckets.ts'

const ofTier = ofBucket.extend({ batch_id: z.string().min(1), tier_num: countText(0, 1_000) })

/** A 32-bit column counts attempts; whoever asks for one tier's writes means all of them. */
const attemptsMax = 2 ** 31 - 1

export const tierWriteRoutes = [
  route({
    operationId: 'retryTierWrites',
    method: 'POST',
    path: '/v1/buckets/{bucket_identifier}/batches/{batch_id}/tiers/{tier_num}/retry-qdrant-write',
    summary: 'Write again what the vector engine refused or lost of one tier of an ended batch',
    tag: 'batches',
    access: 'write',
    scope: 'namespace',
    params: ofTier,
    response: z.object({
      batch_id: z.string(),
      tier_num: z.int(),
      task_id: z.string().nullable(),
      retried_count: z.int(),
      message: z.string(),
    }),
    failures: [
      'unauthorized',
      'forbidden',
      'bad_request',
      'not_found',
      'request_invalid',
      'conflict',
    ],
    handle: async ({ ports, namespace, params }) => {
      const { tier_num: tier } = params
      const bucket = await findActiveBucket(ports, namespace, params.bucket_identifier)
      const batch = await findBatch(ports, bucket, params.batch_id)
      if (batch.status !== 'DRAFT' && tier >= batch.tiers.length)
        throw fail('not_found', { resource: 'tier', id: String(tier) })
      const { retried, taskId } = await retryBatch(ports, namespace, bucket, batch.id, {
        mode: 'all',
        tiers: [tier],
        attemptsMax,
        onlyUnwritten: true,
      })
      // No output of extractors is kept: documents made again have the same ids, and overwrite.
      const message =
        retried === 0
          ? 'No row of this tier failed at its write.'
          : `${retried} rows are extracted and written again.`
      return {
        batch_id: batch.id,
        tier_num: tier,
        task_id: taskId,
        retried_count: retried,
        message,
      }
    },
  }),
]
