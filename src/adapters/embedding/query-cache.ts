/** The embeddings of recent queries, each for who asked it; least recently used first to go. */
export class QueryCache {
  readonly #entries = new Map<string, Float32Array>()
  readonly #entriesMax: number

  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax
  }

  get({ owner, model }: Asked, text: string): Float32Array | undefined {
    const key = `${owner}\0${model}\0${text}`
    const vector = this.#entries.get(key)
    if (vector === undefined) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, vector)
    return vector
  }

  set({ owner, model }: Asked, text: string, vector: Float32Array): void {
    if (this.#entriesMax === 0) return
    this.#entries.set(`${owner}\0${model}\0${text}`, vector)
    if (this.#entries.size <= this.#entriesMax) return
    const oldest = this.#entries.keys().next()
    if (!oldest.done) this.#entries.delete(oldest.value)
  }
}

interface Asked {
  /** An organization; empty for the server itself. */
  owner: string
  model: string
}
