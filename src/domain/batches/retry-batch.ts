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
}

/**
 * Failed rows of an ended batch become pending again under a new task; 0 and no task where none qualifies.
 * Throws `conflict` while the batch is DRAFT or under way.
 */
export async function retryBatch(
  ports: Pick<Ports, 'db' | 'queue' | 'now' | 'newId'>,
  namespace: Namespace,
  bucket: Pick<Bucket, 'id'>,
  batchId: string,
  { mode, tiers, attemptsMax }: RetryRequest,
): Promise<{ retried: number; taskId: string | null }> {
  return await ports.db.transaction().execute(async (tx) => {
    const batch = await lockBatch(tx, batchId)
    if (!batch || batch.bucketId !== bucket.id)
      throw fail('not_found', { resource: 'batch', id: batchId })
    if (!terminalStatuses.includes(batch.status)) {
      throw fail('conflict', {
        reason: `Batch '${batchId}' is ${batch.status}; only an ended one is retried.`,
      })
    }
    const errorTypes = mode === 'all' ? null : transientErrors
    const retried = await reopenFailedRows(tx, batchId, { errorTypes, tiers, attemptsMax })
    if (retried === 0) return { retried, taskId: null }
    const restarted: Batch = { ...batch, status: 'PENDING', currentTier: 0 }
    const task = await createTask(tx, ports, {
      organizationId: namespace.organizationId,
      namespaceId: namespace.id,
      type: 'api_buckets_batches_process',
      inputs: [{ batch_id: batchId, retry_mode: mode }],
      additionalData: progressOf(restarted, await readLedgerSums(tx, batchId)),
    })
    await changeBatch(tx, batchId, {
      status: 'PENDING',
      currentTier: 0,
      taskId: task.id,
      error: null,
    })
    await addBatchJob(ports, tx, batch)
    return { retried, taskId: task.id }
  })
}
