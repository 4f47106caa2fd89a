import { z } from 'zod'
import { bucketDeleteJobName, emptyBucket } from '../../domain/buckets/delete-bucket.ts'
import { blobSweepJobName, sweepBlobs } from '../../domain/objects/remove-unused-blobs.ts'
import { job } from '../job.ts'

export const bucketJobs = [
  job({
    name: bucketDeleteJobName,
    payload: z.object({ organization_id: z.string(), bucket_id: z.string(), task_id: z.string() }),
    attempts: 1_000,
    run: (
      ports,
      { organization_id: organizationId, bucket_id: bucketId, task_id: taskId },
      signal,
    ) => emptyBucket(ports, { organizationId, bucketId, taskId }, signal),
  }),
  job({
    name: blobSweepJobName,
    payload: z.object({}),
    attempts: 1_000,
    run: (ports, _payload, signal) => sweepBlobs(ports, signal),
  }),
]
