import { sql } from 'kysely'
import type { Ports } from '../../ports/ports.ts'
import { listPage, type Listed } from '../../store/listing.ts'
import { taskOf } from '../../store/tasks.ts'
import type { ListRequest, ListResult } from '../listing.ts'
import { taskAnswer } from './task-answer.ts'
import type { Task, TaskStatus } from './task.ts'

/** The tasks of an organization; null of `only` narrows nothing. */
export async function listTasks(
  ports: Pick<Ports, 'db' | 'config'>,
  organizationId: string,
  only: { status: TaskStatus | null; type: string | null },
  request: ListRequest,
): Promise<ListResult<Task>> {
  const ofStatus = only.status === null ? sql`true` : sql`status = ${only.status}`
  const ofType = only.type === null ? sql`true` : sql`type = ${only.type}`
  const listed: Listed<'tasks', Task> = {
    table: 'tasks',
    where: sql`organization_id = ${organizationId} and ${ofStatus} and ${ofType}`,
    columns: {
      task_id: 'id',
      status: 'status',
      created_at: 'created_at',
      updated_at: 'updated_at',
    },
    read: (rows) => rows.map(taskOf),
    view: taskAnswer,
  }
  return await listPage(ports, listed, request)
}
