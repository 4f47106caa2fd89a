import { z } from 'zod'
import { expireNamespace, finishDeletion } from '../../domain/namespaces/delete-namespace.ts'
import { convergeNamespace } from '../../domain/namespaces/recover-namespaces.ts'
import { job } from '../job.ts'

const payload = z.object({ namespace_id: z.string() })

export const namespaceJobs = [
  job({
    name: 'namespace.converge',
    payload,
    attempts: 20,
    run: (ports, { namespace_id }, signal) => convergeNamespace(ports, namespace_id, signal),
  }),
  job({
    name: 'namespace.delete',
    payload,
    attempts: 20,
    run: (ports, { namespace_id }, signal) => finishDeletion(ports, namespace_id, signal),
  }),
  job({
    name: 'namespace.expire',
    payload,
    attempts: 20,
    run: (ports, { namespace_id }) => expireNamespace(ports, namespace_id),
  }),
]
