import { sql, type Selectable } from 'kysely'
import {
  busyStates,
  unsettledStates,
  type Reconfiguration,
  type ReconfigurationProgress,
  type ReconfigurationState,
} from '../domain/reconfiguration/reconfiguration.ts'
import type { NamespaceExtractor, VectorDefinition } from '../domain/namespaces/namespace.ts'
import type { Db, Tables } from './tables.ts'

type Row = Selectable<Tables['reconfigurations']>

/** A unique violation where another is busy on the namespace. */
export async function insertReconfiguration(db: Db, one: Reconfiguration): Promise<void> {
  await db
    .insertInto('reconfigurations')
    .values({
      id: one.id,
      organization_id: one.organizationId,
      namespace_id: one.namespaceId,
      strategy: one.strategy,
      reprocess: one.isReprocess,
      state: one.state,
      fence: one.fence,
      from_generation: one.fromGeneration,
      to_generation: one.toGeneration,
      vectors_before: JSON.stringify(one.vectorsBefore),
      vectors_after: JSON.stringify(one.vectorsAfter),
      extractors_after: one.extractorsAfter && JSON.stringify(one.extractorsAfter),
      previous_points: one.previousPoints,
      progress: JSON.stringify(one.progress),
      task_id: one.taskId,
      error: one.error,
      switched_at: one.switchedAt,
      retained_until: one.retainedUntil,
      created_at: one.createdAt,
      updated_at: one.updatedAt,
    })
    .execute()
}

export async function readReconfiguration(db: Db, id: string): Promise<Reconfiguration | null> {
  const row = await db
    .selectFrom('reconfigurations')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst()
  return row ? reconfigurationOf(row) : null
}

/** The one that is under way on the namespace. */
export async function readBusyReconfiguration(
  db: Db,
  namespaceId: string,
): Promise<Reconfiguration | null> {
  const [first] = await readReconfigurations(db, namespaceId, { states: busyStates, limit: 1 })
  return first ?? null
}

/** Newest first. */
export async function readReconfigurations(
  db: Db,
  namespaceId: string,
  { states, limit }: { states?: readonly ReconfigurationState[]; limit?: number } = {},
): Promise<Reconfiguration[]> {
  const rows = await db
    .selectFrom('reconfigurations')
    .selectAll()
    .where('namespace_id', '=', namespaceId)
    .$if(states !== undefined, (query) => query.where('state', 'in', [...(states ?? [])]))
    .orderBy('created_at', 'desc')
    .orderBy('from_generation', 'desc')
    .$if(limit !== undefined, (query) => query.limit(limit ?? 0))
    .execute()
  return rows.map(reconfigurationOf)
}

export async function readReconfigurationOfTask(
  db: Db,
  taskId: string,
): Promise<Reconfiguration | null> {
  const row = await db
    .selectFrom('reconfigurations')
    .selectAll()
    .where('task_id', '=', taskId)
    .executeTakeFirst()
  return row ? reconfigurationOf(row) : null
}

/** Namespaces with a reconfigure that has not come to its end. */
export async function readReconfiguringNamespaceIds(db: Db): Promise<string[]> {
  const rows = await db
    .selectFrom('reconfigurations')
    .select('namespace_id')
    .distinct()
    .where('state', 'in', [...unsettledStates])
    .execute()
  return rows.map((row) => row.namespace_id)
}

/** Those whose earlier generation has stood long enough. */
export async function readEndedRetentions(
  db: Db,
  namespaceId: string,
  now: Date,
): Promise<Reconfiguration[]> {
  const rows = await db
    .selectFrom('reconfigurations')
    .selectAll()
    .where('namespace_id', '=', namespaceId)
    .where('state', '=', 'retained')
    .where('retained_until', '<=', now)
    .execute()
  return rows.map(reconfigurationOf)
}

/** The row under a new fence, which only its caller knows; null where it is no longer in one of these states. */
export async function takeReconfiguration(
  db: Db,
  id: string,
  states: readonly ReconfigurationState[],
): Promise<Reconfiguration | null> {
  const row = await db
    .updateTable('reconfigurations')
    .set({ fence: sql<number>`fence + 1` })
    .where('id', '=', id)
    .where('state', 'in', [...states])
    .returningAll()
    .executeTakeFirst()
  return row ? reconfigurationOf(row) : null
}

export interface ReconfigurationChange {
  state?: ReconfigurationState
  progress?: ReconfigurationProgress
  error?: string | null
  switchedAt?: Date
  retainedUntil?: Date
}

/** False, with nothing written, where another has taken it over, or it stands elsewhere than `from`. */
export async function changeReconfiguration(
  db: Db,
  { id, fence, state }: Pick<Reconfiguration, 'id' | 'fence' | 'state'>,
  change: ReconfigurationChange,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('reconfigurations')
    .set({
      ...(change.state && { state: change.state }),
      ...(change.progress && {
        progress: sql<string>`progress || ${JSON.stringify(change.progress)}::jsonb`,
      }),
      ...(change.error !== undefined && { error: change.error }),
      ...(change.switchedAt && { switched_at: change.switchedAt }),
      ...(change.retainedUntil && { retained_until: change.retainedUntil }),
      updated_at: sql<Date>`now()`,
    })
    .where('id', '=', id)
    .where('fence', '=', fence)
    .where('state', '=', state)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** Ended ones beyond the newest `keep`: what was decided long ago is not kept for ever. */
export async function forgetReconfigurations(
  db: Db,
  namespaceId: string,
  keep: number,
): Promise<void> {
  await sql`
    delete from reconfigurations where id in (
      select id from reconfigurations
      where namespace_id = ${namespaceId} and state in ('done', 'erased', 'undone', 'cancelled')
      order by created_at desc, id offset ${keep}
    )`.execute(db)
}

/**
 * Held until the transaction ends, before anything else in it: who begins or ends a reconfigure comes one after the
 * other, and sees what the one before has written.
 */
export async function lockNamespaceRow(db: Db, namespaceId: string): Promise<void> {
  await db
    .selectFrom('namespaces')
    .select('id')
    .where('id', '=', namespaceId)
    .forNoKeyUpdate()
    .execute()
}

/** A number that no generation of the namespace ever had. */
export async function takeGeneration(db: Db, namespaceId: string): Promise<number> {
  const row = await db
    .updateTable('namespaces')
    .set({ last_generation: sql<number>`last_generation + 1` })
    .where('id', '=', namespaceId)
    .returning('last_generation')
    .executeTakeFirstOrThrow()
  return row.last_generation
}

/** What the namespace's collection holds from now on; null extractors stay as they are. */
export async function writeSchema(
  db: Db,
  namespaceId: string,
  schema: {
    generation: number
    vectors: Readonly<Record<string, VectorDefinition>>
    featureExtractors: readonly NamespaceExtractor[] | null
  },
  at: Date,
): Promise<void> {
  await db
    .updateTable('namespaces')
    .set({
      generation: schema.generation,
      vectors: JSON.stringify(schema.vectors),
      ...(schema.featureExtractors && {
        feature_extractors: JSON.stringify(schema.featureExtractors),
      }),
      updated_at: at,
    })
    .where('id', '=', namespaceId)
    .execute()
}

function reconfigurationOf(row: Row): Reconfiguration {
  return {
    id: row.id,
    organizationId: row.organization_id,
    namespaceId: row.namespace_id,
    strategy: row.strategy,
    isReprocess: row.reprocess,
    state: row.state,
    fence: row.fence,
    fromGeneration: row.from_generation,
    toGeneration: row.to_generation,
    vectorsBefore: row.vectors_before,
    vectorsAfter: row.vectors_after,
    extractorsAfter: row.extractors_after,
    previousPoints: row.previous_points,
    progress: row.progress,
    taskId: row.task_id,
    error: row.error,
    switchedAt: row.switched_at,
    retainedUntil: row.retained_until,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}
