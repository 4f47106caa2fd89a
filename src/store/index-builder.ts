import { sql } from 'kysely'
import type { Db } from './tables.ts'

/** Any number that no other program on the database uses. */
const lockKey = 8_686_000_007n

/**
 * Runs `work` as the only one of all processes that makes indexes by itself: they share one engine (I-5, I-8). Null,
 * without running it, where another does. The lock is its connection's, so a dead process holds it no longer than its
 * connection lives; what goes on after a lost connection is stopped by the fence of its decision.
 */
export async function asOnlyBuilder<T>(
  db: Db,
  work: () => Promise<T>,
): Promise<{ result: T } | null> {
  return await db.connection().execute(async (connection) => {
    const { rows } = await sql<{
      held: boolean
    }>`select pg_try_advisory_lock(${lockKey}) as held`.execute(connection)
    if (rows[0]?.held !== true) return null
    try {
      return { result: await work() }
    } finally {
      await sql`select pg_advisory_unlock(${lockKey})`.execute(connection)
    }
  })
}
