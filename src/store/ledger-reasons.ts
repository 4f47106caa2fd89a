import { sql, type Selectable } from 'kysely'
import type { ErrorType } from '../domain/batches/batch.ts'
import type { Db, Tables } from './tables.ts'

/** Rows of one tier and collection that failed, or were skipped, for one reason. */
export interface LedgerReason {
  tier: number
  collectionId: string
  /** Null for rows that a filter left out. */
  errorType: ErrorType | null
  reason: string
  rows: number
  /** One of their sources. */
  sample: string
}

/** The most frequent reasons of each tier and collection, at most `limit` of each, the most frequent first. */
export async function readReasons(
  db: Db,
  batchId: string,
  state: 'failed' | 'skipped',
  limit: number,
): Promise<LedgerReason[]> {
  const counted = db
    .selectFrom('ingest_ledger')
    .select(({ fn }) => [
      'tier',
      'collection_id',
      'error_type',
      'reason',
      fn.countAll().as('rows'),
      fn.min('object_id').as('sample'),
      sql<number>`row_number() over (
        partition by tier, collection_id order by count(*) desc, reason
      )`.as('place'),
    ])
    .where('batch_id', '=', batchId)
    .where('state', '=', state)
    .groupBy(['tier', 'collection_id', 'error_type', 'reason'])
  const rows = await db
    .selectFrom(counted.as('counted'))
    .selectAll()
    .where('place', '<=', limit)
    .orderBy('rows', 'desc')
    .orderBy('reason')
    .execute()
  return rows.map((row) => ({
    tier: row.tier,
    collectionId: row.collection_id,
    errorType: row.error_type as ErrorType | null,
    reason: row.reason ?? '',
    rows: Number(row.rows),
    sample: row.sample,
  }))
}

/** Failed rows of one tier by their kind. */
export interface ErrorCount {
  tier: number
  errorType: ErrorType | null
  rows: number
}

/** All of them, however many reasons there are. */
export async function countErrors(db: Db, batchId: string): Promise<ErrorCount[]> {
  const rows = await db
    .selectFrom('ingest_ledger')
    .select(({ fn }) => ['tier', 'error_type', fn.countAll().as('rows')])
    .where('batch_id', '=', batchId)
    .where('state', '=', 'failed')
    .groupBy(['tier', 'error_type'])
    .execute()
  return rows.map((row) => ({
    tier: row.tier,
    errorType: row.error_type as ErrorType | null,
    rows: Number(row.rows),
  }))
}

export interface FailedRow {
  sourceId: string
  collectionId: string
  tier: number
  errorType: ErrorType | null
  reason: string
  attempts: number
}

export async function readFailedRows(
  db: Db,
  batchId: string,
  page: { tier: number | null; collectionId: string | null; limit: number; offset: number },
): Promise<{ rows: FailedRow[]; total: number }> {
  const failed = db
    .selectFrom('ingest_ledger')
    .where('batch_id', '=', batchId)
    .where('state', '=', 'failed')
    .$if(page.tier !== null, (query) => query.where('tier', '=', page.tier))
    .$if(page.collectionId !== null, (query) =>
      query.where('collection_id', '=', page.collectionId),
    )
  const [rows, count] = await Promise.all([
    failed
      .selectAll()
      .orderBy('tier')
      .orderBy('collection_id')
      .orderBy('object_id')
      .limit(page.limit)
      .offset(page.offset)
      .execute(),
    failed.select(({ fn }) => fn.countAll().as('rows')).executeTakeFirst(),
  ])
  return { rows: rows.map(failedOf), total: Number(count?.rows ?? 0) }
}

function failedOf(row: Selectable<Tables['ingest_ledger']>): FailedRow {
  return {
    sourceId: row.object_id,
    collectionId: row.collection_id,
    tier: row.tier,
    errorType: row.error_type as ErrorType | null,
    reason: row.reason ?? '',
    attempts: row.attempts,
  }
}
