import type { ErrorCount, LedgerReason } from '../../store/ledger-reasons.ts'

type Told = Pick<LedgerReason, 'reason' | 'rows' | 'sample'>

/** Rows that failed for one reason, as the wire shows them (contract 14, ErrorDetail). */
export function errorDetail({ errorType, ...told }: LedgerReason) {
  return { error_type: errorType ?? 'runtime', ...detail(told) }
}

/** Rows that were passed over for one reason: by a filter, a deletion or a cancel, else by their extractor. */
export function skipDetail({ errorType, ...told }: LedgerReason) {
  return { ...(errorType !== null && { error_type: errorType }), ...detail(told) }
}

function detail({ reason, rows, sample }: Told) {
  return { message: reason, affected_count: rows, metadata: { sample_source_id: sample } }
}

/** Category → rows; null where nothing failed. */
export function errorSummary(counts: readonly ErrorCount[]): Record<string, number> | null {
  if (counts.length === 0) return null
  const summary: Record<string, number> = {}
  for (const { errorType, rows } of counts) {
    const category = errorType ?? 'runtime'
    summary[category] = (summary[category] ?? 0) + rows
  }
  return summary
}
