import type { Ports } from '../../ports/ports.ts'
import { changeBatch, checkFence, takeFence } from '../../store/batches.ts'
import {
  failOpenRows,
  hasOpenRows,
  markOutcomes,
  readLedgerSums,
  settleObjects,
} from '../../store/ingest-ledger.ts'
import type { Db } from '../../store/tables.ts'
import { isFailure } from '../failure.ts'
import type { TaskStatus } from '../tasks/task.ts'
import { addTaskWarnings, readSliceFailures } from '../../store/tasks.ts'
import { updateTask } from '../tasks/update-task.ts'
import type { Batch, LedgerSums } from './batch.ts'
import { openRun, type BatchRun } from './batch-run.ts'
import { openTier } from './open-tier.ts'
import { markProgress, progressOf, reasonsOf, tellAfterEnd, tellProgress } from './progress.ts'
import { runSlice, type SliceResult } from './run-slice.ts'
import { addBatchJob } from './submit-batch.ts'

/** How long a batch waits for an engine, a model or a store that does not answer. */
const waitSeconds = 5
/** Slices that may fail in a row by what is no row's fault and does not pass: a bug, ours or an engine's. */
const failuresMax = 5
/** Distinct ones that a task keeps: the first. */
const warningsMax = 20

/**
 * One slice of a batch, in a job that adds its successor in the transaction that marks the slice: wherever it is
 * killed, the rows that are not marked are open, and running them again overwrites what they wrote (design 3). A
 * job that has lost its fence to a later one marks nothing.
 */
export async function processBatch(
  ports: Ports,
  batchId: string,
  signal: AbortSignal,
): Promise<void> {
  const batch = await takeFence(ports.db, batchId)
  if (!batch) return
  try {
    const run = await openRun(ports, batch)
    const slice = batch.currentTier < 0 ? nothing : await runSlice(ports, run, signal)
    await endSlice(ports, run, slice)
  } catch (error) {
    // The namespace is gone, and takes its batches along; or this process stops, and another goes on.
    if (isFailure(error, 'not_found')) return
    if (signal.aborted) throw error
    if (isPassing(error)) await waitFor(ports, batch, error)
    else if (!(await endsAfter(ports, batch, error))) throw error
  }
}

/** Counts a failed slice; true where it was one too many, and the batch has ended with it. */
async function endsAfter(
  ports: Pick<Ports, 'db' | 'log'>,
  batch: Batch,
  error: unknown,
): Promise<boolean> {
  const reason = error instanceof Error ? error.message : String(error)
  return await ports.db.transaction().execute(async (tx) => {
    if ((await checkFence(tx, batch.id, batch.fence)) !== 'held' || batch.taskId === null)
      return false
    const failures = (await readSliceFailures(tx, batch.taskId)) + 1
    await updateTask(tx, batch.taskId, { additionalData: { slice_failures: failures } })
    if (failures < failuresMax) return false
    ports.log.error({ err: error, batchId: batch.id }, 'A batch is given up.')
    const given = `It was given up after ${failures} failures: ${reason}`
    // Tried, and not done: so a retry takes them up again, and nothing is pending that nobody works on.
    await failOpenRows(tx, batch.id, given)
    await endBatch(tx, batch, given)
    return true
  })
}

const nothing: SliceResult = { outcomes: [], warnings: [], isTierDone: true }

async function endSlice(
  ports: Ports,
  run: BatchRun,
  { outcomes, warnings, isTierDone }: SliceResult,
): Promise<void> {
  const { batch } = run
  const next = batch.currentTier + 1
  const opensNext = isTierDone && next < batch.tiers.length
  if (opensNext) {
    // Marked first: what is written stays written, whatever becomes of the next tier.
    await markProgress(ports, batch, outcomes)
    // Before the transaction, for it reads the engine; where the fence is lost, its rows are the successor's as well.
    await openTier(ports, run, next)
  }
  await ports.db.transaction().execute(async (tx) => {
    const fence = await checkFence(tx, batch.id, batch.fence)
    if (fence === 'lost') return
    if (!opensNext) await markOutcomes(tx, batch.id, outcomes)
    if (batch.taskId !== null) await addTaskWarnings(tx, batch.taskId, warnings, warningsMax)
    if (fence === 'ended') return await tellAfterEnd(tx, batch)
    const isOver = isTierDone && !(await hasOpenRows(tx, batch.id, batch.currentTier))
    if (isOver && !opensNext) return await endBatch(tx, batch, null)
    const moved: Batch = { ...batch, currentTier: isOver ? next : batch.currentTier }
    await changeBatch(tx, batch.id, { status: 'IN_PROGRESS', currentTier: moved.currentTier })
    await tellProgress(tx, moved, 'IN_PROGRESS')
    await addBatchJob(ports, tx, batch)
  })
}

async function endBatch(tx: Db, batch: Batch, reason: string | null): Promise<void> {
  const sums = await readLedgerSums(tx, batch.id)
  const { errors, skips, told } = await reasonsOf(tx, batch.id, sums)
  // The extractor's own; what a filter left out has none, and its reasons are few.
  const passedOver = skips.find(({ errorType }) => errorType !== null)
  const status = reason === null ? endOf(sums, passedOver !== undefined) : 'FAILED'
  const error = reason ?? errorOf(sums, errors[0]?.reason ?? passedOver?.reason)
  await settleObjects(tx, batch.id, { withSkipped: true })
  await changeBatch(tx, batch.id, { status, error })
  if (batch.taskId === null) return
  await updateTask(tx, batch.taskId, {
    status,
    error,
    outputs: batch.tiers.flat().map((collection_id) => ({ collection_id })),
    additionalData: { ...progressOf(batch, sums), ...told, waiting_for: null },
  })
}

/**
 * Failed where nothing was written although something was to be; what the client left out is no failure, what an
 * extractor passed over is none beside others that it did not (plugin-contract 4.5).
 */
function endOf({ written, failed }: LedgerSums, isPassedOver: boolean): TaskStatus {
  if (failed === 0) return written === 0 && isPassedOver ? 'FAILED' : 'COMPLETED'
  return written === 0 ? 'FAILED' : 'COMPLETED_WITH_ERRORS'
}

function errorOf(sums: LedgerSums, reason: string | undefined): string | null {
  const { accepted, failed, written, skipped } = sums
  if (failed === 0 && written === 0 && reason !== undefined)
    return `Nothing was made of ${skipped} of ${accepted}, most often: ${reason}`
  return failed === 0 ? null : `${failed} of ${accepted} failed, most often: ${reason ?? 'unknown'}`
}

/** Not a row's fault, and gone by itself: the engine is down or busy, the namespace is being changed. */
function isPassing(error: unknown): error is Error {
  return (
    isFailure(error) &&
    (error.kind === 'unavailable' || error.kind === 'exhausted' || error.kind === 'conflict')
  )
}

async function waitFor(ports: Ports, batch: Batch, error: Error): Promise<void> {
  ports.log.warn({ err: error, batchId: batch.id }, 'A batch waits for what it needs.')
  await ports.db.transaction().execute(async (tx) => {
    if ((await checkFence(tx, batch.id, batch.fence)) !== 'held') return
    if (batch.taskId !== null) {
      await updateTask(tx, batch.taskId, { additionalData: { waiting_for: error.message } })
    }
    await addBatchJob(ports, tx, batch, waitSeconds)
  })
}
