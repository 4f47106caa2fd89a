import type { Ports } from '../../ports/ports.ts'
import type { Db } from '../../store/tables.ts'
import { insertTask } from '../../store/tasks.ts'
import type { Task, TaskStatus, TaskType } from './task.ts'

export interface NewTask {
  organizationId: string
  namespaceId: string | null
  type: TaskType
  /** PENDING where nothing is said. */
  status?: TaskStatus
  inputs?: unknown[]
  additionalData?: Record<string, unknown>
}

/** Written with the row that makes it necessary: `db` is that row's transaction. Kept durably (contract 19). */
export async function createTask(
  db: Db,
  { now, newId }: Pick<Ports, 'now' | 'newId'>,
  { organizationId, namespaceId, type, status, inputs, additionalData }: NewTask,
): Promise<Task> {
  const at = now()
  const task: Task = {
    id: newId('task'),
    organizationId,
    namespaceId,
    type,
    status: status ?? 'PENDING',
    inputs: inputs ?? [],
    outputs: [],
    additionalData: additionalData ?? {},
    error: null,
    createdAt: at,
    updatedAt: at,
    finishedAt: null,
  }
  await insertTask(db, task)
  return task
}
