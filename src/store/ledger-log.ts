import type { Db } from './tables.ts'

/** Rows of one tier and collection that ended alike, or have not yet ended. */
export interface LedgerEntry {
  tier: number
  collectionId: string
  state: 'pending' | 'extracted' | 'written' | 'failed' | 'skipped'
  errorType: string | null
  reason: string | null
  rows: number
  documents: number
  attempts: number
  /** One of the sources, where there are more. */
  sample: string
  firstAt: Date
  lastAt: Date
}

/** What the ledger of a batch tells, oldest first; at most `limit` entries. Null tier: all. */
export async function readLedgerEntries(
  db: Db,
  batchId: string,
  { tier, limit }: { tier: number | null; limit: number },
): Promise<LedgerEntry[]> {
  const rows = await db
    .selectFrom('ingest_ledger')
    .select(({ fn }) => [
      'tier',
      'collection_id',
      'state',
      'error_type',
      'reason',
      fn.countAll().as('rows'),
      fn.sum('documents').as('documents'),
      fn.max('attempts').as('attempts'),
      fn.min('object_id').as('sample'),
      fn.min('updated_at').as('first_at'),
      fn.max('updated_at').as('last_at'),
    ])
    .where('batch_id', '=', batchId)
    .$if(tier !== null, (query) => query.where('tier', '=', tier))
    .groupBy(['tier', 'collection_id', 'state', 'error_type', 'reason'])
    .orderBy('first_at')
    .orderBy('tier')
    .orderBy('collection_id')
    .orderBy('state')
    .orderBy('reason')
    .limit(limit)
    .execute()
  return rows.map((row) => ({
    tier: row.tier,
    collectionId: row.collection_id,
    state: row.state,
    errorType: row.error_type,
    reason: row.reason,
    rows: Number(row.rows),
    documents: Number(row.documents),
    attempts: Number(row.attempts),
    sample: row.sample,
    firstAt: row.first_at,
    lastAt: row.last_at,
  }))
}
