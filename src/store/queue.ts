import type { Db } from './tables.ts'

/** Work for later, on the same PostgreSQL: the job is there if, and only if, the transaction that adds it commits. */
export interface Queue extends AsyncDisposable {
  add(db: Db, name: string, payload: object, options?: JobOptions): Promise<void>
  /** Runs `run` for each job of the name until the queue is closed. Throwing retries by the job's attempts. */
  work(name: string, options: WorkOptions, run: (job: ClaimedJob) => Promise<void>): Promise<void>
  /** Stops claiming, waits for running jobs up to the time, then aborts their signals. */
  drain(timeoutMs: number): Promise<void>
}

export interface JobOptions {
  /** Not before this many seconds from the commit. */
  delaySeconds?: number
  /** At most one waiting job with this key. */
  singletonKey?: string
}

export interface WorkOptions {
  concurrency: number
  /** Attempts in all; a job whose worker died is taken over without counting one. */
  attempts: number
}

export interface ClaimedJob {
  id: string
  payload: unknown
  attempt: number
  signal: AbortSignal
}
