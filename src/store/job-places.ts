import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { Generated } from 'kysely'
import type { Db as BossDb } from 'pg-boss'

export interface JobPlaceTable {
  job_id: string
  place: string
  queue: string
  namespace_id: string
  holder: string
  taken_at: Generated<Date>
}

/** Jobs that one namespace may run at once where it does not say (contract 7.2). */
const placesDefault = 10
/** Limits up to this one keep jobs from being claimed; beyond, a claimed job without a place goes back. */
const tierMax = 64
/** The priority of a job is a 32-bit integer. */
const turnMax = 2_000_000_000

const holder = `${hostname()}/${process.pid}`

/** What pg-boss is told of a namespace's limit: it hands out no job of one that runs as many already, as far as it sees. */
export const groupConcurrency = {
  default: 1_000,
  tiers: Object.fromEntries(
    Array.from({ length: tierMax }, (_, i) => [String(i + 1), i + 1] as const),
  ),
}

/** Where a job stands among those of all namespaces, in pg-boss's words. */
export interface JobTurn {
  group: { id: string; tier?: string }
  priority: number
}

/**
 * Turns go round the namespaces, however many jobs each has waiting (start-time fair queueing): a job's turn comes one
 * after the last that its namespace has waiting, and not before the one that all have come to.
 */
export async function turnOf(db: BossDb, queue: string, namespaceId: string): Promise<JobTurn> {
  const { rows } = await db.executeSql(
    `select
      (select coalesce((infrastructure ->> 'max_concurrent_jobs')::integer, $3) from namespaces where id = $2) as places,
      greatest(
        coalesce(
          (select max(-priority) from pgboss.job where name = $1 and state = 'active' and group_id is not null),
          (select min(-priority) from pgboss.job where name = $1 and state < 'active' and group_id is not null),
          0),
        (select max(-priority) + 1 from pgboss.job where name = $1 and state < 'active' and group_id = $2)
      ) as turn`,
    [queue, namespaceId, placesDefault],
  )
  const { places, turn }: { places: number | null; turn: number } = rows[0]
  const isTold = places !== null && places <= tierMax
  return {
    group: { id: namespaceId, ...(isTold && { tier: String(places) }) },
    priority: -Math.min(turn, turnMax),
  }
}

/** Null where the namespace runs as many jobs as it may, over all workers. */
export async function takePlace(
  db: BossDb,
  { queue, jobId, namespaceId }: { queue: string; jobId: string; namespaceId: string },
): Promise<string | null> {
  const place = randomUUID()
  const { rows } = await db.executeSql(
    'select take_job_place($1, $2, $3, $4, $5, $6) as is_taken',
    [queue, jobId, namespaceId, place, holder, placesDefault],
  )
  return rows[0]?.is_taken === true ? place : null
}

/** Nothing where another worker has taken the job over meanwhile. */
export async function givePlaceBack(db: BossDb, place: string): Promise<void> {
  await db.executeSql('delete from job_places where place = $1', [place])
}
