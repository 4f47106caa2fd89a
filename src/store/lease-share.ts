import { setTimeout as sleep } from 'node:timers/promises'
import { fail } from '../domain/failure.ts'
import type { Logger } from '../ports/logger.ts'
import { readPurpose, releaseShare, renewShare, takeShare } from './lease-rows.ts'
import type { Db } from './tables.ts'

export interface ShareOptions {
  db: Db
  log: Logger
  namespaceId: string
  holder: string
  times: ShareTimes
  /** Called when the row is gone. */
  onReleased(): void
}

export interface ShareTimes {
  /** How long a row stands without being renewed: as long as a dead process blocks others. */
  lifeMs: number
  /** How often a share is renewed, and asked whether somebody waits for it. */
  beatMs: number
  /** An unused share is kept this long: the next write costs no SQL. */
  lingerMs: number
  /** How often a taken namespace is tried again. */
  pollMs: number
}

/**
 * This process's one share of a namespace, for any number of writers: a row that is taken by the first, renewed
 * while there are any, kept a little after the last, and given back as soon as somebody claims the namespace.
 */
export class LeaseShare {
  readonly #options: ShareOptions
  #users = 0
  /** `performance.now()` until which the row is known to stand; null: there is none of ours. */
  #validUntil: number | null = null
  #token: bigint | null = null
  #isClaimed = false
  #idleSince = 0
  #acquiring: Promise<void> | null = null
  /** What is said to the database about the row goes one after the other, or an old answer undoes a new one. */
  #last: Promise<unknown> = Promise.resolve()
  #unsaid = 0
  #timer: NodeJS.Timeout | null = null

  constructor(options: ShareOptions) {
    this.#options = options
  }

  get isHeld(): boolean {
    return this.#validUntil !== null || this.#acquiring !== null || this.#unsaid > 0
  }

  /** Of the last exclusive holder before this share was taken; none comes while it stands. */
  get token(): bigint | null {
    return this.#token
  }

  /** Whether the share under this token has stood without a gap until now. */
  stands(token: bigint | null): boolean {
    return (
      this.#token === token && this.#validUntil !== null && performance.now() < this.#validUntil
    )
  }

  /** True, entered, where the share is there: the way of most writes. */
  tryEnter(): boolean {
    if (this.#validUntil === null || this.#isClaimed || performance.now() >= this.#validUntil)
      return false
    this.#users += 1
    return true
  }

  /** Waits for whoever has claimed the namespace. Throws the signal's reason, `not_found`, `database_unavailable`. */
  async enter(signal: AbortSignal): Promise<void> {
    while (!this.tryEnter()) {
      signal.throwIfAborted()
      this.#acquiring ??= this.#acquire().finally(() => (this.#acquiring = null))
      await abortable(this.#acquiring, signal)
    }
  }

  /** Waits for the row to be gone only where somebody waits for that. */
  leave(): void {
    this.#users -= 1
    if (this.#users > 0) return
    this.#idleSince = performance.now()
    if (this.#isClaimed) void this.drop()
  }

  /** Gives the row back. Only while nobody is inside. */
  async drop(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    if (this.#validUntil === null) return
    this.#validUntil = null
    this.#isClaimed = false
    try {
      await this.#say(() => releaseShare(this.#options.db, this.#options))
    } catch (error) {
      // Then it runs out by itself.
      this.#options.log.warn({ error }, 'A share of a namespace could not be given back.')
    }
    this.#options.onReleased()
  }

  /** One try: takes the row, or waits a moment. */
  async #acquire(): Promise<void> {
    const { db, times } = this.#options
    if (this.#isClaimed && this.#users > 0) return await sleep(times.pollMs)
    const askedAt = performance.now()
    const token = await takeShare(db, { ...this.#options, lifeMs: times.lifeMs })
    if (token === null) return await sleep(times.pollMs)
    this.#token = token
    this.#extend(askedAt)
    this.#idleSince = performance.now()
    this.#schedule()
  }

  #extend(askedAt: number): void {
    const { lifeMs } = this.#options.times
    // A fifth is left for a timer that comes late, and for the way to the database.
    this.#validUntil = askedAt + 0.8 * lifeMs
    this.#isClaimed = false
  }

  #schedule(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#beat(), this.#options.times.beatMs).unref()
  }

  async #beat(): Promise<void> {
    const { db, times, log } = this.#options
    if (this.#users === 0 && performance.now() - this.#idleSince >= times.lingerMs)
      return await this.drop()
    const askedAt = performance.now()
    try {
      const answer = await this.#say(() =>
        renewShare(db, { ...this.#options, lifeMs: times.lifeMs }),
      )
      if (this.#validUntil === null) return
      if (answer === 'lost') this.#validUntil = null
      else this.#extend(askedAt)
      this.#isClaimed = answer === 'claimed'
    } catch (error) {
      log.warn({ error }, 'A share of a namespace could not be renewed; it is tried again.')
    }
    if (this.#isClaimed && this.#users === 0) return await this.drop()
    if (this.#validUntil !== null) this.#schedule()
    else this.#options.onReleased()
  }

  async #say<T>(ask: () => Promise<T>): Promise<T> {
    this.#unsaid += 1
    const answer = this.#last.then(ask, ask)
    this.#last = answer
    try {
      return await answer
    } finally {
      this.#unsaid -= 1
    }
  }
}

/** Thrown where a namespace stays taken longer than a caller waits. */
export async function takenError(db: Db, namespaceId: string) {
  const purpose = await readPurpose(db, namespaceId)
  const reason = purpose === null ? 'documents are being written to it' : purpose
  return fail('conflict', {
    reason: `The namespace is being changed (${reason}); try again when that is done.`,
    details: { namespace_id: namespaceId, purpose },
  })
}

async function abortable(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>()
  const abort = () =>
    reject(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason)))
  signal.addEventListener('abort', abort, { once: true })
  try {
    await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
