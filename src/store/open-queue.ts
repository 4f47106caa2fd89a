import { randomUUID } from 'node:crypto'
import { fromKysely } from 'pg-boss'
import type { JobResult, JobWithMetadata, PgBoss, SendOptions, UpdateOptions } from 'pg-boss'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '../ports/logger.ts'
import { openBoss, queueOptions, workOptions, type OpenBoss } from './boss.ts'
import { databaseFailure } from './database-failure.ts'
import { QueueAlarm } from './queue-alarm.ts'
import { givePlaceBack, groupConcurrency, takePlace, turnOf, type JobTurn } from './job-places.ts'
import {
  JobRefused,
  type ClaimedJob,
  type JobOptions,
  type Queue,
  type WorkOptions,
} from './queue.ts'
import type { Db } from './tables.ts'

export interface QueueOptions {
  url: string
  log: Logger
  /** How long a job waits that has failed `failures` times. */
  retryDelaySeconds?: (failures: number) => number
}

/** After their signal, jobs get this long to let go. */
const abortGraceMs = 1_000
const addTriesMax = 20
/** A job that two workers found room for at once, where there was room for one, waits so long. */
const placeWaitSeconds = 0.25

export async function openQueue(options: QueueOptions): Promise<Queue> {
  return new PgBossQueue(await openBoss(options), options)
}

/** What stands in a job of pg-boss: the caller's payload, and how often it has failed. */
interface Envelope {
  payload: object
  failures: number
}
interface Running {
  abort: AbortController
  done: Promise<unknown>
}

class PgBossQueue implements Queue {
  readonly #boss: PgBoss
  readonly #stop: () => Promise<void>
  readonly #retryDelaySeconds: (failures: number) => number
  readonly #queues = new Map<string, Promise<void>>()
  readonly #running = new Set<Running>()
  readonly #alarm: QueueAlarm
  #drained: Promise<void> | null = null

  constructor({ boss, stop }: OpenBoss, { retryDelaySeconds, log }: QueueOptions) {
    this.#boss = boss
    this.#stop = stop
    this.#alarm = new QueueAlarm(boss, log)
    this.#retryDelaySeconds = retryDelaySeconds ?? backoffSeconds
  }

  async add(
    db: Db,
    name: string,
    payload: object,
    { delaySeconds = 0, singletonKey, namespaceId }: JobOptions = {},
  ): Promise<void> {
    await this.#ensure(name)
    const envelope = { payload, failures: 0 }
    const boss = fromKysely(db)
    const turn = namespaceId === undefined ? {} : await turnOf(boss, name, namespaceId)
    const options = { db: boss, startAfter: delaySeconds, ...turn }
    if (singletonKey !== undefined)
      await this.#addOnce(name, envelope, { ...options, singletonKey })
    // The policy keeps one waiting job a key: jobs without one get their own.
    else await this.#boss.send(name, envelope, { ...options, singletonKey: randomUUID() })
    this.#alarm.wakeAfter(name, delaySeconds)
  }

  async withdraw(db: Db, name: string, singletonKey: string): Promise<void> {
    await fromKysely(db).executeSql(
      "DELETE FROM pgboss.job WHERE name = $1 AND singleton_key = $2 AND state < 'active'",
      [name, singletonKey],
    )
  }

  async work(
    name: string,
    options: WorkOptions,
    run: (job: ClaimedJob) => Promise<void>,
  ): Promise<void> {
    await this.#ensure(name)
    // One pg-boss worker each: only then each has an id by which it can be woken.
    for (let i = 0; i < options.concurrency; i++) await this.#startWorker(name, options, run)
    this.#alarm.begin()
  }

  async requeueActive(): Promise<number> {
    const { rows } = await this.#boss
      .getDb()
      .executeSql(
        "SELECT name, array_agg(id::text) AS ids FROM pgboss.job WHERE state = 'active' GROUP BY name",
      )
    const claimed: { name: string; ids: string[] }[] = rows
    // To pg-boss this is a failed try, of which there are any number; to us none.
    for (const { name, ids } of claimed)
      await this.#boss.fail(name, ids, { reason: 'its worker died' })
    for (const { name } of claimed) this.#alarm.wake(name)
    return claimed.reduce((sum, { ids }) => sum + ids.length, 0)
  }

  async drain(timeoutMs: number): Promise<void> {
    this.#drained ??= this.#drain(timeoutMs)
    await this.#drained
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.drain(0)
  }

  async #drain(timeoutMs: number): Promise<void> {
    this.#alarm.end()
    for (const { name } of this.#alarm.workers) await this.#boss.offWork(name, { wait: false })
    await this.#settled(timeoutMs)
    for (const { abort } of this.#running) abort.abort(new Error('The process is stopping.'))
    await this.#settled(abortGraceMs)
    // What still runs is given back: the next worker takes it at once.
    await this.#stop()
  }

  async #settled(limitMs: number): Promise<void> {
    if (this.#running.size === 0) return
    const timer = new AbortController()
    const all = Promise.allSettled([...this.#running].map(({ done }) => done))
    await Promise.race([all, sleep(limitMs, null, { signal: timer.signal }).catch(() => {})])
    timer.abort()
  }

  async #startWorker(
    name: string,
    options: WorkOptions,
    run: (job: ClaimedJob) => Promise<void>,
  ): Promise<void> {
    const worker = { name, id: '' }
    const limits = options.byNamespace ? { groupConcurrency } : {}
    worker.id = await this.#boss.work(
      name,
      { ...workOptions, ...limits },
      async (jobs: JobWithMetadata<Envelope>[]) => {
        const results = await Promise.all(jobs.map((job) => this.#inPlace(job, options, run)))
        // It looks again at once, instead of when it is woken.
        this.#alarm.wakeWorker(worker.id)
        return results
      },
    )
    this.#alarm.workers.push(worker)
  }

  /** Within what the job's namespace may run at once, over all workers; beyond, it goes back. */
  async #inPlace(
    job: JobWithMetadata<Envelope>,
    options: WorkOptions,
    run: (job: ClaimedJob) => Promise<void>,
  ): Promise<JobResult> {
    const { id, name, groupId: namespaceId } = job
    if (!namespaceId) return await this.#track(job, options, run)
    const db = this.#boss.getDb()
    const place = await takePlace(db, { queue: name, jobId: id, namespaceId })
    if (place === null) return await this.#putBack(job)
    try {
      return await this.#track(job, options, run)
    } finally {
      await givePlaceBack(db, place)
    }
  }

  /** Added again before this one ends, as it was; where another with its key waits already, that one does the work. */
  async #putBack(job: JobWithMetadata<Envelope>): Promise<JobResult> {
    const { id, name, data, singletonKey } = job
    await this.#send(name, data, placeWaitSeconds, {
      singletonKey: singletonKey ?? id,
      ...turnIn(job),
    })
    return { id, status: 'completed', output: 'Its namespace runs as many jobs as it may.' }
  }

  async #track(
    job: JobWithMetadata<Envelope>,
    options: WorkOptions,
    run: (job: ClaimedJob) => Promise<void>,
  ): Promise<JobResult> {
    const abort = new AbortController()
    const signal = AbortSignal.any([abort.signal, job.signal])
    const running = { abort, done: this.#attempt(job, options, run, signal) }
    this.#running.add(running)
    try {
      return await running.done
    } finally {
      this.#running.delete(running)
    }
  }

  async #attempt(
    job: JobWithMetadata<Envelope>,
    { attempts }: WorkOptions,
    run: (job: ClaimedJob) => Promise<void>,
    signal: AbortSignal,
  ): Promise<JobResult> {
    const { id, name, data, singletonKey } = job
    const attempt = data.failures + 1
    try {
      await run({ id, payload: data.payload, attempt, signal })
      return { id, status: 'completed' }
    } catch (error) {
      // Aborted because we stop: no fault of the job's.
      if (signal.aborted) return { id, status: 'failed', output: 'The process is stopping.' }
      if (error instanceof JobRefused || attempt >= attempts) {
        return { id, status: 'deadletter', output: reasonOf(error) }
      }
      const again = { singletonKey: singletonKey ?? id, ...turnIn(job) }
      await this.#retry(name, { ...data, failures: attempt }, again)
      return { id, status: 'completed', output: reasonOf(error) }
    }
  }

  /**
   * A job that remembers the failure is added before the failed one ends: killed in between we leave two, never
   * none. Where another with its key waits already, that one does the work.
   */
  async #retry(name: string, envelope: Envelope, options: SendOptions): Promise<void> {
    await this.#send(name, envelope, this.#retryDelaySeconds(envelope.failures), options)
  }

  async #send(
    name: string,
    envelope: Envelope,
    startAfter: number,
    options: SendOptions,
  ): Promise<void> {
    await this.#boss.send(name, envelope, { ...options, startAfter })
    this.#alarm.wakeAfter(name, startAfter)
  }

  /**
   * A waiting job is changed, which locks it until the caller's transaction ends: no worker claims it before what
   * the transaction writes is there to be seen.
   */
  async #addOnce(
    name: string,
    envelope: Envelope,
    options: SendOptions & { singletonKey: string },
  ): Promise<void> {
    const { db, singletonKey, startAfter, group } = options
    const change: UpdateOptions = {
      singletonKey,
      ...(db && { db }),
      ...(group && { group }),
      ...(startAfter === 0 && { startAfter }),
    }
    for (let tries = 0; tries < addTriesMax; tries++) {
      const { updated } = await this.#boss.update(name, envelope, change)
      if (updated > 0 || (await this.#boss.send(name, envelope, options)) !== null) return
    }
    throw new Error(`The job ${name} ${singletonKey} could be neither added nor changed.`)
  }

  async #ensure(name: string): Promise<void> {
    const known = this.#queues.get(name)
    if (known) return await known
    const made = this.#boss.createQueue(name, queueOptions).catch((error: unknown) => {
      this.#queues.delete(name)
      throw databaseFailure(error)
    })
    this.#queues.set(name, made)
    await made
  }
}

/** The turn that a job has. */
function turnIn({ groupId, groupTier, priority }: JobWithMetadata<Envelope>): Partial<JobTurn> {
  if (!groupId) return {}
  return { group: { id: groupId, ...(groupTier && { tier: groupTier }) }, priority }
}

/** 1, 2, 4 … 60 s, and up to a fifth more, so that many failures do not come back together. */
function backoffSeconds(failures: number): number {
  return Math.min(60, 2 ** (failures - 1)) * (1 + Math.random() / 5)
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
