import { sql } from 'kysely'
import type { IndexEvent } from '../domain/index-advisor/decision.ts'
import type { Db } from './tables.ts'

interface EventRow {
  id: string
  namespace_id: string
  path: string
  decision_id: string | null
  kind: IndexEvent['kind']
  from_state: IndexEvent['from']
  to_state: IndexEvent['to']
  detail: Record<string, unknown>
  created_at: Date
}

/**
 * What stands in the ledger of each of these decisions, oldest first, the newest `eachMax` of each. What the drift
 * guard did on a path without knowing of a decision belongs to the one that was the newest of the path then.
 */
export async function readDecisionEvents(
  db: Db,
  namespaceId: string,
  decisionIds: readonly string[],
  eachMax: number,
): Promise<Map<string, IndexEvent[]>> {
  if (decisionIds.length === 0) return new Map()
  const { rows } = await sql<EventRow & { owner: string }>`
    with owned as (
      select e.*, d.id as owner,
        row_number() over (partition by d.id order by e.id desc) as place
      from index_decisions d
      join index_events e on e.namespace_id = d.namespace_id and (
        e.decision_id = d.id or (
          e.decision_id is null and e.path = d.path and e.created_at >= d.created_at and not exists (
            select from index_decisions n
            where n.namespace_id = d.namespace_id and n.path = d.path
              and (n.created_at, n.id) > (d.created_at, d.id) and n.created_at <= e.created_at
          )
        )
      )
      where d.namespace_id = ${namespaceId} and d.id = any(${[...decisionIds]}::text[])
    )
    select * from owned where place <= ${eachMax} order by id
  `.execute(db)
  return Map.groupBy(rows, ({ owner }) => owner)
    .entries()
    .reduce(
      (all, [id, events]) => all.set(id, events.map(eventOf)),
      new Map<string, IndexEvent[]>(),
    )
}

/** The namespace's ledger, the newest first; `before`: those that happened before the event of this id. */
export async function readNewestEvents(
  db: Db,
  namespaceId: string,
  { before, path, limit }: { before: string | null; path: string | null; limit: number },
): Promise<IndexEvent[]> {
  const { rows } = await sql<EventRow>`
    select * from index_events
    where namespace_id = ${namespaceId}
      and ${before === null ? sql`true` : sql`id < ${before}::bigint`}
      and ${path === null ? sql`true` : sql`path = ${path}`}
    order by id desc limit ${limit}
  `.execute(db)
  return rows.map(eventOf)
}

/** Of a row as it is read. */
export function eventOf(row: EventRow): IndexEvent {
  return {
    id: row.id,
    namespaceId: row.namespace_id,
    path: row.path,
    decisionId: row.decision_id,
    kind: row.kind,
    from: row.from_state,
    to: row.to_state,
    detail: row.detail,
    at: row.created_at,
  }
}
