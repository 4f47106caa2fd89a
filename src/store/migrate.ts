import { sql } from 'kysely'
import { tables } from './migrations/0001-tables.ts'
import { unusedBlobs } from './migrations/0002-unused-blobs.ts'
import { plugins } from './migrations/0003-plugins.ts'
import { reconfigurations } from './migrations/0004-reconfigurations.ts'
import { payloadFacts } from './migrations/0005-payload-facts.ts'
import { queryUsage } from './migrations/0006-query-usage.ts'
import { indexDecisions } from './migrations/0007-index-decisions.ts'
import { filterLinks } from './migrations/0008-filter-links.ts'
import { loads } from './migrations/0009-loads.ts'
import { jobPlaces } from './migrations/0010-job-places.ts'
import { collectionFiles } from './migrations/0011-collection-files.ts'
import { objectErasures } from './migrations/0012-object-erasures.ts'
import type { Migration } from './migrations/migration.ts'
import type { Db } from './tables.ts'

/** In order, numbered from 1 without a gap. */
export const migrations: readonly Migration[] = [
  tables,
  unusedBlobs,
  plugins,
  reconfigurations,
  payloadFacts,
  queryUsage,
  indexDecisions,
  filterLinks,
  loads,
  jobPlaces,
  collectionFiles,
  objectErasures,
]

/** Any number that no other program on the database uses. */
const lockKey = 8_686_000_001n

/** The database was written by a later version of Nacre; nothing was changed. */
export class DatabaseNewerError extends Error {
  override readonly name = 'DatabaseNewerError'
  readonly found: number
  readonly known: number

  constructor(found: number, known: number) {
    super(
      `The database was written by a newer version of Nacre (schema ${found}; this version knows ${known}). Start that version or a later one.`,
    )
    this.found = found
    this.known = known
  }
}

/**
 * Brings the tables to this version, all of it or nothing; processes that start together take turns.
 * Throws `DatabaseNewerError`, `database_unavailable`.
 */
export async function migrate(db: Db, known: readonly Migration[] = migrations): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await sql`select pg_advisory_xact_lock(${lockKey})`.execute(tx)
    await sql`
      create table if not exists nacre_migrations (
        number integer primary key,
        name text not null,
        applied_at timestamptz(3) not null default now()
      )`.execute(tx)
    const found = await highest(tx)
    const last = known.at(-1)?.number ?? 0
    if (found > last) throw new DatabaseNewerError(found, last)
    for (const migration of known) if (migration.number > found) await apply(tx, migration)
  })
}

async function highest(tx: Db): Promise<number> {
  const { rows } = await sql<{
    number: number | null
  }>`select max(number) as number from nacre_migrations`.execute(tx)
  return rows[0]?.number ?? 0
}

async function apply(tx: Db, { number, name, sql: text }: Migration): Promise<void> {
  await sql.raw(text).execute(tx)
  await sql`insert into nacre_migrations (number, name) values (${number}, ${name})`.execute(tx)
}
