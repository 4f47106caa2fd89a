import type { Ports } from '../../ports/ports.ts'
import { readBatchObjects } from '../../store/batches.ts'
import { addSums, readReasons, readTierSums } from '../../store/ingest-ledger.ts'
import type { Collection } from '../collections/collection.ts'
import { collectionsOf } from '../collections/find-collection.ts'
import { terminalStatuses, type TaskStatus } from '../tasks/task.ts'
import type { Batch, LedgerSums } from './batch.ts'

/** Ids shown of a batch that has more: 100,000 would be three megabytes. */
const objectIdsShown = 10_000
const reasonsShown = 10

/** A batch as the wire shows it, with its tiers counted from the ledger (contract 14, BatchModel and TierTask). */
export async function batchAnswer(ports: Pick<Ports, 'db' | 'cache'>, batch: Batch) {
  const { db } = ports
  const [objects, sums, reasons, collections] = await Promise.all([
    readBatchObjects(db, batch.id, { limit: objectIdsShown }),
    readTierSums(db, batch.id),
    readReasons(db, batch.id, 'failed', reasonsShown),
    collectionsOf(ports, batch.namespaceId),
  ])
  const objectIds = objects.map(({ id }) => id)
  return {
    batch_id: batch.id,
    batch_name: batch.name,
    bucket_id: batch.bucketId,
    namespace_id: batch.namespaceId,
    status: batch.status,
    object_ids: objectIds,
    loaded_object_ids: batch.status === 'DRAFT' ? null : objectIds,
    collection_ids: batch.collectionIds,
    error: batch.error,
    error_summary: summaryOf(reasons),
    type: batch.type,
    task_id: batch.taskId,
    metadata: batch.metadata,
    tier_tasks: batch.tiers.map((ids, tier) =>
      tierAnswer(batch, tier, ids, sums.get(tier) ?? new Map(), collections),
    ),
    current_tier: Math.max(0, batch.currentTier),
    total_tiers: Math.max(1, batch.tiers.length),
    dag_tiers: batch.tiers,
    created_at: batch.createdAt.toISOString(),
    updated_at: batch.updatedAt.toISOString(),
  }
}

function tierAnswer(
  batch: Batch,
  tier: number,
  ids: readonly string[],
  byCollection: ReadonlyMap<string, LedgerSums>,
  collections: readonly Collection[],
) {
  const here = collections.filter(({ id }) => ids.includes(id))
  const sums = ids.flatMap((id) => byCollection.get(id) ?? []).reduce(addSums, none)
  const upstream = [...new Set(here.flatMap(({ source }) => source.collection_ids ?? []))]
  return {
    tier_num: tier,
    task_id: batch.taskId,
    parent_task_id: batch.taskId,
    status: statusOf(batch, tier, sums),
    collection_ids: ids,
    source_type: here[0]?.source.type ?? 'bucket',
    source_collection_ids: upstream.length > 0 ? upstream : null,
    extractor_jobs: here.map(({ id, extractor }) =>
      jobAnswer(batch, tier, id, extractor.feature_extractor_id, byCollection),
    ),
    source_documents_fetched: sums.accepted,
    documents_after_source_filter: sums.accepted - sums.skipped,
    documents_submitted_to_engine: sums.written,
    documents_written: sums.documents,
  }
}

function jobAnswer(
  batch: Batch,
  tier: number,
  collectionId: string,
  extractorId: string,
  byCollection: ReadonlyMap<string, LedgerSums>,
) {
  const sums = byCollection.get(collectionId) ?? none
  return {
    extractor_type: extractorId,
    collection_ids: [collectionId],
    status: statusOf(batch, tier, sums),
    documents_written: sums.documents,
  }
}

const none: LedgerSums = {
  accepted: 0,
  written: 0,
  failed: 0,
  skipped: 0,
  pending: 0,
  documents: 0,
}

function statusOf(batch: Batch, tier: number, sums: LedgerSums): TaskStatus {
  if (tier > batch.currentTier || batch.status === 'DRAFT') {
    return terminalStatuses.includes(batch.status) ? 'SKIPPED' : 'PENDING'
  }
  if (sums.pending > 0)
    return terminalStatuses.includes(batch.status) ? batch.status : 'IN_PROGRESS'
  if (batch.status === 'CANCELED') return 'CANCELED'
  if (sums.failed === 0) return 'COMPLETED'
  return sums.written === 0 ? 'FAILED' : 'COMPLETED_WITH_ERRORS'
}

/** Category → rows. */
function summaryOf(
  reasons: Awaited<ReturnType<typeof readReasons>>,
): Record<string, number> | null {
  if (reasons.length === 0) return null
  const summary: Record<string, number> = {}
  for (const { errorType, rows } of reasons) {
    const category = errorType ?? 'runtime'
    summary[category] = (summary[category] ?? 0) + rows
  }
  return summary
}
