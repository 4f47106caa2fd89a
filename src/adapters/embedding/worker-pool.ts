import { Worker } from 'node:worker_threads'
import { fail } from '../../domain/failure.ts'
import type { TextRefusal } from '../../ports/embedder.ts'
import type { Logger } from '../../ports/logger.ts'
import type { Priority } from './backend.ts'
import type { EmbedReply } from './model-worker.ts'

type Result = Float32Array | TextRefusal

interface Job {
  id: number
  texts: readonly string[]
  /** When a thread took it. */
  begunAt: number
  /** A job whose thread died is given to another one, once. */
  attempts: number
  resolve(results: Result[]): void
  reject(error: unknown): void
}

interface Thread {
  worker: Worker
  job: Job | null
  /** Its first job waits until the model is loaded, and tells nothing of its speed. */
  isWarm: boolean
}

/** How much of what was known of the model's speed one job changes. */
const learningRate = 0.1
/** Deaths of a thread that a job survives; a text that kills the model must not kill it for ever. */
const attemptsMax = 2

/**
 * Threads that each hold the model and one job. They start when there is work for them and start again when they
 * die. Queries leave the queue before batch work; what a query can wait for is the jobs under way, so these are small.
 */
export class WorkerPool implements AsyncDisposable {
  readonly #file: URL
  readonly #log: Logger
  readonly #threadsMax: number
  readonly #queueMax: number
  readonly #waiting: Record<Priority, Job[]> = { query: [], batch: [] }
  readonly #threads = new Set<Thread>()
  #lastId = 0
  #textMs = 0
  #isClosed = false

  constructor(file: URL, options: { log: Logger; threadsMax: number; queueMax: number }) {
    this.#file = file
    this.#log = options.log
    this.#threadsMax = options.threadsMax
    this.#queueMax = options.queueMax
  }

  /** Milliseconds that a text lately took its thread; 0: nobody knows yet. */
  get textMs(): number {
    return this.#textMs
  }

  /** Throws `inference_unavailable` where the queue is full, the model fails, or the pool is closed. */
  async run(texts: readonly string[], priority: Priority, signal?: AbortSignal): Promise<Result[]> {
    signal?.throwIfAborted()
    const queue = this.#waiting[priority]
    if (this.#isClosed) throw unavailable('it is closed')
    if (queue.length >= this.#queueMax)
      throw unavailable(`${this.#queueMax} calls wait for it already`)

    const { promise, resolve, reject } = Promise.withResolvers<Result[]>()
    const job: Job = { id: ++this.#lastId, texts, begunAt: 0, attempts: 0, resolve, reject }
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
    await Promise.all(threads.map(({ worker }) => worker.terminate()))
  }

  #dispatch(): void {
    while (!this.#isClosed && this.#waiting.query.length + this.#waiting.batch.length > 0) {
      const thread = this.#idleThread()
      if (!thread) return
      const job = this.#waiting.query.shift() ?? this.#waiting.batch.shift()
      if (!job) return
      thread.job = job
      job.attempts += 1
      job.begunAt = performance.now()
      thread.worker.postMessage({ id: job.id, texts: job.texts })
    }
  }

  #idleThread(): Thread | null {
    for (const thread of this.#threads) {
      if (thread.job === null) return thread
    }
    return this.#threads.size < this.#threadsMax ? this.#startThread() : null
  }

  #startThread(): Thread {
    const thread: Thread = { worker: new Worker(this.#file), job: null, isWarm: false }
    this.#threads.add(thread)
    thread.worker.on('message', (reply: EmbedReply) => this.#finish(thread, reply))
    thread.worker.on('error', (error) =>
      this.#bury(thread, error instanceof Error ? error.message : String(error)),
    )
    thread.worker.on('exit', (code) => this.#bury(thread, `its thread ended with code ${code}`))
    return thread
  }

  #finish(thread: Thread, reply: EmbedReply): void {
    const job = thread.job
    thread.job = null
    if (job && thread.isWarm) this.#learnSpeed((performance.now() - job.begunAt) / job.texts.length)
    thread.isWarm = true
    if (job && 'results' in reply) job.resolve(reply.results)
    else if (job && 'error' in reply) job.reject(unavailable(reply.error))
    this.#dispatch()
  }

  #learnSpeed(textMs: number): void {
    this.#textMs =
      this.#textMs === 0 ? textMs : this.#textMs + (textMs - this.#textMs) * learningRate
  }

  /** `error` and `exit` both come here; the first one counts. */
  #bury(thread: Thread, reason: string): void {
    if (!this.#threads.delete(thread) || this.#isClosed) return
    const job = thread.job
    this.#log.warn({ reason }, 'an embedding thread died')
    if (job && job.attempts < attemptsMax) this.#waiting.query.unshift(job)
    else job?.reject(unavailable(reason))
    this.#dispatch()
  }
}

function unavailable(reason: string): Error {
  return fail('inference_unavailable', { model: 'bundled', reason })
}
