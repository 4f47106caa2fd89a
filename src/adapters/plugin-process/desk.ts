import { PluginEnded } from './plugin-ended.ts'
import { PoolFull } from './process-pool.ts'

/** Lets so many pieces of work run at once; the others wait, in order. Closing it ends those under way. */
export class Desk {
  readonly #placesMax: number
  readonly #queueMax: number
  readonly #closing = new AbortController()
  readonly #waiting: (() => void)[] = []
  readonly #working = new Set<Promise<unknown>>()
  #taken = 0

  constructor(placesMax: number, queueMax: number) {
    this.#placesMax = placesMax
    this.#queueMax = queueMax
  }

  /** Throws what the work throws, and `PoolFull`. */
  async use<T>(work: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#place()
    try {
      const closing = this.#closing.signal
      const ended = signal ? AbortSignal.any([signal, closing]) : closing
      ended.throwIfAborted()
      const working = work(ended)
      this.#working.add(working)
      return await working.finally(() => this.#working.delete(working))
    } finally {
      // A place is handed on, not given up: nobody comes in between.
      const next = this.#waiting.shift()
      if (next) next()
      else this.#taken -= 1
    }
  }

  async close(): Promise<void> {
    this.#closing.abort(new PluginEnded('closed', 'the server is closing'))
    await Promise.allSettled(this.#working)
  }

  async #place(): Promise<void> {
    if (this.#taken < this.#placesMax) {
      this.#taken += 1
      return
    }
    if (this.#waiting.length >= this.#queueMax)
      throw new PoolFull(`${this.#queueMax} plugins wait to be looked at already`)
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.push(resolve)
    await promise
  }
}
