import { sql } from 'kysely'
import type { Time } from './column-types.ts'
import type { Db } from './tables.ts'

export interface FilterLinkTable {
  namespace_id: string
  paths: string[]
  begun_at: Time
  built_at: Time | null
}

/** The last time that the graphs of a namespace were told of its payload indexes. */
export interface FilterLinks {
  /** Payload paths of the indexes that stood then. */
  paths: string[]
  begunAt: Date
  /** Null: under way, or its process died. */
  builtAt: Date | null
}

/** Null where it never happened. */
export async function readFilterLinks(db: Db, namespaceId: string): Promise<FilterLinks | null> {
  const row = await db
    .selectFrom('filter_links')
    .selectAll()
    .where('namespace_id', '=', namespaceId)
    .executeTakeFirst()
  return row ? { paths: row.paths, begunAt: row.begun_at, builtAt: row.built_at } : null
}

/**
 * Takes the turn of this window; false where another took it. `begunBefore`: a turn that was begun later still holds;
 * `diedBefore`: one that was begun before it and not ended is a dead process's.
 */
export async function claimFilterLinks(
  db: Db,
  namespaceId: string,
  turn: { paths: readonly string[]; at: Date; begunBefore: Date; diedBefore: Date },
): Promise<boolean> {
  const values = { paths: [...turn.paths], begun_at: turn.at, built_at: null }
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('filter_links')
    .values({ namespace_id: namespaceId, ...values })
    .onConflict((conflict) =>
      conflict
        .column('namespace_id')
        .doUpdateSet(values)
        .where(
          sql<boolean>`filter_links.begun_at < ${turn.begunBefore}
            or (filter_links.built_at is null and filter_links.begun_at < ${turn.diedBefore})`,
        ),
    )
    .executeTakeFirstOrThrow()
  return (numInsertedOrUpdatedRows ?? 0n) > 0n
}

/** Ends the turn that was begun at this time. */
export async function endFilterLinks(
  db: Db,
  namespaceId: string,
  turn: { begunAt: Date; builtAt: Date },
): Promise<void> {
  await db
    .updateTable('filter_links')
    .set({ built_at: turn.builtAt })
    .where('namespace_id', '=', namespaceId)
    .where('begun_at', '=', turn.begunAt)
    .execute()
}
