/** 8 texts reach the best rate (240 texts/s a thread; 1 gives 117), and hold a query up by ~35 ms at most. */
const textsMax = 8
/**
 * While queries come a job of a batch is about so long, or one text: that is what a query waits for. It costs the batch up to
 * half its rate, for less than eight texts at once are slower each.
 */
const msBesideQueries = 16
/** So long after one query another is expected. */
const queriesExpectedMs = 1_000

/** How many texts a job has: many for the rate, few where a query would wait for them. */
export class JobSize {
  readonly #now: () => number
  #queriedAt = Number.NEGATIVE_INFINITY

  /** @param now Milliseconds of a clock that never goes back. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** A query has come. */
  noteQuery(): void {
    this.#queriedAt = this.#now()
  }

  /** Of the next job, where a text takes `textMs`; 0: nobody knows yet. */
  texts(textMs: number): number {
    const expectsQueries = this.#now() - this.#queriedAt < queriesExpectedMs
    if (!expectsQueries || textMs === 0) return textsMax
    return Math.min(textsMax, Math.max(1, Math.floor(msBesideQueries / textMs)))
  }
}
