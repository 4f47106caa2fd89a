import { sql, type Selectable } from 'kysely'
import type { Db, Tables } from './tables.ts'

/** One run of a retriever as it is remembered: what it did, not what it found. */
export interface ExecutionRecord {
  id: string
  namespaceId: string
  /** Null: ad hoc. */
  retrieverId: string | null
  status: 'completed' | 'failed'
  /** Statistics of the stages, and the error of a failed one. */
  detail: Record<string, unknown>
  totalReturned: number
  durationMs: number
  createdAt: Date
}

/** Records of retrievers and namespaces that are gone meanwhile are left out. */
export async function insertExecutions(db: Db, records: readonly ExecutionRecord[]): Promise<void> {
  const rows = records.map((record) => ({
    id: record.id,
    namespace_id: record.namespaceId,
    retriever_id: record.retrieverId,
    status: record.status,
    detail: record.detail,
    total_returned: record.totalReturned,
    duration_ms: record.durationMs,
    created_at: record.createdAt.toISOString(),
  }))
  await sql`
    INSERT INTO executions (id, namespace_id, retriever_id, status, detail, total_returned, duration_ms, created_at)
    SELECT given.* FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS given(
      id text, namespace_id text, retriever_id text, status text, detail jsonb,
      total_returned integer, duration_ms double precision, created_at timestamptz)
    JOIN namespaces ON namespaces.id = given.namespace_id
    LEFT JOIN retrievers ON retrievers.id = given.retriever_id
    WHERE given.retriever_id IS NULL OR retrievers.id IS NOT NULL
    ON CONFLICT DO NOTHING`.execute(db)
}

export async function removeExecutionsBefore(db: Db, time: Date): Promise<void> {
  await db.deleteFrom('executions').where('created_at', '<', time).execute()
}

/** Runs of a retriever that are looked at for how long its stages take. */
const recentMax = 100

/** How long each stage of a retriever took in its latest completed runs: the median in ms, by the stage's name. */
export async function medianStageMs(db: Db, retrieverId: string): Promise<Map<string, number>> {
  const { rows } = await sql<{ name: string; ms: number }>`
    WITH recent AS (
      SELECT detail FROM executions
      WHERE retriever_id = ${retrieverId} AND status = 'completed'
      ORDER BY created_at DESC, id DESC LIMIT ${recentMax})
    SELECT stage.key AS name,
      percentile_cont(0.5) WITHIN GROUP (ORDER BY (stage.value->>'duration_ms')::float8) AS ms
    FROM recent, jsonb_each(detail->'stages') AS stage
    WHERE jsonb_typeof(detail->'stages') = 'object'
    GROUP BY stage.key`.execute(db)
  return new Map(rows.map(({ name, ms }) => [name, Number(ms)]))
}

/** One of a namespace, of one retriever or ad hoc (null); null where it is absent. */
export async function readExecution(
  db: Db,
  of: { namespaceId: string; retrieverId: string | null },
  id: string,
): Promise<ExecutionRecord | null> {
  const row = await db
    .selectFrom('executions')
    .selectAll()
    .where('namespace_id', '=', of.namespaceId)
    .where('retriever_id', 'is not distinct from', of.retrieverId)
    .where('id', '=', id)
    .executeTakeFirst()
  return row ? executionOf(row) : null
}

export function executionOf(row: Selectable<Tables['executions']>): ExecutionRecord {
  return {
    id: row.id,
    namespaceId: row.namespace_id,
    retrieverId: row.retriever_id,
    status: row.status,
    detail: row.detail,
    totalReturned: row.total_returned,
    durationMs: row.duration_ms,
    createdAt: row.created_at,
  }
}
