import type { HttpClient } from '../support/http-client.ts'
import { randomOf } from '../support/statistics.ts'
import { documentIdOf, documentsTotal, vectorOf } from './data.ts'
import { checksumOf, checksumOfAnswer } from './model.ts'
import { EmptyAnswer } from '../support/steady.ts'

/** Hits that every search has to answer. */
export const hitsWanted = 10

/** Three searches by vector, then one document whose fields are known, and so on. */
export class Reader {
  readonly #random = randomOf(99)
  readonly #within: HttpClient
  readonly #documents: string
  readonly #execute: string

  constructor(within: HttpClient, place: { collectionId: string; retrieverId: string }) {
    this.#within = within
    this.#documents = `/v1/collections/${place.collectionId}/documents`
    this.#execute = `/v1/retrievers/${place.retrieverId}/execute`
  }

  async read(i: number): Promise<void> {
    await (i % 4 === 3 ? this.#document() : this.#search())
  }

  async #search(): Promise<void> {
    const v = vectorOf(Math.floor(this.#random() * documentsTotal), 0)
    const { documents } = await this.#within.call('POST', this.#execute, { inputs: { v } })
    const found = Array.isArray(documents) ? documents.length : 0
    if (found === 0) throw new EmptyAnswer('A search answered no document')
    if (found < hitsWanted) throw new Error(`A search answered ${found} of ${hitsWanted} documents`)
  }

  async #document(): Promise<void> {
    const n = Math.floor((this.#random() * documentsTotal) / 10) * 10
    const answer = await this.#within.call('GET', `${this.#documents}/${documentIdOf(n)}`)
    const wanted = checksumOf(n, { revision: 0, patch: {}, vectors: [] })
    if (checksumOfAnswer(answer) !== wanted)
      throw new Error(`Document ${n} reads ${JSON.stringify(answer).slice(0, 200)}`)
  }
}
