import type { Ports } from '../../ports/ports.ts'
import { checkFence } from '../../store/batches.ts'
import { markOutcomes, readLedgerSums, settleObjects } from '../../store/ingest-ledger.ts'
import type { Db } from '../../store/tables.ts'
import type { TaskStatus } from '../tasks/task.ts'
import { updateTask } from '../tasks/update-task.ts'
import type { Batch, LedgerSums, RowOutcome } from './batch.ts'

/**
 * What a batch's task tells of it (contract 19); `progress` is ours: at any time
 * accepted = written + failed + skipped + pending, counted in rows, each an object × collection.
 */
export function progressOf(batch: Batch, sums: LedgerSums): Record<string, unknown> {
  const { accepted, written, failed, skipped, pending, documents } = sums
  const percent = accepted === 0 ? 0 : Math.floor((100 * (accepted - pending)) / accepted)
  return {
    batch_id: batch.id,
    bucket_id: batch.bucketId,
    namespace_id: batch.namespaceId,
    collection_ids: batch.tiers.flat(),
    current_tier: Math.max(0, batch.currentTier),
    total_tiers: Math.max(1, batch.tiers.length),
    progress: { accepted, written, failed, skipped, pending, documents, percent },
  }
}

/** The batch's task says what the ledger says now; nothing waits any more, and no slice has failed since. */
export async function tellProgress(tx: Db, batch: Batch, status?: TaskStatus): Promise<void> {
  if (batch.taskId === null) return
  const progress = progressOf(batch, await readLedgerSums(tx, batch.id))
  const additionalData = { ...progress, waiting_for: null, slice_failures: 0 }
  await updateTask(tx, batch.taskId, { additionalData, ...(status && { status }) })
}

/**
 * Rows that have ended, marked while their slice goes on, so that a client sees them and a kill leaves them be.
 * A job that has lost its fence to a later one marks nothing.
 */
export async function markProgress(
  { db }: Pick<Ports, 'db'>,
  batch: Batch,
  outcomes: readonly RowOutcome[],
): Promise<void> {
  if (outcomes.length === 0) return
  await db.transaction().execute(async (tx) => {
    const fence = await checkFence(tx, batch.id, batch.fence)
    if (fence === 'lost') return
    await markOutcomes(tx, batch.id, outcomes)
    if (fence === 'ended') await tellAfterEnd(tx, batch)
    else await tellProgress(tx, batch, 'IN_PROGRESS')
  })
}

/** A batch that was cancelled still tells of what its job wrote after that. */
export async function tellAfterEnd(tx: Db, batch: Batch): Promise<void> {
  await settleObjects(tx, batch.id)
  await tellProgress(tx, batch)
}
