import { z } from 'zod'
import { sweepUsage, usageSweepJobName } from '../../domain/query-usage/sweep-usage.ts'
import { job } from '../job.ts'

export const usageJobs = [
  job({
    name: usageSweepJobName,
    payload: z.object({}),
    attempts: 1_000,
    run: (ports) => sweepUsage(ports),
  }),
]
