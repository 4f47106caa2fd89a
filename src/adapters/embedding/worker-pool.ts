import { fail } from '../../domain/failure.ts'
import type { TextRefusal } from '../../ports/embedder.ts'
import type { Logger } from '../../ports/logger.ts'
import type { Priority } from './backend.ts'
import type { EmbedReply } from './model-worker.ts'
import { ModelThread, type Job } from './model-thread.ts'

type Result = Float32Array | TextRefusal

/** Deaths of a thread that a job survives; a text that kills the model must not kill it for ever. */
const attemptsMax = 2

export interface WorkerPoolOptions {
  log: Logger
  /** Threads for all work; the kernel lets whatever else the process does go first. */
  threadsMax: number
  /** Threads beside them that only queries have, started when one waits. */
  queryThreadsMax: number
  /** Calls of one priority that wait. */
  queueMax: number
}

/**
 * Threads that each hold the model and one job. They start when there is work for them and start again when they
 * die. Queries leave the queue before batch work, and have threads of their own, which go before the others on the same
 * cores: a query waits for no job that is under way.
 */
export class WorkerPool implements AsyncDisposable {
  readonly #file: URL
  readonly #options: WorkerPoolOptions
  readonly #waiting: Record<Priority, Job[]> = { query: [], batch: [] }
  readonly #threads = new Set<ModelThread>()
  /** Threads that only queries have; none once one of them could not be started. */
  #queryThreadsMax: number
  #lastId = 0
  #isClosed = false

  constructor(file: URL, options: WorkerPoolOptions) {
    this.#file = file
    this.#options = options
    this.#queryThreadsMax = options.queryThreadsMax
  }

  /** Throws `inference_unavailable` where the queue is full, the model fails, or the pool is closed. */
  async run(texts: readonly string[], priority: Priority, signal?: AbortSignal): Promise<Result[]> {
    signal?.throwIfAborted()
    const queue = this.#waiting[priority]
    const { queueMax } = this.#options
    if (this.#isClosed) throw unavailable('it is closed')
    if (queue.length >= queueMax + this.#starting()) {
      throw unavailable(`${queueMax} calls wait for it already`)
    }

    const { promise, resolve, reject } = Promise.withResolvers<Result[]>()
    const job: Job = { id: ++this.#lastId, texts, attempts: 0, resolve, reject }
    // Only the wait ends: a job that a thread has begun runs on, and its answer is dropped.
    const abort = () => {
      const at = queue.indexOf(job)
      if (at >= 0) queue.splice(at, 1)
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', abort, { once: true })
    queue.push(job)
    this.#dispatch()
    return await promise.finally(() => signal?.removeEventListener('abort', abort))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    const closed = unavailable('it is closing')
    for (const queue of Object.values(this.#waiting)) {
      for (const job of queue.splice(0)) job.reject(closed)
    }
    const threads = [...this.#threads]
    for (const { job } of threads) job?.reject(closed)
    await Promise.all(threads.map((thread) => thread.end()))
  }

  #dispatch(): void {
    if (this.#isClosed) return
    const idle = [...this.#threads].filter(({ isIdle }) => isIdle)
    for (const thread of idle.toSorted((a, b) => Number(b.isForQueries) - Number(a.isForQueries))) {
      const job = this.#next(thread.isForQueries)
      if (job) thread.begin(job)
    }
    this.#grow()
  }

  #next(isForQueries: boolean): Job | undefined {
    return this.#waiting.query.shift() ?? (isForQueries ? undefined : this.#waiting.batch.shift())
  }

  /** Threads for what still waits and for which none is starting yet. */
  #grow(): void {
    const { query, batch } = this.#waiting
    const { threadsMax } = this.#options
    while (query.length + batch.length > this.#starting()) {
      const own = [...this.#threads].filter(({ isForQueries }) => isForQueries).length
      if (query.length > 0 && own < this.#queryThreadsMax) this.#start(true)
      else if (this.#threads.size - own < threadsMax) this.#start(false)
      else return
    }
  }

  #starting(): number {
    return [...this.#threads].filter(({ isReady }) => !isReady).length
  }

  #start(isForQueries: boolean): void {
    const thread = new ModelThread(this.#file, isForQueries, {
      ready: () => this.#dispatch(),
      answered: (reply) => this.#finish(thread, reply),
      died: (reason) => this.#bury(thread, reason),
    })
    this.#threads.add(thread)
  }

  #finish(thread: ModelThread, reply: EmbedReply): void {
    const job = thread.finish()
    if (job && 'results' in reply) job.resolve(reply.results)
    else if (job && 'error' in reply) job.reject(unavailable(reply.error))
    this.#dispatch()
  }

  #bury(thread: ModelThread, reason: string): void {
    if (!this.#threads.delete(thread) || this.#isClosed) return
    this.#options.log.warn({ reason }, 'an embedding thread died')
    const job = thread.isReady ? thread.finish() : this.#unserved(thread)
    if (job) job.attempts += 1
    if (job && job.attempts < attemptsMax) this.#waiting.query.unshift(job)
    else job?.reject(unavailable(reason))
    this.#dispatch()
  }

  /** What waits longest for a model that no thread has: a thread that cannot load it must not be awaited for ever. */
  #unserved({ isForQueries }: ModelThread): Job | undefined {
    if (isForQueries) this.#queryThreadsMax = 0
    const isServed = [...this.#threads].some(({ isReady, isForQueries: own }) => isReady && !own)
    return isServed ? undefined : this.#next(isForQueries)
  }
}

function unavailable(reason: string): Error {
  return fail('inference_unavailable', { model: 'bundled', reason })
}
