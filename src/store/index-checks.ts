import { unsettledStates } from '../domain/index-advisor/decision.ts'
import type { Db } from './tables.ts'

/** When the advisor ran for the namespace, and when it does so again by itself; null where nobody ever planned it. */
export interface IndexCheck {
  lastRunAt: Date | null
  nextRunAt: Date | null
}

export async function readIndexCheck(db: Db, namespaceId: string): Promise<IndexCheck | null> {
  const row = await db
    .selectFrom('index_checks')
    .select(['last_run_at', 'next_run_at'])
    .where('namespace_id', '=', namespaceId)
    .executeTakeFirst()
  return row ? { lastRunAt: row.last_run_at, nextRunAt: row.next_run_at } : null
}

export async function noteIndexCheck(
  db: Db,
  namespaceId: string,
  { lastRunAt, nextRunAt }: Partial<IndexCheck>,
): Promise<void> {
  const known = {
    ...(lastRunAt !== undefined && { last_run_at: lastRunAt }),
    ...(nextRunAt !== undefined && { next_run_at: nextRunAt }),
  }
  await db
    .insertInto('index_checks')
    .values({ namespace_id: namespaceId, last_run_at: null, next_run_at: null, ...known })
    .onConflict((conflict) =>
      Object.keys(known).length === 0
        ? conflict.doNothing()
        : conflict.column('namespace_id').doUpdateSet(known),
    )
    .execute()
}

/** Namespaces that make their indexes themselves, and those with a decision that has not come to its end. */
export async function readNamespaceIdsToCheck(db: Db): Promise<string[]> {
  const rows = await db
    .selectFrom('namespaces')
    .select('id')
    .where('state', '=', 'ready')
    .where((where) =>
      where.or([
        where('auto_create_indexes', '=', true),
        where.exists(
          where
            .selectFrom('index_decisions')
            .select('index_decisions.id')
            .whereRef('index_decisions.namespace_id', '=', 'namespaces.id')
            .where('index_decisions.state', 'in', [...unsettledStates]),
        ),
      ]),
    )
    .execute()
  return rows.map(({ id }) => id)
}
