import { z } from 'zod'
import { findNamespace } from '../../domain/namespaces/find-namespace.ts'
import { orderRepair } from '../../domain/namespaces/repair-namespace.ts'
import { route } from '../route.ts'

/** Ours: a namespace whose documents cannot be opened any more is made whole again. */
export const repairRoutes = [
  route({
    operationId: 'repairNamespace',
    method: 'POST',
    path: '/v1/namespaces/{namespace_id}/repair',
    summary: 'Save what can be read of a damaged namespace, and make its documents again',
    tag: 'namespaces',
    access: 'admin',
    params: z.object({ namespace_id: z.string().min(1) }),
    status: 202,
    response: z.object({
      namespace_id: z.string(),
      task_id: z.string(),
      status: z.string(),
      message: z.string(),
    }),
    failures: ['unauthorized', 'forbidden', 'not_found'],
    handle: async ({ ports, principal, params }) => {
      const { organizationId } = principal
      const namespace = await findNamespace(ports, organizationId, params.namespace_id)
      const task = await orderRepair(ports, namespace)
      return {
        namespace_id: namespace.id,
        task_id: task.id,
        status: task.status,
        message: 'Where the documents cannot be read, they are made again; the task tells how.',
      }
    },
  }),
]
