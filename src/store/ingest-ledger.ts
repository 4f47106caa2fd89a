import { sql } from 'kysely'
import {
  activeStatuses,
  type Batch,
  type ErrorType,
  type LedgerRow,
  type LedgerSums,
  type RowOutcome,
} from '../domain/batches/batch.ts'
import type { Db } from './tables.ts'

/** Rows of one statement: it holds few locks and little memory however large the batch. */
const rowsPerStatement = 10_000

/** A pending row for each object of the batch and each collection; those that are there stay as they are. */
export async function openLedger(
  db: Db,
  batchId: string,
  collectionIds: readonly string[],
  tier: number,
): Promise<void> {
  const { rows } = await sql<{ last: number | null }>`
    select max(position) as last from batch_objects where batch_id = ${batchId}
  `.execute(db)
  const last = rows[0]?.last ?? -1
  for (let from = 0; from <= last; from += rowsPerStatement) {
    await sql`
      insert into ingest_ledger (batch_id, collection_id, object_id, tier, state)
      select ${batchId}, collection.id, batch_objects.object_id, ${tier}, 'pending'
      from batch_objects
      cross join unnest(${collectionIds}::text[]) as collection (id)
      where batch_objects.batch_id = ${batchId}
        and position >= ${from} and position < ${from + rowsPerStatement}
      on conflict do nothing
    `.execute(db)
  }
}

/**
 * The same for sources that are no objects of the batch: documents of an upstream collection. Nothing where the job that
 * asks has lost its batch to another one, or the batch has ended: then its rows are told already.
 */
export async function openLedgerFor(
  db: Db,
  { id: batchId, fence }: Pick<Batch, 'id' | 'fence'>,
  place: { collectionId: string; tier: number; sourceIds: readonly string[] },
): Promise<void> {
  const { collectionId, tier, sourceIds } = place
  await sql`
    with held as (
      select id from batches
      where id = ${batchId} and fence = ${fence} and status = any(${[...activeStatuses]}::text[])
      for share
    )
    insert into ingest_ledger (batch_id, collection_id, object_id, tier, state)
    select held.id, ${collectionId}, source.id, ${tier}, 'pending'
    from held cross join unnest(${sourceIds}::text[]) as source (id)
    on conflict do nothing
  `.execute(db)
}

/**
 * Rows of the tier that are still to be done, after `after`, all of one collection: what an extractor is given
 * together. `extracted` ones are among them, for nobody knows whether their documents were written.
 */
export async function readOpenRows(
  db: Db,
  batchId: string,
  { tier, after, limit }: { tier: number; after: LedgerRow | null; limit: number },
): Promise<LedgerRow[]> {
  const rows = await db
    .selectFrom('ingest_ledger')
    .select(['collection_id', 'object_id'])
    .where('batch_id', '=', batchId)
    .where('tier', '=', tier)
    .where('state', 'in', ['pending', 'extracted'])
    .$if(after !== null, (query) =>
      query.where(
        sql<boolean>`(collection_id, object_id) > (${after?.collectionId}, ${after?.sourceId})`,
      ),
    )
    .orderBy('collection_id')
    .orderBy('object_id')
    .limit(limit)
    .execute()
  const first = rows[0]?.collection_id
  return rows
    .filter((row) => row.collection_id === first)
    .map((row) => ({ collectionId: row.collection_id, sourceId: row.object_id }))
}

/** How many documents each row became, before any is written: what a kill must not turn into `written`. */
export async function markExtracted(
  db: Db,
  batchId: string,
  rows: readonly (LedgerRow & { documents: number })[],
): Promise<void> {
  if (rows.length === 0) return
  await sql`
    update ingest_ledger set state = 'extracted', documents = given.documents, updated_at = now()
    from unnest(
      ${rows.map((row) => row.collectionId)}::text[],
      ${rows.map((row) => row.sourceId)}::text[],
      ${rows.map((row) => row.documents)}::int[]
    ) as given (collection_id, object_id, documents)
    where ingest_ledger.batch_id = ${batchId}
      and ingest_ledger.collection_id = given.collection_id
      and ingest_ledger.object_id = given.object_id
      and state in ('pending', 'extracted')
  `.execute(db)
}

/** The end of rows, one statement for all of them. */
export async function markOutcomes(
  db: Db,
  batchId: string,
  outcomes: readonly RowOutcome[],
): Promise<void> {
  if (outcomes.length === 0) return
  await sql`
    update ingest_ledger set
      state = given.state,
      documents = given.documents,
      error_type = given.error_type,
      reason = given.reason,
      attempts = attempts + 1,
      updated_at = now()
    from unnest(
      ${outcomes.map(({ row }) => row.collectionId)}::text[],
      ${outcomes.map(({ row }) => row.sourceId)}::text[],
      ${outcomes.map(({ state }) => state)}::text[],
      ${outcomes.map((outcome) => ('documents' in outcome ? outcome.documents : 0))}::int[],
      ${outcomes.map((outcome) => ('errorType' in outcome ? outcome.errorType : null))}::text[],
      ${outcomes.map((outcome) => ('reason' in outcome ? outcome.reason : null))}::text[]
    ) as given (collection_id, object_id, state, documents, error_type, reason)
    where ingest_ledger.batch_id = ${batchId}
      and ingest_ledger.collection_id = given.collection_id
      and ingest_ledger.object_id = given.object_id
  `.execute(db)
}

/** What is still open ends as skipped: nobody will do it. */
export async function skipOpenRows(db: Db, batchId: string, reason: string): Promise<void> {
  await db
    .updateTable('ingest_ledger')
    .set({ state: 'skipped', reason, updated_at: sql<Date>`now()` })
    .where('batch_id', '=', batchId)
    .where('state', 'in', ['pending', 'extracted'])
    .execute()
}

/** What is still open ends as failed: it was tried, and nobody will try again by himself. */
export async function failOpenRows(db: Db, batchId: string, reason: string): Promise<void> {
  await db
    .updateTable('ingest_ledger')
    .set({
      state: 'failed',
      documents: 0,
      error_type: 'runtime',
      reason,
      attempts: sql<number>`attempts + 1`,
      updated_at: sql<Date>`now()`,
    })
    .where('batch_id', '=', batchId)
    .where('state', 'in', ['pending', 'extracted'])
    .execute()
}

export async function hasOpenRows(db: Db, batchId: string, tier: number): Promise<boolean> {
  const row = await db
    .selectFrom('ingest_ledger')
    .select('object_id')
    .where('batch_id', '=', batchId)
    .where('tier', '=', tier)
    .where('state', 'in', ['pending', 'extracted'])
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** Failed rows become pending again; their number. */
export async function reopenFailedRows(
  db: Db,
  batchId: string,
  which: {
    errorTypes: readonly ErrorType[] | null
    tiers: readonly number[] | null
    attemptsMax: number
    /** Only those whose documents were made, and did not come to stand in the engine. */
    onlyUnwritten?: boolean
  },
): Promise<number> {
  const { numUpdatedRows } = await db
    .updateTable('ingest_ledger')
    .set({
      state: 'pending',
      documents: 0,
      error_type: null,
      reason: null,
      updated_at: sql<Date>`now()`,
    })
    .where('batch_id', '=', batchId)
    .where('state', '=', 'failed')
    .where('attempts', '<=', which.attemptsMax)
    .$if(which.onlyUnwritten === true, (query) => query.where('documents', '>', 0))
    .$if(which.errorTypes !== null, (query) =>
      query.where('error_type', 'in', which.errorTypes ?? []),
    )
    .$if(which.tiers !== null, (query) => query.where('tier', 'in', which.tiers ?? []))
    .executeTakeFirst()
  return Number(numUpdatedRows)
}

export const noSums: LedgerSums = {
  accepted: 0,
  written: 0,
  failed: 0,
  skipped: 0,
  pending: 0,
  documents: 0,
}

export async function readLedgerSums(db: Db, batchId: string): Promise<LedgerSums> {
  const sums = await readTierSums(db, batchId)
  return [...sums.values()].flatMap((tier) => [...tier.values()]).reduce(addSums, noSums)
}

/** Sums a tier and a collection. */
export async function readTierSums(
  db: Db,
  batchId: string,
): Promise<Map<number, Map<string, LedgerSums>>> {
  const rows = await db
    .selectFrom('ingest_ledger')
    .select(({ fn }) => [
      'tier',
      'collection_id',
      'state',
      fn.countAll().as('rows'),
      fn.sum('documents').as('documents'),
    ])
    .where('batch_id', '=', batchId)
    .groupBy(['tier', 'collection_id', 'state'])
    .execute()
  const tiers = new Map<number, Map<string, LedgerSums>>()
  for (const row of rows) {
    const tier = tiers.get(row.tier) ?? new Map<string, LedgerSums>()
    tiers.set(row.tier, tier)
    const count = Number(row.rows)
    const key = row.state === 'extracted' ? 'pending' : row.state
    const documents = row.state === 'written' ? Number(row.documents) : 0
    const sums = { ...noSums, accepted: count, [key]: count, documents }
    tier.set(row.collection_id, addSums(tier.get(row.collection_id) ?? noSums, sums))
  }
  return tiers
}

export function addSums(a: LedgerSums, b: LedgerSums): LedgerSums {
  return {
    accepted: a.accepted + b.accepted,
    written: a.written + b.written,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
    pending: a.pending + b.pending,
    documents: a.documents + b.documents,
  }
}

/**
 * Objects of the batch get their end from their rows: FAILED with a reason where one failed, else COMPLETED where one
 * was written, else, where `withSkipped` says so, SKIPPED. Objects without any ended row stay as they are. Not a change
 * of the object: what was made of it is no older than it is.
 */
export async function settleObjects(
  db: Db,
  batchId: string,
  { withSkipped }: { withSkipped: boolean },
): Promise<void> {
  const ends = ['written', 'failed', ...(withSkipped ? ['skipped'] : [])]
  await sql`
    update objects set status = ended.status, error = ended.reason
    from (
      select object_id,
        case when bool_or(state = 'failed') then 'FAILED'
          when bool_or(state = 'written') then 'COMPLETED' else 'SKIPPED' end as status,
        min(reason) filter (where state = 'failed') as reason
      from ingest_ledger
      where batch_id = ${batchId} and state = any(${ends}::text[])
      group by object_id
    ) as ended
    where objects.id = ended.object_id
  `.execute(db)
}

/** Objects of the batch say that they wait. */
export async function markObjectsPending(db: Db, batchId: string): Promise<void> {
  await sql`
    update objects set status = 'PENDING', error = null
    where id in (select object_id from batch_objects where batch_id = ${batchId})
  `.execute(db)
}

/** Objects of a batch that was given up say DRAFT again. */
export async function releaseObjects(db: Db, batchId: string): Promise<void> {
  await sql`
    update objects set status = 'DRAFT'
    where status = 'PENDING' and id in (select object_id from batch_objects where batch_id = ${batchId})
  `.execute(db)
}
