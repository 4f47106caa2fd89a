import { setTimeout as sleep } from 'node:timers/promises'
import { documentsTotal, share, vectorOf } from './data.ts'
import { search, type Stage } from './stage.ts'

/** Searches under one filter after the other, round and round with a pause between them, until it is disposed of. */
export class Workload implements AsyncDisposable {
  failed = 0
  /** When each was answered, in milliseconds since 1970. */
  readonly #answers: number[] = []
  readonly #stage: Stage
  readonly #pauseMs: number
  readonly #filters: readonly ((at: number) => object)[]
  readonly #running: Promise<void>
  #isOver = false

  constructor(stage: Stage, pauseMs: number, filters: readonly ((at: number) => object)[]) {
    this.#stage = stage
    this.#pauseMs = pauseMs
    this.#filters = filters
    this.#running = this.#run()
  }

  get answered(): number {
    return this.#answers.length
  }

  /** When the nth was answered, from 1; now where that is still to come. */
  answeredAt(n: number): number {
    return this.#answers[n - 1] ?? Date.now()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true
    await this.#running
  }

  async #run(): Promise<void> {
    for (let i = 0; !this.#isOver; i++) {
      const filter = this.#filters[i % this.#filters.length]?.(share(i, 'workload')) ?? null
      await search(this.#stage, vectorOf(documentsTotal + i), filter).then(
        () => this.#answers.push(Date.now()),
        () => this.failed++,
      )
      await sleep(this.#pauseMs)
    }
  }
}
