import type { Ports } from '../../ports/ports.ts'
import { readTask } from '../../store/tasks.ts'
import { fail } from '../failure.ts'
import type { Task } from './task.ts'

/** Throws `not_found`, for another organization's task as for an absent one. */
export async function findTask(
  { db }: Pick<Ports, 'db'>,
  organizationId: string,
  id: string,
): Promise<Task> {
  const task = await readTask(db, organizationId, id)
  if (!task) throw fail('not_found', { resource: 'task', id })
  return task
}
