import { Worker } from 'node:worker_threads'
import type { TextRefusal } from '../../ports/embedder.ts'
import type { EmbedReply, ThreadData } from './model-worker.ts'

export interface Job {
  id: number
  texts: readonly string[]
  /** Threads that died of it. */
  attempts: number
  resolve(results: (Float32Array | TextRefusal)[]): void
  reject(error: unknown): void
}

export interface ThreadEvents {
  /** The model is loaded. */
  ready: () => void
  answered: (reply: EmbedReply) => void
  /** Once, whatever it died of. */
  died: (reason: string) => void
}

/** A thread that holds the model and one job. */
export class ModelThread {
  readonly isForQueries: boolean
  readonly #worker: Worker
  #isReady = false
  #job: Job | null = null

  constructor(file: URL, isForQueries: boolean, { ready, answered, died }: ThreadEvents) {
    this.isForQueries = isForQueries
    const workerData: ThreadData = { givesWay: !isForQueries }
    this.#worker = new Worker(file, { workerData })
    this.#worker.on('message', (message: 'ready' | EmbedReply) => {
      if (message !== 'ready') return answered(message)
      this.#isReady = true
      ready()
    })
    this.#worker.on('error', (error) =>
      died(error instanceof Error ? error.message : String(error)),
    )
    this.#worker.on('exit', (code) => died(`its thread ended with code ${code}`))
  }

  get isReady(): boolean {
    return this.#isReady
  }

  get isIdle(): boolean {
    return this.#isReady && this.#job === null
  }

  get job(): Job | null {
    return this.#job
  }

  begin(job: Job): void {
    this.#job = job
    this.#worker.postMessage({ id: job.id, texts: job.texts })
  }

  /** The job that it had. */
  finish(): Job | null {
    const job = this.#job
    this.#job = null
    return job
  }

  async end(): Promise<void> {
    await this.#worker.terminate()
  }
}
