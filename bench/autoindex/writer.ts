import { quantile } from '../support/statistics.ts'
import { vectorText } from '../support/vectors.ts'
import { documentsTotal, fieldsOf, vectorOf } from './data.ts'
import type { Stage } from './stage.ts'

interface Write {
  /** Milliseconds since 1970. */
  at: number
  ms: number
}

export interface WriteRate {
  perSecond: number
  p50Ms: number
  p99Ms: number
  longestMs: number
}

/** Documents one after the other, the next as soon as the last is acknowledged; they are gone again at its end. */
export class Writer implements AsyncDisposable {
  readonly #stage: Stage
  readonly #writes: Write[] = []
  readonly #ids: string[] = []
  readonly #running: Promise<void>
  #isOver = false

  constructor(stage: Stage) {
    this.#stage = stage
    this.#running = this.#run()
    // Whoever stops it hears of a failure.
    this.#running.catch(() => {})
  }

  /** Of the writes that were under way in [from, to), milliseconds since 1970. */
  rate(from: number, to: number): WriteRate {
    const inside = this.#writes.filter(({ at, ms }) => at + ms >= from && at < to)
    const times = inside.map(({ ms }) => ms)
    const done = inside.filter(({ at, ms }) => at + ms < to).length
    return {
      perSecond: (done * 1000) / (to - from),
      p50Ms: quantile(times, 0.5),
      p99Ms: quantile(times, 0.99),
      longestMs: quantile(times, 1),
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true
    await this.#running
    const { within, collectionId } = this.#stage
    const perCall = 1_000
    for (let i = 0; i < this.#ids.length; i += perCall) {
      const path = `/v1/collections/${collectionId}/documents/batch`
      await within.call('DELETE', path, { document_ids: this.#ids.slice(i, i + perCall) })
    }
  }

  async #run(): Promise<void> {
    const { within, collectionId } = this.#stage
    for (let n = documentsTotal; !this.#isOver; n++) {
      const vectors = { own: vectorText(vectorOf(n)) }
      const body = { ...fieldsOf(n), vectors }
      const [at, start] = [Date.now(), performance.now()]
      const answer = await within.call('POST', `/v1/collections/${collectionId}/documents`, body)
      this.#writes.push({ at, ms: performance.now() - start })
      this.#ids.push(String(answer['document_id']))
    }
  }
}
