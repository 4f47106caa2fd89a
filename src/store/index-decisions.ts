import { sql, type Selectable } from 'kysely'
import {
  openStates,
  type DecisionState,
  type Ending,
  type IndexDecision,
  type IndexEvent,
  type MeasurementAfter,
  type Parity,
} from '../domain/index-advisor/decision.ts'
import type { Census } from '../domain/payload-facts/census.ts'
import type { Measurement } from '../domain/index-advisor/measurement.ts'
import type { PayloadFieldSchema } from '../ports/vector-engine.ts'
import { eventOf } from './index-ledger.ts'
import type { Db, Tables } from './tables.ts'

type Row = Selectable<Tables['index_decisions']>

/** False, with nothing written, where a decision about the field is open already. */
export async function insertDecision(db: Db, one: IndexDecision): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('index_decisions')
    .values({
      id: one.id,
      namespace_id: one.namespaceId,
      field_name: one.fieldName,
      path: one.path,
      state: one.state,
      fence: one.fence,
      schema: jsonOf(one.schema),
      reason: one.reason,
      inputs: JSON.stringify(one.inputs),
      census: jsonOf(one.census),
      before: jsonOf(one.before),
      after: jsonOf(one.after),
      parity: jsonOf(one.parity),
      ending: one.ending,
      actor: one.actor,
      attempts: one.attempts,
      restarts: one.restarts,
      blocked_until: one.blockedUntil,
      created_at: one.createdAt,
      updated_at: one.updatedAt,
      active_at: one.activeAt,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow()
  return (numInsertedOrUpdatedRows ?? 0n) > 0n
}

/** Newest first. `path`: of one payload path; `after`: those that follow the decision of this id. */
export async function readDecisions(
  db: Db,
  namespaceId: string,
  filter: { states?: readonly DecisionState[]; path?: string; limit: number; after?: string },
): Promise<IndexDecision[]> {
  const { states, path, limit, after } = filter
  const rows = await db
    .selectFrom('index_decisions')
    .selectAll()
    .where('namespace_id', '=', namespaceId)
    .$if(states !== undefined, (query) => query.where('state', 'in', [...(states ?? [])]))
    .$if(path !== undefined, (query) => query.where('path', '=', path ?? ''))
    .$if(after !== undefined, (query) =>
      query.where(
        sql<boolean>`(created_at, id) < (select created_at, id from index_decisions where id = ${after})`,
      ),
    )
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
  return rows.map(decisionOf)
}

/** Null where it is absent, or another namespace's. */
export async function readDecision(
  db: Db,
  namespaceId: string,
  id: string,
): Promise<IndexDecision | null> {
  const row = await db
    .selectFrom('index_decisions')
    .selectAll()
    .where('namespace_id', '=', namespaceId)
    .where('id', '=', id)
    .executeTakeFirst()
  return row ? decisionOf(row) : null
}

/** Of each of these paths the newest decision; a path without one is absent. Null: of every path. */
export async function readNewestDecisions(
  db: Db,
  namespaceId: string,
  paths: readonly string[] | null,
): Promise<Map<string, IndexDecision>> {
  if (paths?.length === 0) return new Map()
  const rows = await db
    .selectFrom('index_decisions')
    .distinctOn('path')
    .selectAll()
    .where('namespace_id', '=', namespaceId)
    .$if(paths !== null, (query) => query.where('path', 'in', [...(paths ?? [])]))
    .orderBy('path')
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .execute()
  return new Map(rows.map((row) => [row.path, decisionOf(row)]))
}

/** The row under a new fence, which only its caller knows; null where it is no longer in one of these states. */
export async function takeDecision(
  db: Db,
  id: string,
  states: readonly DecisionState[],
): Promise<IndexDecision | null> {
  const row = await db
    .updateTable('index_decisions')
    .set({ fence: sql<number>`fence + 1` })
    .where('id', '=', id)
    .where('state', 'in', [...states])
    .returningAll()
    .executeTakeFirst()
  return row ? decisionOf(row) : null
}

export interface DecisionChange {
  state?: DecisionState
  schema?: PayloadFieldSchema | null
  reason?: string
  census?: Census | null
  before?: Measurement | null
  after?: MeasurementAfter | null
  parity?: Parity | null
  ending?: Ending | null
  actor?: string
  restarts?: number
  blockedUntil?: Date | null
  activeAt?: Date | null
}

/** Under its fence and in its state: false, with nothing written, where another has taken it over. */
export async function changeDecision(
  db: Db,
  { id, fence, state }: Pick<IndexDecision, 'id' | 'fence' | 'state'>,
  change: DecisionChange,
  at: Date,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('index_decisions')
    .set({
      ...(change.state && { state: change.state }),
      ...(change.schema !== undefined && { schema: jsonOf(change.schema) }),
      ...(change.reason !== undefined && { reason: change.reason }),
      ...(change.census !== undefined && { census: jsonOf(change.census) }),
      ...(change.before !== undefined && { before: jsonOf(change.before) }),
      ...(change.after !== undefined && { after: jsonOf(change.after) }),
      ...(change.parity !== undefined && { parity: jsonOf(change.parity) }),
      ...(change.ending !== undefined && { ending: change.ending }),
      ...(change.actor !== undefined && { actor: change.actor }),
      ...(change.restarts !== undefined && { restarts: change.restarts }),
      ...(change.blockedUntil !== undefined && { blocked_until: change.blockedUntil }),
      ...(change.activeAt !== undefined && { active_at: change.activeAt }),
      updated_at: at,
    })
    .where('id', '=', id)
    .where('fence', '=', fence)
    .where('state', '=', state)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/**
 * Ends the decisions about fields whose index is the user's now (design 6: a declaration takes ownership). In the
 * transaction that settles the declaration, so that both stand or neither.
 */
export async function endTakenOverDecisions(db: Db, namespaceId: string): Promise<void> {
  await sql`
    with owned as (
      select d.id, d.state from index_decisions d join payload_indexes i using (namespace_id, path)
      where d.namespace_id = ${namespaceId} and i.origin = 'user' and d.state in (${sql.join(openStates)})
      for update of d
    ), ended as (
      update index_decisions d set state = 'taken_over', ending = null, fence = fence + 1, updated_at = now(),
        actor = 'user', reason = 'The field was declared in payload_indexes: its index is the user''s now. ' || reason
      from owned where owned.id = d.id
      returning d.id, d.path, owned.state as was
    )
    insert into index_events (namespace_id, path, decision_id, kind, from_state, to_state, detail, created_at)
    select ${namespaceId}, path, id, 'transition', was, 'taken_over', '{"event": "taken_over"}', now() from ended`.execute(
    db,
  )
}

/** Adds a line to the ledger. */
export async function recordIndexEvent(
  db: Db,
  event: {
    namespaceId: string
    path: string
    decisionId: string | null
    kind: IndexEvent['kind']
    from?: DecisionState
    to?: DecisionState
    detail: Record<string, unknown>
    at: Date
  },
): Promise<void> {
  await db
    .insertInto('index_events')
    .values({
      namespace_id: event.namespaceId,
      path: event.path,
      decision_id: event.decisionId,
      kind: event.kind,
      from_state: event.from ?? null,
      to_state: event.to ?? null,
      detail: JSON.stringify(event.detail),
      created_at: event.at,
    })
    .execute()
}

/** In the order in which they happened. `after`: those that follow the event of this id. */
export async function readIndexEvents(
  db: Db,
  namespaceId: string,
  { decisionId, after, limit }: { decisionId?: string; after?: string; limit: number },
): Promise<IndexEvent[]> {
  const rows = await db
    .selectFrom('index_events')
    .selectAll()
    .where('namespace_id', '=', namespaceId)
    .$if(decisionId !== undefined, (query) => query.where('decision_id', '=', decisionId ?? ''))
    .$if(after !== undefined, (query) => query.where('id', '>', after ?? ''))
    .orderBy('id')
    .limit(limit)
    .execute()
  return rows.map(eventOf)
}

/** What ended long ago is not kept for ever: decisions beyond the newest `decisions`, events beyond the newest `events`. */
export async function forgetDecisions(
  db: Db,
  namespaceId: string,
  keep: { decisions: number; events: number },
): Promise<void> {
  await sql`
    delete from index_decisions where id in (
      select id from index_decisions
      where namespace_id = ${namespaceId} and state not in (${sql.join(openStates)})
      order by created_at desc, id desc offset ${keep.decisions}
    )`.execute(db)
  await sql`
    delete from index_events where namespace_id = ${namespaceId} and id <= (
      select id from index_events where namespace_id = ${namespaceId}
      order by id desc offset ${keep.events} limit 1
    )`.execute(db)
}

function jsonOf(value: unknown): string | null {
  return value === null ? null : JSON.stringify(value)
}

/** Of a row as it is read. */
export function decisionOf(row: Row): IndexDecision {
  return {
    id: row.id,
    namespaceId: row.namespace_id,
    fieldName: row.field_name,
    path: row.path,
    state: row.state,
    fence: row.fence,
    schema: row.schema,
    reason: row.reason,
    inputs: row.inputs,
    census: row.census,
    before: row.before,
    after: row.after,
    parity: row.parity,
    ending: row.ending,
    actor: row.actor,
    attempts: row.attempts,
    restarts: row.restarts,
    blockedUntil: row.blocked_until,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    activeAt: row.active_at,
  }
}
