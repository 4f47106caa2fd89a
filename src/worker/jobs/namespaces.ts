import { z } from 'zod'
import {
  expireJobName,
  expireNamespace,
  finishDeletion,
} from '../../domain/namespaces/delete-namespace.ts'
import { convergeNamespace } from '../../domain/namespaces/recover-namespaces.ts'
import { repairJobName, repairNamespace } from '../../domain/namespaces/repair-namespace.ts'
import { job } from '../job.ts'

const payload = z.object({ namespace_id: z.string() })

export const namespaceJobs = [
  job({
    name: 'namespace.converge',
    payload,
    attempts: 1_000,
    run: (ports, { namespace_id }, signal) => convergeNamespace(ports, namespace_id, signal),
  }),
  job({
    name: 'namespace.delete',
    payload,
    attempts: 1_000,
    run: (ports, { namespace_id }, signal) => finishDeletion(ports, namespace_id, signal),
  }),
  job({
    name: repairJobName,
    payload: z.object({
      organization_id: z.string(),
      namespace_id: z.string(),
      task_id: z.string(),
    }),
    attempts: 100,
    run: (ports, payload, signal) =>
      repairNamespace(
        ports,
        {
          organizationId: payload.organization_id,
          namespaceId: payload.namespace_id,
          taskId: payload.task_id,
        },
        signal,
      ),
  }),
  job({
    name: expireJobName,
    payload,
    attempts: 1_000,
    run: (ports, { namespace_id }) => expireNamespace(ports, namespace_id),
  }),
]
