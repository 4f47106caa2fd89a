import { z } from 'zod'
import { eraseGenerations, eraseJobName } from '../../domain/reconfiguration/erase-generations.ts'
import { fillGeneration, fillJobName } from '../../domain/reconfiguration/fill-generation.ts'
import { job } from '../job.ts'

export const reconfigurationJobs = [
  job({
    name: eraseJobName,
    payload: z.object({ namespace_id: z.string() }),
    attempts: 1_000,
    run: (ports, { namespace_id }, signal) => eraseGenerations(ports, namespace_id, signal),
  }),
  job({
    name: fillJobName,
    payload: z.object({ reconfiguration_id: z.string() }),
    attempts: 1_000,
    run: (ports, { reconfiguration_id: id }, signal) => fillGeneration(ports, id, signal),
  }),
]
