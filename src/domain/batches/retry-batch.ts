import type { Ports } from '../../ports/ports.ts'
import { changeBatch, lockBatch } from '../../store/batches.ts'
import { readLedgerSums, reopenFailedRows } from '../../store/ingest-ledger.ts'
import type { Bucket } from '../buckets/bucket.ts'
import { fail } from '../failure.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { createTask } from '../tasks/create-task.ts'
import { terminalStatuses } from '../tasks/task.ts'
import { transientErrors, type Batch } from './batch.ts'
import { progressOf } from './progress.ts'
import { addBatchJob } from './submit-batch.ts'

export interface RetryRequest {
  mode: 'transient_only' | 'all'
  tiers: readonly number[] | null
  attemptsMax: number
  /** Only rows whose documents were made, and did not come to stand in the engine. */
  onlyUnwritten?: boolean
}

/**
 * Failed rows of an ended batch become pending again under a new task; 0 and no task where none qualifies. A batch that
 * was given up goes on with the tiers that it never came to, too. Throws `conflict` while the batch is DRAFT or under way.
 */
export async function retryBatch(
  ports: Pick<Ports, 'db' | 'queue' | 'now' | 'newId'>,
  namespace: Namespace,
  bucket: Pick<Bucket, 'id'>,
  batchId: string,
  { mode, ...which }: RetryRequest,
): Promise<{ retried: number; taskId: string | null }> {
  return await ports.db.transaction().execute(async (tx) => {
    const batch = await lockBatch(tx, batchId, bucket.id)
    if (!batch) throw fail('not_found', { resource: 'batch', id: batchId })
    if (!terminalStatuses.includes(batch.status)) {
      throw fail('conflict', {
        reason: `Batch '${batchId}' is ${batch.status}; only an ended one is retried.`,
      })
    }
    const errorTypes = mode === 'all' ? null : transientErrors
    const retried = await reopenFailedRows(tx, batchId, { errorTypes, ...which })
    const isWhole = mode === 'all' && which.tiers === null && !which.onlyUnwritten
    const goesOn = retried > 0 || (isWhole && wasGivenUp(batch))
    if (!goesOn) return { retried, taskId: null }
    // A first tier of documents that was never opened has no rows yet.
    const currentTier = Math.min(0, batch.currentTier)
    const restarted: Batch = { ...batch, status: 'PENDING', currentTier }
    const task = await createTask(tx, ports, {
      organizationId: namespace.organizationId,
      namespaceId: namespace.id,
      type: 'api_buckets_batches_process',
      inputs: [{ batch_id: batchId, retry_mode: mode }],
      additionalData: progressOf(restarted, await readLedgerSums(tx, batchId)),
    })
    await changeBatch(tx, batchId, {
      status: 'PENDING',
      currentTier,
      taskId: task.id,
      error: null,
    })
    await addBatchJob(ports, tx, batch)
    return { retried, taskId: task.id }
  })
}

/** Any other end comes after the last tier, but for a cancel, which is wanted. */
function wasGivenUp({ status, currentTier, tiers }: Batch): boolean {
  return status === 'FAILED' && currentTier < tiers.length - 1
}
