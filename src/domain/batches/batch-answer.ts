import type { Ports } from '../../ports/ports.ts'
import { readBatchObjects } from '../../store/batches.ts'
import { addSums, noSums, readTierSums } from '../../store/ingest-ledger.ts'
import {
  countErrors,
  readReasons,
  type ErrorCount,
  type LedgerReason,
} from '../../store/ledger-reasons.ts'
import type { Collection } from '../collections/collection.ts'
import { collectionsOf } from '../collections/find-collection.ts'
import { terminalStatuses, type TaskStatus } from '../tasks/task.ts'
import type { Batch, LedgerSums } from './batch.ts'
import { errorDetail, errorSummary, skipDetail } from './error-detail.ts'
import { sumsAnswer } from './progress.ts'

/** Ids shown of a batch that has more: 100,000 would be three megabytes. */
const objectIdsShown = 10_000
/** Reasons shown of one tier and collection, the most frequent ones. */
const reasonsShown = 10

/** What the ledger says of a batch, tier → collection → sums, and why rows were not written. */
interface Told {
  batch: Batch
  collections: readonly Collection[]
  sums: ReadonlyMap<number, ReadonlyMap<string, LedgerSums>>
  counts: readonly ErrorCount[]
  errors: readonly LedgerReason[]
  skips: readonly LedgerReason[]
}

/** A batch as the wire shows it, with its tiers counted from the ledger (contract 14, BatchModel and TierTask). */
export async function batchAnswer(ports: Pick<Ports, 'db' | 'cache'>, batch: Batch) {
  const { db } = ports
  const [objects, sums, counts, errors, skips, collections] = await Promise.all([
    readBatchObjects(db, batch.id, { limit: objectIdsShown }),
    readTierSums(db, batch.id),
    countErrors(db, batch.id),
    readReasons(db, batch.id, 'failed', reasonsShown),
    readReasons(db, batch.id, 'skipped', reasonsShown),
    collectionsOf(ports, batch.namespaceId),
  ])
  const told: Told = { batch, collections, sums, counts, errors, skips }
  const objectIds = objects.map(({ id }) => id)
  const whole = [...sums.values()].flatMap((tier) => [...tier.values()]).reduce(addSums, noSums)
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
    error_summary: errorSummary(counts),
    type: batch.type,
    task_id: batch.taskId,
    metadata: batch.metadata,
    progress: sumsAnswer(whole),
    tier_tasks: batch.tiers.map((ids, tier) => tierAnswer(told, tier, ids)),
    current_tier: Math.max(0, batch.currentTier),
    total_tiers: Math.max(1, batch.tiers.length),
    dag_tiers: batch.tiers,
    created_at: batch.createdAt.toISOString(),
    updated_at: batch.updatedAt.toISOString(),
  }
}

function tierAnswer(told: Told, tier: number, ids: readonly string[]) {
  const { batch, collections } = told
  const here = collections.filter(({ id }) => ids.includes(id))
  const byCollection = told.sums.get(tier)
  const sums = ids.flatMap((id) => byCollection?.get(id) ?? []).reduce(addSums, noSums)
  const upstream = [...new Set(here.flatMap(({ source }) => source.collection_ids ?? []))]
  const errors = told.errors.filter((reason) => reason.tier === tier)
  const skips = told.skips.filter((reason) => reason.tier === tier)
  return {
    tier_num: tier,
    task_id: batch.taskId,
    parent_task_id: batch.taskId,
    status: statusOf(batch, tier, sums),
    collection_ids: ids,
    source_type: here[0]?.source.type ?? 'bucket',
    source_collection_ids: upstream.length > 0 ? upstream : null,
    extractor_jobs: here.map((collection) => jobAnswer(told, tier, collection)),
    progress: sumsAnswer(sums),
    errors: errors.map(errorDetail),
    error_summary: errorSummary(told.counts.filter((count) => count.tier === tier)),
    skips: skips.map(skipDetail),
    source_documents_fetched: sums.accepted,
    documents_after_source_filter: sums.accepted - sums.skipped,
    documents_submitted_to_engine: sums.written,
    documents_written: sums.documents,
  }
}

function jobAnswer(told: Told, tier: number, { id, extractor }: Collection) {
  const sums = told.sums.get(tier)?.get(id) ?? noSums
  const errors = told.errors.filter((one) => one.tier === tier && one.collectionId === id)
  return {
    extractor_type: extractor.feature_extractor_id,
    collection_ids: [id],
    status: statusOf(told.batch, tier, sums),
    documents_written: sums.documents,
    errors: errors.map(errorDetail),
  }
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
