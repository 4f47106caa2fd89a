import { sql } from 'kysely'
import type { Db } from './tables.ts'

/** Throws where the database does not answer. */
export async function checkDatabase(db: Db): Promise<void> {
  await sql`select 1`.execute(db)
}

/** Whether jobs can be read: pg-boss keeps them in a schema of its own. */
export async function checkQueue(db: Db): Promise<void> {
  await sql`select 1 from pgboss.job limit 1`.execute(db)
}
