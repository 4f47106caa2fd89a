import type { Job } from './job.ts'
import { batchJobs } from './jobs/batches.ts'
import { bucketJobs } from './jobs/buckets.ts'
import { indexJobs } from './jobs/indexes.ts'
import { namespaceJobs } from './jobs/namespaces.ts'
import { objectJobs } from './jobs/objects.ts'
import { reconfigurationJobs } from './jobs/reconfigurations.ts'
import { pluginJobs } from './jobs/plugins.ts'
import { usageJobs } from './jobs/usage.ts'

/** Every job; the worker registers each by its name. */
export const jobs: readonly Job[] = [
  ...namespaceJobs,
  ...reconfigurationJobs,
  ...bucketJobs,
  ...objectJobs,
  ...batchJobs,
  ...pluginJobs,
  ...usageJobs,
  ...indexJobs,
]
