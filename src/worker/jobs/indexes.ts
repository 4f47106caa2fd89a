import { z } from 'zod'
import { checkJobName } from '../../domain/index-advisor/add-check.ts'
import { checkNamespace } from '../../domain/index-advisor/check-namespace.ts'
import { job } from '../job.ts'

export const indexJobs = [
  job({
    name: checkJobName,
    payload: z.object({ namespace_id: z.string() }),
    attempts: 1_000,
    run: (ports, { namespace_id }, signal) => checkNamespace(ports, namespace_id, signal),
  }),
]
