import { sql, type Selectable, type Updateable } from 'kysely'
import {
  terminalStatuses,
  type Task,
  type TaskStatus,
  type TaskType,
} from '../domain/tasks/task.ts'
import type { Db, Tables } from './tables.ts'

export type TaskRow = Selectable<Tables['tasks']>

/** What of a task can change; `additionalData` is merged into what is there. */
export interface TaskChange {
  status?: TaskStatus
  outputs?: unknown[]
  additionalData?: Record<string, unknown>
  error?: string | null
}

export async function insertTask(db: Db, task: Task): Promise<void> {
  await db
    .insertInto('tasks')
    .values({
      id: task.id,
      organization_id: task.organizationId,
      namespace_id: task.namespaceId,
      type: task.type,
      status: task.status,
      inputs: JSON.stringify(task.inputs),
      outputs: JSON.stringify(task.outputs),
      additional_data: JSON.stringify(task.additionalData),
      error: task.error,
      created_at: task.createdAt,
      updated_at: task.updatedAt,
      finished_at: task.finishedAt,
    })
    .execute()
}

/** Null where there is no such task in the organization. */
export async function readTask(db: Db, organizationId: string, id: string): Promise<Task | null> {
  const row = await db
    .selectFrom('tasks')
    .selectAll()
    .where('id', '=', id)
    .where('organization_id', '=', organizationId)
    .executeTakeFirst()
  return row ? taskOf(row) : null
}

/** Whose task it is, for work that no request stands behind. */
export async function readTaskOrganization(db: Db, id: string): Promise<string | null> {
  const row = await db
    .selectFrom('tasks')
    .select('organization_id')
    .where('id', '=', id)
    .executeTakeFirst()
  return row?.organization_id ?? null
}

/** Slices of a batch that failed in a row, as its task counts them. */
export async function readSliceFailures(db: Db, id: string): Promise<number> {
  const row = await db
    .selectFrom('tasks')
    .select('additional_data')
    .where('id', '=', id)
    .executeTakeFirst()
  const failures = row?.additional_data['slice_failures']
  return typeof failures === 'number' ? failures : 0
}

/** Warnings beside those that are there, each once; the first `most` are kept. */
export async function addTaskWarnings(
  db: Db,
  id: string,
  warnings: readonly string[],
  most: number,
): Promise<void> {
  if (warnings.length === 0) return
  const row = await db
    .selectFrom('tasks')
    .select('additional_data')
    .where('id', '=', id)
    .executeTakeFirst()
  const before: unknown = row?.additional_data['warnings']
  const all = [...new Set([...(Array.isArray(before) ? before : []), ...warnings])].slice(0, most)
  await changeTask(db, id, { additionalData: { warnings: all } })
}

/**
 * False, with nothing changed, where the task is absent, or has ended and the change is of its status: an end is
 * never taken back.
 */
export async function changeTask(db: Db, id: string, change: TaskChange): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('tasks')
    .set(columnsOf(change))
    .where('id', '=', id)
    .$if(change.status !== undefined, (query) => query.where('status', 'not in', terminalStatuses))
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

export function taskOf(row: TaskRow): Task {
  return {
    id: row.id,
    organizationId: row.organization_id,
    namespaceId: row.namespace_id,
    type: row.type as TaskType,
    status: row.status,
    inputs: row.inputs,
    outputs: row.outputs,
    additionalData: row.additional_data,
    error: row.error,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    finishedAt: row.finished_at,
  }
}

function columnsOf({ status, outputs, additionalData, error }: TaskChange) {
  const isEnd = status !== undefined && terminalStatuses.includes(status)
  const columns: Updateable<Tables['tasks']> = {
    ...(status && { status }),
    ...(outputs && { outputs: JSON.stringify(outputs) }),
    ...(error !== undefined && { error }),
  }
  return {
    ...columns,
    ...(additionalData && {
      additional_data: sql<string>`additional_data || ${JSON.stringify(additionalData)}::jsonb`,
    }),
    ...(isEnd && { finished_at: sql<Date>`now()` }),
    updated_at: sql<Date>`now()`,
  }
}
