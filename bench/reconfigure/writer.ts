import type { HttpClient } from '../support/http-client.ts'
import { ownVector } from '../support/points.ts'
import { randomOf } from '../support/statistics.ts'
import { documentIdOf, documentOf, isStable } from './data.ts'
import type { Model } from './model.ts'

/** Documents that one import overwrites; the API overwrites by import only, and each ends with a flush. */
const linesPerImport = 25
/** 75 documents one by one, and an import of 25: 100 writes. */
export const callsPerSecond = 76

/** Creates, overwrites, deletes and patches, in turn of a seeded die; the model hears of what was answered. */
export class Writer {
  /** Written to and without a clear answer: nothing can be said of these. */
  readonly unsure = new Set<number>()
  /** Vectors that documents are written with from now on. */
  vectors: readonly string[] = [ownVector]
  readonly #busy = new Set<number>()
  readonly #random = randomOf(4_711)
  readonly #within: HttpClient
  readonly #documents: string
  readonly #model: Model

  constructor(within: HttpClient, collectionId: string, model: Model) {
    this.#within = within
    this.#documents = `/v1/collections/${collectionId}/documents`
    this.#model = model
  }

  async write(i: number): Promise<void> {
    if (i % callsPerSecond === 0) return await this.#overwrite(i + 1)
    const kind = Math.floor(this.#random() * 3)
    if (kind === 0) await this.#create()
    else if (kind === 1) await this.#delete()
    else await this.#patch(i)
  }

  async #create(): Promise<void> {
    const n = this.#model.fresh()
    const { vectors } = this
    await this.#alone([n], async () => {
      await this.#within.call('POST', this.#documents, documentOf(n, 0, vectors))
      this.#model.set(n, { revision: 0, patch: {}, vectors })
    })
  }

  /** Some that are there and some that were deleted: they come back. No revision twice. */
  async #overwrite(revision: number): Promise<void> {
    const { vectors } = this
    const numbers = new Set<number>()
    while (numbers.size < linesPerImport) numbers.add(this.#pick(() => true))
    const lines = [...numbers].map((n) => `${JSON.stringify(documentOf(n, revision, vectors))}\n`)
    await this.#alone([...numbers], async () => {
      const path = `${this.#documents}/import`
      const answer = await this.#within.send('POST', path, lines.join(''), 'application/x-ndjson')
      const { written } = JSON.parse(answer) as { written: number }
      if (written !== numbers.size) throw new Error(`POST ${path}: ${answer.slice(0, 300)}`)
      for (const n of numbers) this.#model.set(n, { revision, patch: {}, vectors })
    })
  }

  async #delete(): Promise<void> {
    const n = this.#pick((one) => this.#model.get(one) !== null)
    await this.#alone([n], async () => {
      await this.#within.call('DELETE', `${this.#documents}/${documentIdOf(n)}`)
      this.#model.set(n, null)
    })
  }

  async #patch(i: number): Promise<void> {
    const n = this.#pick((one) => this.#model.get(one) !== null)
    const known = this.#model.get(n)
    if (known === null) return
    const change = { note: `n${i}`, group: `p${i % 7}` }
    await this.#alone([n], async () => {
      await this.#within.call('PATCH', `${this.#documents}/${documentIdOf(n)}`, change)
      this.#model.set(n, { ...known, patch: { ...known.patch, ...change } })
    })
  }

  #pick(isFit: (n: number) => boolean): number {
    for (;;) {
      const n = Math.floor(this.#random() * this.#model.end)
      if (!isStable(n) && !this.#busy.has(n) && !this.unsure.has(n) && isFit(n)) return n
    }
  }

  /** No two writes of one document at a time: their order would be anyone's guess. */
  async #alone(numbers: readonly number[], work: () => Promise<void>): Promise<void> {
    for (const n of numbers) this.#busy.add(n)
    try {
      await work()
    } catch (error) {
      for (const n of numbers) this.unsure.add(n)
      throw error
    } finally {
      for (const n of numbers) this.#busy.delete(n)
    }
  }
}
