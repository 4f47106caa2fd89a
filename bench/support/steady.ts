import { setTimeout as sleep } from 'node:timers/promises'
import { quantile } from './statistics.ts'

/** More than this under way: the server does not keep up, and what comes on top counts as failed. */
const underWayMax = 2_000

/** What came of the calls that began in a span of time. */
export interface Stats {
  calls: number
  failed: number
  /** Answered with a 2xx, but without a result where there has to be one; counted as failed, too. */
  empty: number
  firstFailure: string | null
  /** Null where there were no calls. */
  times: { p50Ms: number; p99Ms: number; maxMs: number } | null
}

/** Thrown by a call whose answer is right but for being empty. */
export class EmptyAnswer extends Error {
  override readonly name = 'EmptyAnswer'
}

interface Call {
  /** Milliseconds since 1970. */
  at: number
  ms: number
  failure: string | null
  isEmpty: boolean
}

/**
 * Calls at a steady rate, whether or not earlier ones were answered: a server that stands still for a second has a
 * hundred waiting calls, each with its own wait.
 */
export class Steady {
  readonly #calls: Call[] = []
  readonly #underWay = new Set<Promise<void>>()
  readonly #once: (i: number) => Promise<void>
  readonly #everyMs: number
  #running: Promise<void> | null = null
  #isOver = false

  constructor(perSecond: number, once: (i: number) => Promise<void>) {
    this.#everyMs = 1000 / perSecond
    this.#once = once
  }

  start(): void {
    this.#isOver = false
    this.#running ??= this.#run()
  }

  /** Comes back when the last call is answered. */
  async stop(): Promise<void> {
    this.#isOver = true
    await this.#running
    this.#running = null
    await Promise.all(this.#underWay)
  }

  /** Of the calls that began in [from, to), milliseconds since 1970, once all of them are answered. */
  async stats(from: number, to: number): Promise<Stats> {
    await Promise.all(this.#underWay)
    const calls = this.#calls.filter(({ at }) => at >= from && at < to)
    const failed = calls.filter(({ failure }) => failure !== null)
    const times = calls.map(({ ms }) => ms)
    return {
      calls: calls.length,
      failed: failed.length,
      empty: calls.filter(({ isEmpty }) => isEmpty).length,
      firstFailure: failed[0]?.failure ?? null,
      times: times.length === 0 ? null : timesOf(times),
    }
  }

  async #run(): Promise<void> {
    const start = performance.now()
    for (let i = 0; !this.#isOver; i++) {
      const wait = start + i * this.#everyMs - performance.now()
      if (wait > 0) await sleep(wait)
      const call = this.#call(i).finally(() => this.#underWay.delete(call))
      this.#underWay.add(call)
    }
  }

  async #call(i: number): Promise<void> {
    const start = performance.now()
    const call: Call = { at: Date.now(), ms: 0, failure: null, isEmpty: false }
    this.#calls.push(call)
    try {
      if (this.#underWay.size >= underWayMax) throw new Error(`${underWayMax} calls are waiting`)
      await this.#once(i)
    } catch (error) {
      call.failure = error instanceof Error ? error.message.slice(0, 300) : String(error)
      call.isEmpty = error instanceof EmptyAnswer
    }
    call.ms = performance.now() - start
  }
}

function timesOf(ms: readonly number[]) {
  return { p50Ms: quantile(ms, 0.5), p99Ms: quantile(ms, 0.99), maxMs: quantile(ms, 1) }
}
