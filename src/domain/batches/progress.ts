import type { Batch, LedgerSums } from './batch.ts'

/**
 * What a batch's task tells of it (contract 19): at any time accepted = written + failed + skipped + pending,
 * counted in rows, each an object × collection.
 */
export function progressOf(batch: Batch, sums: LedgerSums): Record<string, unknown> {
  const done = sums.accepted - sums.pending
  return {
    batch_id: batch.id,
    bucket_id: batch.bucketId,
    namespace_id: batch.namespaceId,
    collection_ids: batch.tiers.flat(),
    current_tier: Math.max(0, batch.currentTier),
    total_tiers: Math.max(1, batch.tiers.length),
    accepted: sums.accepted,
    written: sums.written,
    failed: sums.failed,
    skipped: sums.skipped,
    pending: sums.pending,
    documents_written: sums.documents,
    progress_percent: sums.accepted === 0 ? 0 : Math.floor((100 * done) / sums.accepted),
  }
}
