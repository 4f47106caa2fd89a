import type { PgBoss } from 'pg-boss'

export interface JobsToSee {
  /** Those of the queues that have a job whose time has come. */
  due: string[]
  /** Whether a job's worker has died: nothing was heard of it for as long as its queue allows. */
  isLost: boolean
}

/**
 * What there is for workers and their supervisor. One question for all queues, answered by the index that workers fetch
 * by: where every worker asks for itself, a server at rest spends most of its CPU on that.
 */
export async function jobsToSee(
  db: ReturnType<PgBoss['getDb']>,
  names: readonly string[],
): Promise<JobsToSee> {
  const { rows } = await db.executeSql(
    `select
      array(
        select queue.name from unnest($1::text[]) as queue (name)
        where exists (
          select from pgboss.job
          where job.name = queue.name and state < 'active' and not blocked and start_after <= now()
        )
      ) as due,
      exists (
        select from pgboss.job
        where state = 'active' and heartbeat_on + heartbeat_seconds * interval '1 s' < now()
      ) as lost`,
    [names],
  )
  const [{ due, lost }] = rows
  return { due, isLost: lost }
}
