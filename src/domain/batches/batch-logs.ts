import type { Ports } from '../../ports/ports.ts'
import { readLedgerEntries, type LedgerEntry } from '../../store/ledger-log.ts'
import { readTask } from '../../store/tasks.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { Batch } from './batch.ts'

/** Lines of one answer. */
export const batchLogLinesMax = 1_000

/**
 * What happened in a batch, oldest first: that it was made and submitted, what its ledger tells of each tier and
 * collection, and how it ended. Made of the ledger itself, so that it never says anything else; rows that ended alike
 * are one line. With a tier only what the ledger tells of that.
 */
export async function batchLogs(
  { db }: Pick<Ports, 'db'>,
  namespace: Namespace,
  batch: Batch,
  tier: number | null,
) {
  const entries = await readLedgerEntries(db, batch.id, { tier, limit: batchLogLinesMax + 1 })
  const lines = entries.slice(0, batchLogLinesMax).map(entryLine)
  const isComplete = entries.length <= batchLogLinesMax
  if (tier !== null) return { lines, isComplete }
  const { begin, end } = await frameOf(db, namespace, batch)
  return { lines: [...begin, ...lines, ...end], isComplete }
}

async function frameOf(db: Ports['db'], { organizationId }: Namespace, batch: Batch) {
  const task = batch.taskId === null ? null : await readTask(db, organizationId, batch.taskId)
  const submitted = task ? [line(task.createdAt, 'info', `Submitted as task ${task.id}.`)] : []
  const level = batch.status === 'FAILED' ? ('error' as const) : ('info' as const)
  const error = batch.error === null ? '' : ` ${batch.error}`
  const ended = task?.finishedAt
    ? [line(task.finishedAt, level, `Ended as ${batch.status}.${error}`)]
    : []
  return { begin: [line(batch.createdAt, 'info', 'Batch made.'), ...submitted], end: ended }
}

const levels = {
  pending: 'info',
  extracted: 'info',
  written: 'info',
  skipped: 'warning',
  failed: 'error',
} as const satisfies Record<LedgerEntry['state'], string>

function entryLine(entry: LedgerEntry) {
  const { state, rows, documents, lastAt, sample, reason } = entry
  const sources = rows === 1 ? sample : `${rows} sources, ${sample} among them`
  const message = {
    pending: `${sources}: not processed yet.`,
    extracted: `${sources}: extracted, not yet safe in the engine.`,
    written: `${sources}: written as ${documents} documents.`,
    skipped: `${sources}: skipped. ${reason ?? ''}`,
    failed: `${sources}: failed. ${reason ?? ''}`,
  }[state].trimEnd()
  return {
    ...line(lastAt, levels[state], message),
    tier_num: entry.tier,
    collection_id: entry.collectionId,
    state,
    rows,
    documents,
    error_type: entry.errorType,
    attempts: entry.attempts,
    first_at: entry.firstAt.toISOString(),
  }
}

function line(at: Date, level: 'info' | 'warning' | 'error', message: string) {
  return { timestamp: at.toISOString(), level, message }
}
