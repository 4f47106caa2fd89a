import { z } from 'zod'
import { transientErrors } from '../../domain/batches/batch.ts'
import { documentIdOf, pointIdOf } from '../../domain/documents/document.ts'
import type { FailedRow } from '../../store/ledger-reasons.ts'

/** What failed in a batch, a row of its ledger (contract 14). */
export const failedSchema = z.object({
  document_id: z.string().nullable(),
  object_id: z.string().nullable(),
  collection_id: z.string(),
  tier_num: z.int(),
  error_type: z.string(),
  message: z.string(),
  retry_count: z.int(),
  retryable: z.boolean(),
})

export function failedAnswer({
  sourceId,
  collectionId,
  tier,
  errorType,
  reason,
  attempts,
}: FailedRow) {
  const pointId = pointIdOf(sourceId)
  return {
    document_id: pointId === null ? null : documentIdOf(pointId),
    object_id: pointId === null ? sourceId : null,
    collection_id: collectionId,
    tier_num: tier,
    error_type: errorType ?? 'runtime',
    message: reason,
    retry_count: Math.max(0, attempts - 1),
    retryable: transientErrors.some((type) => type === errorType),
  }
}
