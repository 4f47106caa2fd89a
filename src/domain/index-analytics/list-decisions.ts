import { sql } from 'kysely'
import type { Ports } from '../../ports/ports.ts'
import { readDecision, decisionOf } from '../../store/index-decisions.ts'
import { readDecisionEvents } from '../../store/index-ledger.ts'
import { listPage, type Listed } from '../../store/listing.ts'
import { fail } from '../failure.ts'
import { resolveFieldPath } from '../filters/field-path.ts'
import type { DecisionState, IndexDecision, IndexEvent } from '../index-advisor/decision.ts'
import type { ListPage, ListResult } from '../listing.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { payloadPath } from '../payload-indexes/payload-path.ts'

type Needs = Pick<Ports, 'db' | 'config'>

/** A decision with the newest of its steps, oldest first. */
export interface DecisionWithEvents {
  decision: IndexDecision
  events: IndexEvent[]
}

/** Steps that are shown of each decision of a list, and of a single one. */
const eventsShown = { inList: 50, alone: 1_000 }

/** The namespace's decisions, the newest first; null narrows nothing. `field`: by any name that means the same path. */
export async function listDecisions(
  ports: Needs,
  { id }: Pick<Namespace, 'id'>,
  only: { states: readonly DecisionState[] | null; field: string | null },
  page: ListPage,
): Promise<ListResult<DecisionWithEvents>> {
  const ofState = only.states === null ? sql`true` : sql`state = any(${[...only.states]}::text[])`
  const ofField =
    only.field === null ? sql`true` : sql`path = ${payloadPath(resolveFieldPath(only.field))}`
  const listed: Listed<'index_decisions', IndexDecision> = {
    table: 'index_decisions',
    where: sql`namespace_id = ${id} and ${ofState} and ${ofField}`,
    columns: { created_at: 'created_at' },
    read: (rows) => rows.map(decisionOf),
    view: ({ fieldName, state }) => ({ field_name: fieldName, state }),
  }
  const sort = [{ field: 'created_at', direction: 'desc' as const }]
  const result = await listPage(ports, listed, { page, sort, filter: null, search: null })
  return { ...result, rows: await withEvents(ports, id, result.rows, eventsShown.inList) }
}

/** One of them. Throws `not_found`, also for one of another namespace. */
export async function findDecision(
  ports: Pick<Ports, 'db'>,
  { id }: Pick<Namespace, 'id'>,
  decisionId: string,
): Promise<DecisionWithEvents> {
  const decision = await readDecision(ports.db, id, decisionId)
  if (!decision) throw fail('not_found', { resource: 'index decision', id: decisionId })
  const [found] = await withEvents(ports, id, [decision], eventsShown.alone)
  return found ?? { decision, events: [] }
}

async function withEvents(
  { db }: Pick<Ports, 'db'>,
  namespaceId: string,
  decisions: readonly IndexDecision[],
  eachMax: number,
): Promise<DecisionWithEvents[]> {
  const ids = decisions.map(({ id }) => id)
  const events = await readDecisionEvents(db, namespaceId, ids, eachMax)
  return decisions.map((decision) => ({ decision, events: events.get(decision.id) ?? [] }))
}
