import { documentsTotal, share, vectorOf } from './data.ts'
import { search, type Stage } from './stage.ts'

/** Searches under one filter after the other, round and round, until it is disposed of. */
export class Workload implements AsyncDisposable {
  answered = 0
  failed = 0
  readonly #stage: Stage
  readonly #filters: readonly ((at: number) => object)[]
  readonly #running: Promise<void>
  #isOver = false

  constructor(stage: Stage, filters: readonly ((at: number) => object)[]) {
    this.#stage = stage
    this.#filters = filters
    this.#running = this.#run()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true
    await this.#running
  }

  async #run(): Promise<void> {
    for (let i = 0; !this.#isOver; i++) {
      const filter = this.#filters[i % this.#filters.length]?.(share(i, 'workload')) ?? null
      await search(this.#stage, vectorOf(documentsTotal + i), filter).then(
        () => this.answered++,
        () => this.failed++,
      )
    }
  }
}
