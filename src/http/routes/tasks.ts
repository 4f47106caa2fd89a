import { z } from 'zod'
import { cancelTask } from '../../domain/tasks/cancel-task.ts'
import { findTask } from '../../domain/tasks/find-task.ts'
import { listTasks } from '../../domain/tasks/list-tasks.ts'
import { taskAnswer } from '../../domain/tasks/task-answer.ts'
import { taskStatuses } from '../../domain/tasks/task.ts'
import {
  listRequest,
  pageBody,
  pageQuery,
  paginationAnswer,
  paginationSchema,
} from '../pagination.ts'
import { route } from '../route.ts'

const ofTask = z.object({ task_id: z.string().min(1) })

export const taskSchema = z.object({
  task_id: z.string(),
  task_type: z.string(),
  status: z.enum(taskStatuses),
  namespace_id: z.string().nullable(),
  inputs: z.array(z.unknown()),
  outputs: z.array(z.unknown()),
  additional_data: z.record(z.string(), z.unknown()),
  error: z.string().nullable(),
  error_message: z.string().nullable(),
  created_at: z.string(),
  updated_at: z.string(),
  completed_at: z.string().nullable(),
})

/** Tasks are the organization's: clients ask for them without X-Namespace (contract 1.1). */
export const taskRoutes = [
  route({
    operationId: 'getTask',
    method: 'GET',
    path: '/v1/tasks/{task_id}',
    summary: 'Get a task: its status, its progress and what went wrong',
    tag: 'tasks',
    access: 'read',
    params: ofTask,
    response: taskSchema,
    failures: ['unauthorized', 'forbidden', 'not_found'],
    handle: async ({ ports, principal, params }) =>
      taskAnswer(await findTask(ports, principal.organizationId, params.task_id)),
  }),
  route({
    operationId: 'listTasks',
    method: 'POST',
    path: '/v1/tasks/list',
    summary: 'List the tasks of the organization, newest first',
    tag: 'tasks',
    access: 'read',
    query: pageQuery,
    body: pageBody.extend({
      status: z.enum(taskStatuses).nullish(),
      task_type: z.string().nullish(),
    }),
    response: z.object({ results: z.array(taskSchema), pagination: paginationSchema }),
    failures: ['unauthorized', 'forbidden', 'request_invalid', 'bad_request'],
    handle: async ({ ports, principal, query, body }) => {
      const request = listRequest(query, body, {
        limit: 10,
        sort: [{ field: 'created_at', direction: 'desc' }],
        config: ports.config,
      })
      const only = { status: body.status ?? null, type: body.task_type ?? null }
      const list = await listTasks(ports, principal.organizationId, only, request)
      return {
        results: list.rows.map(taskAnswer),
        pagination: paginationAnswer(list, request.page),
      }
    },
  }),
  route({
    operationId: 'killTask',
    method: 'DELETE',
    path: '/v1/tasks/{task_id}',
    summary: 'Stop a task; one that is not running stays as it ended',
    tag: 'tasks',
    access: 'write',
    params: ofTask,
    response: z.object({ message: z.string(), success: z.boolean() }),
    failures: ['unauthorized', 'forbidden'],
    handle: ({ ports, principal, params }) =>
      cancelTask(ports, principal.organizationId, params.task_id),
  }),
]
