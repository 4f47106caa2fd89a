import type { PgBoss } from 'pg-boss'

/**
 * Those of the queues that have a job whose time has come. One question for all of them, each answered by the index that
 * workers fetch by: where every worker asks for itself, a server at rest spends most of its CPU on that.
 */
export async function dueQueues(
  db: ReturnType<PgBoss['getDb']>,
  names: readonly string[],
): Promise<string[]> {
  const { rows } = await db.executeSql(
    `select queue.name from unnest($1::text[]) as queue (name)
    where exists (
      select from pgboss.job
      where job.name = queue.name and state < 'active' and not blocked and start_after <= now()
    )`,
    [names],
  )
  return rows.map(({ name }: { name: string }) => name)
}
