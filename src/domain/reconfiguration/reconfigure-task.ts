import type { Db } from '../../store/tables.ts'
import type { TaskStatus } from '../tasks/task.ts'
import { updateTask } from '../tasks/update-task.ts'
import type { Reconfiguration } from './reconfiguration.ts'

/** The contract's closed list has no type for it (contract 19). */
export const reconfigureTaskType = 'api_namespaces_migrations_run'

/** What the task of a reconfigure tells while it is worked on. */
export async function tellFilling(
  db: Db,
  { id, taskId, state, progress }: Reconfiguration,
): Promise<void> {
  if (taskId === null) return
  const { cursor: _, collections: __, ...numbers } = progress
  await updateTask(db, taskId, {
    status: 'PROCESSING',
    additionalData: { reconfiguration_id: id, state, ...numbers },
  })
}

/** Its end, in the transaction that ends the reconfigure; nothing where it has no task. */
export async function endReconfigureTask(
  db: Db,
  { id, taskId, progress }: Reconfiguration,
  status: TaskStatus,
  error: string | null = null,
): Promise<void> {
  if (taskId === null) return
  const { cursor: _, collections: __, ...numbers } = progress
  await updateTask(db, taskId, {
    status,
    error,
    additionalData: { reconfiguration_id: id, ...numbers },
  })
}
