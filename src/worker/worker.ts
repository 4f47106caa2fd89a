import { isFailure } from '../domain/failure.ts'
import type { FailureKind } from '../domain/failure.ts'
import type { Ports } from '../ports/ports.ts'
import { JobRefused } from '../store/queue.ts'
import type { ClaimedJob } from '../store/queue.ts'
import type { Job } from './job.ts'

/** What another attempt may mend; a conflict is a namespace that others hold. Any other failure would only be repeated. */
const retried: readonly FailureKind[] = ['unavailable', 'exhausted', 'conflict']

/**
 * Begins to work all jobs, `concurrency` of each name at once, and returns; `ports.queue.drain` ends it.
 * A failure that waiting mends, and a bug, are tried again up to the job's attempts; any other failure is final.
 */
export async function runWorker(
  ports: Ports,
  jobs: readonly Job[],
  { concurrency }: { concurrency: number },
): Promise<void> {
  for (const job of jobs) {
    const options = { concurrency, attempts: job.attempts }
    const limits = job.byNamespace && { byNamespace: true }
    await ports.queue.work(job.name, { ...options, ...limits }, (claimed) =>
      runJob(ports, job, claimed),
    )
  }
}

async function runJob(
  ports: Ports,
  job: Job,
  { id, payload, attempt, signal }: ClaimedJob,
): Promise<void> {
  const log = ports.log.child({ job: job.name, jobId: id, attempt })
  const parsed = job.payload.safeParse(payload)
  if (!parsed.success) {
    log.error(
      { issues: parsed.error.issues },
      'A job has a payload that this version does not understand.',
    )
    throw new JobRefused(`The payload is not understood: ${parsed.error.message}`)
  }
  const startedAt = performance.now()
  try {
    await job.run({ ...ports, log }, parsed.data, signal)
    ports.metrics.count('jobs', { job: job.name, outcome: 'done' })
    log.debug({ durationMs: Math.round(performance.now() - startedAt) }, 'A job is done.')
  } catch (error) {
    if (signal.aborted) throw error
    ports.metrics.count('jobs', { job: job.name, outcome: 'failed' })
    if (isFailure(error) && !retried.includes(error.kind)) {
      log.warn({ error }, 'A job failed for good.')
      throw new JobRefused(error.message, { cause: error })
    }
    const isLast = attempt >= job.attempts
    if (isLast || !isFailure(error))
      log.error({ error }, isLast ? 'A job is given up.' : 'A job met a bug.')
    else log.warn({ error }, 'A job failed and will be tried again.')
    throw error
  }
}
