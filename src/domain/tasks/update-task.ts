import type { Db } from '../../store/tables.ts'
import { changeTask, type TaskChange } from '../../store/tasks.ts'

/**
 * Moves a task on. False where it is absent or has ended already: a cancelled task stays cancelled, whatever
 * its job still has to say. `additionalData` is merged into what is there.
 */
export async function updateTask(db: Db, id: string, change: TaskChange): Promise<boolean> {
  return await changeTask(db, id, change)
}
