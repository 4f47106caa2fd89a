import type { Fields } from './cases.ts'
import { dimensions, documentsTotal, fieldsOf, vectorOf } from './data.ts'

/** Every document in memory: what an exact search answers is known without the server. */
export class Truth {
  readonly #vectors = new Float32Array(documentsTotal * dimensions)
  readonly #fields: Fields[] = []

  constructor() {
    for (let n = 0; n < documentsTotal; n++) {
      this.#vectors.set(vectorOf(n), n * dimensions)
      this.#fields.push(fieldsOf(n))
    }
  }

  /** `n` of the ten nearest that match, nearest first. */
  tenNearest(query: Float32Array, matches: (fields: Fields) => boolean): number[] {
    const best: { n: number; score: number }[] = []
    for (const [n, fields] of this.#fields.entries()) {
      if (!matches(fields)) continue
      const score = this.#similarity(n, query)
      if (best.length === 10 && score <= (best[9]?.score ?? 0)) continue
      best.push({ n, score })
      best.sort((a, b) => b.score - a.score)
      best.length = Math.min(10, best.length)
    }
    return best.map((hit) => hit.n)
  }

  #similarity(n: number, query: Float32Array): number {
    let sum = 0
    const offset = n * dimensions
    for (let d = 0; d < dimensions; d++) sum += (this.#vectors[offset + d] ?? 0) * (query[d] ?? 0)
    return sum
  }
}
