import type { EventEmitter } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

/** A connection that the server has not let go by then is left to it. */
const goodbyeMs = 2_000

/**
 * The connections of a pool of `pg`. Its `end()` returns when it has said goodbye on them, not when they are closed: an
 * embedded PostgreSQL that is stopped right after still finds clients, cuts them off, and reports that as a fault.
 */
export class OpenConnections {
  readonly #open = new Set<EventEmitter>()
  #whenClosed: (() => void) | null = null

  /** What a pool is given as `onConnect`. */
  readonly watch = (client: EventEmitter): void => {
    this.#open.add(client)
    client.once('end', () => {
      this.#open.delete(client)
      if (this.#open.size === 0) this.#whenClosed?.()
    })
  }

  /** After the pool's `end()`: returns when none is open any more. */
  async closed(): Promise<void> {
    if (this.#open.size === 0) return
    const closed = new Promise<void>((resolve) => (this.#whenClosed = resolve))
    await Promise.race([closed, sleep(goodbyeMs, null, { ref: false })])
  }
}
