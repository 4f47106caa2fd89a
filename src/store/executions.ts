import { sql } from 'kysely'
import type { Db } from './tables.ts'

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
