import type { Ports } from '../../ports/ports.ts'
import { checkFence } from '../../store/batches.ts'
import { markOutcomes, readLedgerSums, settleObjects } from '../../store/ingest-ledger.ts'
import { readReasons } from '../../store/ledger-reasons.ts'
import type { Db } from '../../store/tables.ts'
import type { TaskStatus } from '../tasks/task.ts'
import { updateTask } from '../tasks/update-task.ts'
import type { Batch, LedgerSums, RowOutcome } from './batch.ts'
import { errorDetail, skipDetail } from './error-detail.ts'

/** Reasons that a task tells of each tier and collection, the most frequent ones. */
const reasonsMax = 10

/** Rows as the wire counts them (ours): at any time accepted = written + failed + skipped + pending. */
export function sumsAnswer({ accepted, written, failed, skipped, pending, documents }: LedgerSums) {
  const percent = accepted === 0 ? 0 : Math.floor((100 * (accepted - pending)) / accepted)
  return { accepted, written, failed, skipped, pending, documents, percent }
}

/** What a batch's task tells of it (contract 19); `progress` counts rows, each an object × collection. */
export function progressOf(batch: Batch, sums: LedgerSums): Record<string, unknown> {
  return {
    batch_id: batch.id,
    bucket_id: batch.bucketId,
    namespace_id: batch.namespaceId,
    collection_ids: batch.tiers.flat(),
    current_tier: Math.max(0, batch.currentTier),
    total_tiers: Math.max(1, batch.tiers.length),
    progress: sumsAnswer(sums),
  }
}

/** Why rows are not written, as it stands now. */
export async function reasonsOf(
  db: Db,
  batchId: string,
  { failed, skipped }: Pick<LedgerSums, 'failed' | 'skipped'>,
) {
  const errors = failed > 0 ? await readReasons(db, batchId, 'failed', reasonsMax) : []
  const skips = skipped > 0 ? await readReasons(db, batchId, 'skipped', reasonsMax) : []
  return { errors, skips, told: { errors: errors.map(errorDetail), skips: skips.map(skipDetail) } }
}

/** The batch's task says what the ledger says now; nothing waits any more, and no slice has failed since. */
export async function tellProgress(tx: Db, batch: Batch, status?: TaskStatus): Promise<void> {
  if (batch.taskId === null) return
  const sums = await readLedgerSums(tx, batch.id)
  const { told } = await reasonsOf(tx, batch.id, sums)
  const additionalData = {
    ...progressOf(batch, sums),
    ...told,
    waiting_for: null,
    slice_failures: 0,
  }
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
  await settleObjects(tx, batch.id, { withSkipped: false })
  await tellProgress(tx, batch)
}
