interface Flushes {
  running: Promise<void>
  /** Begins when `running` has ended; whoever asks until then has a part in it. */
  next: Promise<void> | null
}

/**
 * Flushes of many who ask at once as few (design 7, the engine): one that runs may have passed over what was written
 * after its beginning, so all who ask meanwhile share the one behind it. Each of them hears of its failure.
 */
export class SharedFlushes {
  readonly #flush: (name: string) => Promise<void>
  readonly #flushes = new Map<string, Flushes>()

  constructor(flush: (name: string) => Promise<void>) {
    this.#flush = flush
  }

  /** Returns when all that was written before the call is safe. */
  flush(name: string): Promise<void> {
    const known = this.#flushes.get(name)
    if (!known) return this.#run(name)
    known.next ??= known.running.then(
      () => this.#run(name),
      () => this.#run(name),
    )
    return known.next
  }

  #run(name: string): Promise<void> {
    const flushes: Flushes = { running: this.#flush(name), next: null }
    this.#flushes.set(name, flushes)
    const forget = () => {
      if (flushes.next === null) this.#flushes.delete(name)
    }
    flushes.running.then(forget, forget)
    return flushes.running
  }
}
