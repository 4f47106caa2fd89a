import type { Db } from './tables.ts'

/** Work for later, on the same PostgreSQL: the job is there if, and only if, the transaction that adds it commits. */
export interface Queue extends AsyncDisposable {
  add(db: Db, name: string, payload: object, options?: JobOptions): Promise<void>
  /** Takes back the job with that key that still waits, if there is one, where the transaction commits. */
  withdraw(db: Db, name: string, singletonKey: string): Promise<void>
  /**
   * Runs `run` for each job of the name until the queue is closed. Throwing retries by the job's attempts;
   * throwing `JobRefused` ends the job at once.
   */
  work(name: string, options: WorkOptions, run: (job: ClaimedJob) => Promise<void>): Promise<void>
  /**
   * Hands out again what workers had claimed, and returns how many that were. Only for the one process that owns the
   * database, at its start: then they are dead. Elsewhere a missing heartbeat tells that within seconds.
   */
  requeueActive(): Promise<number>
  /** Stops claiming, waits for running jobs up to the time, then aborts their signals. */
  drain(timeoutMs: number): Promise<void>
}

export interface JobOptions {
  /** Not before this many seconds from the commit. */
  delaySeconds?: number
  /** At most one waiting job with this key: adding again replaces its payload and, without a delay, brings it forward. */
  singletonKey?: string
  /**
   * The job counts against `max_concurrent_jobs` of this namespace, over all workers, and takes turns with those of
   * other namespaces; for names that are worked `byNamespace`.
   */
  namespaceId?: string
}

export interface WorkOptions {
  concurrency: number
  /** Attempts in all; a job whose worker died is taken over without counting one. */
  attempts: number
  /** Whether jobs of the name are added with their namespace. */
  byNamespace?: boolean
}

export interface ClaimedJob {
  id: string
  payload: unknown
  /** 1 for the first. */
  attempt: number
  signal: AbortSignal
}

/** Thrown by `run`: another attempt would end the same way. The job is kept as failed, with the reason. */
export class JobRefused extends Error {
  override readonly name = 'JobRefused'
}
