import { setTimeout as sleep } from 'node:timers/promises'
import { answerQuestions } from '../support/asked-process.ts'
import { quantile } from '../support/statistics.ts'
import { Connection } from './connection.ts'

// The second process: sends requests that are ready, and takes the time of each.

export interface Place {
  url: string
  /** Whole requests, sent in turn; base64. */
  requests: readonly string[]
  /** No answer is shorter: one that is says too little. */
  bodyBytesMin: number
}

export interface LoadRequest {
  connections: number
  seconds: number
  /** Of all connections together; null: each asks again as soon as it is answered. */
  perSecond: number | null
}

export interface LoadAnswer {
  requests: number
  perSecond: number
  failed: number
  firstFailure: string | null
  p50Ms: number
  p99Ms: number
  maxMs: number
}

export interface Questions {
  open: { ask: Place; answer: null }
  run: { ask: LoadRequest; answer: LoadAnswer }
}

let place: { url: string; requests: readonly Buffer[]; bodyBytesMin: number } | null = null

answerQuestions<Questions>({
  open({ url, requests, bodyBytesMin }) {
    place = { url, bodyBytesMin, requests: requests.map((text) => Buffer.from(text, 'base64')) }
    return null
  },
  async run({ connections, seconds, perSecond }) {
    const run = new Run(seconds, perSecond)
    const opened = await Promise.all(Array.from({ length: connections }, open))
    await Promise.all(opened.map((connection) => run.on(connection)))
    for (const connection of opened) connection.close()
    return run.answer()
  },
})

function there() {
  if (place === null) throw new Error('open comes first')
  return place
}

function open(): Promise<Connection> {
  return Connection.open(there().url)
}

/** All connections of one run take their turns from here. */
class Run {
  readonly #place = there()
  readonly #start = performance.now()
  readonly #seconds: number
  readonly #everyMs: number | null
  readonly #times: number[] = []
  #next = 0
  #failed = 0
  #firstFailure: string | null = null

  constructor(seconds: number, perSecond: number | null) {
    this.#seconds = seconds
    this.#everyMs = perSecond === null ? null : 1000 / perSecond
  }

  async on(connection: Connection): Promise<void> {
    const end = this.#start + this.#seconds * 1000
    for (;;) {
      const turn = this.#next++
      const due = this.#everyMs === null ? performance.now() : this.#start + turn * this.#everyMs
      if (due >= end) return
      const early = due - performance.now()
      if (early > 0) await sleep(early)
      // From when it was due: a request that had to wait for its connection waited for the server.
      const from = this.#everyMs === null ? performance.now() : due
      await this.#once(connection, turn)
      this.#times.push(performance.now() - from)
    }
  }

  answer(): LoadAnswer {
    const [p50Ms, p99Ms, maxMs] = [0.5, 0.99, 1].map((share) => quantile(this.#times, share))
    return {
      requests: this.#times.length,
      perSecond: (this.#times.length * 1000) / (performance.now() - this.#start),
      failed: this.#failed,
      firstFailure: this.#firstFailure,
      p50Ms: p50Ms ?? Number.NaN,
      p99Ms: p99Ms ?? Number.NaN,
      maxMs: maxMs ?? Number.NaN,
    }
  }

  async #once(connection: Connection, turn: number): Promise<void> {
    const { requests, bodyBytesMin } = this.#place
    const request = requests[turn % requests.length] ?? Buffer.alloc(0)
    const { status, body } = await connection.send(request)
    if (status === 200 && body.length >= bodyBytesMin) return
    this.#failed += 1
    this.#firstFailure ??= `${status} ${body.toString('utf8', 0, 300)}`
  }
}
