import { z } from 'zod'
import { processBatch } from '../../domain/batches/process-batch.ts'
import { batchJobName } from '../../domain/batches/submit-batch.ts'
import {
  collectionDeleteJobName,
  finishCollectionDelete,
} from '../../domain/collections/delete-collection.ts'
import { job } from '../job.ts'

export const batchJobs = [
  job({
    name: batchJobName,
    payload: z.object({ batch_id: z.string() }),
    attempts: 8,
    byNamespace: true,
    run: (ports, { batch_id: id }, signal) => processBatch(ports, id, signal),
  }),
  job({
    name: collectionDeleteJobName,
    payload: z.object({
      organization_id: z.string(),
      namespace_id: z.string(),
      collection_id: z.string(),
    }),
    attempts: 1_000,
    run: (ports, payload) =>
      finishCollectionDelete(ports, {
        organizationId: payload.organization_id,
        namespaceId: payload.namespace_id,
        collectionId: payload.collection_id,
      }),
  }),
]
