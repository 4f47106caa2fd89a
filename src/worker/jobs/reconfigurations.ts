import { z } from 'zod'
import { eraseGenerations, eraseJobName } from '../../domain/reconfiguration/erase-generations.ts'
import { job } from '../job.ts'

export const reconfigurationJobs = [
  job({
    name: eraseJobName,
    payload: z.object({ namespace_id: z.string() }),
    attempts: 100,
    run: (ports, { namespace_id }, signal) => eraseGenerations(ports, namespace_id, signal),
  }),
]
