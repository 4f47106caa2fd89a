import { AsyncLocalStorage } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { fail } from '../domain/failure.ts'
import type { ExclusiveLease, NamespaceLeases, SharedLease } from '../domain/namespaces/lease.ts'
import type { Logger } from '../ports/logger.ts'
import { FairLock } from './fair-lock.ts'
import { claimLease, countShares, releaseHolder, releaseLease, renewLease } from './lease-rows.ts'
import { LeaseShare, takenError } from './lease-share.ts'
import type { ShareTimes } from './lease-share.ts'
import type { Db } from './tables.ts'

export interface LeaseOptions {
  db: Db
  log: Logger
  /** Names this process in the rows; unique among processes. */
  holder?: string
  times?: Partial<LeaseTimes>
}

export interface LeaseTimes extends ShareTimes {
  /** How long `exclusive` waits where the caller says nothing. */
  exclusiveWaitMs: number
  /** How long a writer waits for an exclusive holder. */
  sharedWaitMs: number
}

/** A dead process blocks a namespace for 10 s at most. */
const defaultTimes: LeaseTimes = {
  lifeMs: 10_000,
  beatMs: 250,
  lingerMs: 1_000,
  pollMs: 25,
  exclusiveWaitMs: 30_000,
  sharedWaitMs: 60_000,
}

/**
 * `NamespaceLeases` over PostgreSQL: rows order processes, a fair lock orders callers within this one.
 * An exclusive claim is written first and holds back new writers; then those under way are waited for. So nobody starves.
 */
export function openNamespaceLeases(options: LeaseOptions): NamespaceLeases {
  return new RowLeases(options)
}

/** What this process knows of one namespace, while anybody in it has to do with it. */
interface Gate {
  lock: FairLock
  share: LeaseShare
}

/** What the code that runs now holds, so that a use case may call another on the same namespace. */
interface Held {
  namespaceId: string
  lease: ExclusiveLease | null
  share: SharedLease
  isOver: boolean
  outer: Held | undefined
}

class RowLeases implements NamespaceLeases {
  readonly #db: Db
  readonly #log: Logger
  readonly #holder: string
  readonly #times: LeaseTimes
  readonly #gates = new Map<string, Gate>()
  readonly #held = new AsyncLocalStorage<Held>()

  constructor({ db, log, holder, times }: LeaseOptions) {
    this.#db = db
    this.#log = log
    this.#holder = holder ?? `${hostname()}/${process.pid}/${randomUUID()}`
    this.#times = { ...defaultTimes, ...times }
  }

  async shared<T>(
    namespaceId: string,
    work: (share: SharedLease) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    // Inside its own lease the caller is already in; waiting for others to let it in would never end.
    const outer = this.#current(namespaceId)
    if (outer) return await work(outer.share)
    const gate = this.#gate(namespaceId)
    const isLocked = gate.lock.tryShared()
    if (!isLocked || !gate.share.tryEnter()) await this.#enter(namespaceId, gate, isLocked, signal)
    try {
      const share = shareOf(namespaceId, gate.share)
      return await this.#within(namespaceId, { lease: null, share }, () => work(share))
    } finally {
      gate.share.leave()
      gate.lock.releaseShared()
      this.#tidy(namespaceId, gate)
    }
  }

  async exclusive<T>(
    namespaceId: string,
    purpose: string,
    work: (lease: ExclusiveLease) => Promise<T>,
    { waitMs, signal }: { waitMs?: number; signal?: AbortSignal } = {},
  ): Promise<T> {
    const outer = this.#current(namespaceId)
    if (outer?.lease) return await work(outer.lease)
    if (outer)
      throw new Error(
        `A writer of ${namespaceId} asks for it alone (${purpose}): it would wait for itself.`,
      )
    const gate = this.#gate(namespaceId)
    const limited = this.#limit(waitMs ?? this.#times.exclusiveWaitMs, signal)
    try {
      await this.#orTaken(namespaceId, limited, () => gate.lock.acquireExclusive(limited.signal))
      try {
        await gate.share.drop()
        return await this.#alone(namespaceId, purpose, limited, work)
      } finally {
        gate.lock.releaseExclusive()
      }
    } finally {
      limited.end()
      this.#tidy(namespaceId, gate)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#gates.values()].map(({ share }) => share.drop()))
    try {
      await releaseHolder(this.#db, this.#holder)
    } catch (error) {
      this.#log.warn(
        { error },
        'The leases of this process could not be given back; they run out by themselves.',
      )
    }
  }

  async #enter(
    namespaceId: string,
    gate: Gate,
    isLocked: boolean,
    signal?: AbortSignal,
  ): Promise<void> {
    const limited = this.#limit(this.#times.sharedWaitMs, signal)
    try {
      await this.#orTaken(namespaceId, limited, async () => {
        if (!isLocked) await gate.lock.acquireShared(limited.signal)
        try {
          await gate.share.enter(limited.signal)
        } catch (error) {
          gate.lock.releaseShared()
          throw error
        }
      })
    } finally {
      limited.end()
      this.#tidy(namespaceId, gate)
    }
  }

  async #alone<T>(
    namespaceId: string,
    purpose: string,
    limited: Limit,
    work: (lease: ExclusiveLease) => Promise<T>,
  ): Promise<T> {
    const token = await this.#orTaken(namespaceId, limited, () =>
      this.#claim(namespaceId, purpose, limited.signal),
    )
    const { lifeMs } = this.#times
    const beat = setInterval(() => void this.#renew(namespaceId, token), lifeMs / 5)
    try {
      await this.#orTaken(namespaceId, limited, () =>
        this.#awaitShares(namespaceId, limited.signal),
      )
      limited.end()
      const lease = { token, check: () => this.#check(namespaceId, token, purpose) }
      const held = { lease, share: { token: null, check: () => {} } }
      return await this.#within(namespaceId, held, () => work(lease))
    } finally {
      clearInterval(beat)
      await this.#release(namespaceId, token)
    }
  }

  async #claim(namespaceId: string, purpose: string, signal: AbortSignal): Promise<bigint> {
    const claim = { namespaceId, holder: this.#holder, purpose, lifeMs: this.#times.lifeMs }
    for (;;) {
      signal.throwIfAborted()
      const token = await claimLease(this.#db, claim)
      if (token !== null) return token
      await sleep(this.#times.pollMs, null, { signal })
    }
  }

  async #awaitShares(namespaceId: string, signal: AbortSignal): Promise<void> {
    while ((await countShares(this.#db, namespaceId)) > 0)
      await sleep(this.#times.pollMs, null, { signal })
  }

  async #renew(namespaceId: string, token: bigint): Promise<void> {
    try {
      await renewLease(this.#db, { namespaceId, token, lifeMs: this.#times.lifeMs })
    } catch (error) {
      this.#log.warn(
        { error, namespaceId },
        'The lease of a namespace could not be renewed; it is tried again.',
      )
    }
  }

  async #check(namespaceId: string, token: bigint, purpose: string): Promise<void> {
    if (await renewLease(this.#db, { namespaceId, token, lifeMs: this.#times.lifeMs })) return
    throw fail('conflict', {
      reason: `The namespace was taken over by another process meanwhile (${purpose} was under way); try again.`,
      details: { namespace_id: namespaceId, purpose },
    })
  }

  async #release(namespaceId: string, token: bigint): Promise<void> {
    try {
      await releaseLease(this.#db, { namespaceId, token })
    } catch (error) {
      this.#log.warn(
        { error, namespaceId },
        'The lease of a namespace could not be given back; it runs out by itself.',
      )
    }
  }

  #gate(namespaceId: string): Gate {
    const known = this.#gates.get(namespaceId)
    if (known) return known
    const share = new LeaseShare({
      db: this.#db,
      log: this.#log,
      namespaceId,
      holder: this.#holder,
      times: this.#times,
      onReleased: () => this.#tidy(namespaceId, gate),
    })
    const gate: Gate = { lock: new FairLock(), share }
    this.#gates.set(namespaceId, gate)
    return gate
  }

  /** Namespaces come and go; what is known of an idle one is not kept. */
  #tidy(namespaceId: string, { lock, share }: Gate): void {
    if (lock.isIdle && !share.isHeld) this.#gates.delete(namespaceId)
  }

  #current(namespaceId: string): Held | null {
    let held = this.#held.getStore()
    while (held && (held.namespaceId !== namespaceId || held.isOver)) held = held.outer
    return held ?? null
  }

  async #within<T>(
    namespaceId: string,
    { lease, share }: Pick<Held, 'lease' | 'share'>,
    work: () => Promise<T>,
  ): Promise<T> {
    const held: Held = { namespaceId, lease, share, isOver: false, outer: this.#held.getStore() }
    try {
      return await this.#held.run(held, work)
    } finally {
      // What goes on in the background after `work` has returned holds nothing any more.
      held.isOver = true
    }
  }

  #limit(limitMs: number, signal?: AbortSignal): Limit {
    const limit = new AbortController()
    const timer = setTimeout(() => limit.abort(timeout), limitMs)
    const signals = signal ? [signal, limit.signal] : [limit.signal]
    return { signal: AbortSignal.any(signals), end: () => clearTimeout(timer) }
  }

  /** Where the time is up, the error says what the namespace is taken for. */
  async #orTaken<T>(namespaceId: string, { signal }: Limit, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (!signal.aborted) throw error
      if (signal.reason === timeout) throw await takenError(this.#db, namespaceId)
      throw signal.reason
    }
  }
}

function shareOf(namespaceId: string, share: LeaseShare): SharedLease {
  const { token } = share
  return {
    token,
    check() {
      if (share.stands(token)) return
      throw fail('conflict', {
        reason:
          'The write took so long that the namespace may have been changed meanwhile; try again.',
        details: { namespace_id: namespaceId },
      })
    },
  }
}

interface Limit {
  signal: AbortSignal
  end(): void
}
const timeout = new Error('The wait for a namespace took too long.')
