/** The embeddings of recent queries, least recently used first to go. */
export class QueryCache {
  readonly #entries = new Map<string, Float32Array>()
  readonly #entriesMax: number

  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax
  }

  get(model: string, text: string): Float32Array | undefined {
    const key = `${model}\0${text}`
    const vector = this.#entries.get(key)
    if (vector === undefined) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, vector)
    return vector
  }

  set(model: string, text: string, vector: Float32Array): void {
    if (this.#entriesMax === 0) return
    this.#entries.set(`${model}\0${text}`, vector)
    if (this.#entries.size <= this.#entriesMax) return
    const oldest = this.#entries.keys().next()
    if (!oldest.done) this.#entries.delete(oldest.value)
  }
}
