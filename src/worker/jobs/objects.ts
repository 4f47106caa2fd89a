import { z } from 'zod'
import { finishErasing, objectEraseJobName } from '../../domain/objects/erase-object.ts'
import { job } from '../job.ts'

export const objectJobs = [
  job({
    name: objectEraseJobName,
    payload: z.object({
      organization_id: z.string(),
      namespace_id: z.string(),
      object_id: z.string(),
    }),
    attempts: 1_000,
    run: (ports, payload) =>
      finishErasing(ports, {
        organizationId: payload.organization_id,
        namespaceId: payload.namespace_id,
        objectId: payload.object_id,
      }),
  }),
]
