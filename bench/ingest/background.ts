/** Work that goes on and on until it is disposed of; what it counts is what it has done. */
export class Background implements AsyncDisposable {
  readonly #startedAt = performance.now()
  readonly #running: Promise<void>
  #done = 0
  #isOver = false

  /** `once` answers how many documents it wrote; it is called with those written before. */
  constructor(once: (before: number) => Promise<number>) {
    this.#running = this.#run(once)
    // Whoever stops it hears of a failure.
    this.#running.catch(() => {})
  }

  get perSecond(): number {
    return (this.#done * 1000) / (performance.now() - this.#startedAt)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true
    await this.#running
  }

  async #run(once: (before: number) => Promise<number>): Promise<void> {
    while (!this.#isOver) this.#done += await once(this.#done)
  }
}
