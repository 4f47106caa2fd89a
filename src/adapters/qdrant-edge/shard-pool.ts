import type { Shard } from '../../../edge/index.d.ts'

export interface ShardPoolOptions {
  /** Shards open at once, those being opened or closed included. */
  openMax: number
  /** An unused shard closes after this time. */
  idleMs: number
  open: (name: string) => Promise<Shard>
  /** Called once nobody uses the shard; must close it. Must not throw. */
  close: (name: string, shard: Shard) => Promise<void>
  /** Throws where nothing may be opened now, nor closed to make a place or for being unused: both write. */
  assertRoom?: () => Promise<void>
}

interface Slot {
  name: string
  state: 'opening' | 'open' | 'closing'
  shard: Shard | null
  users: number
  usedAtMs: number
  /** Resolves when `opening` or `closing` is over; never rejects. */
  settled: Promise<void>
  whenUnused: (() => void) | null
}

/**
 * The open shards of one folder: opened on first use, closed when long unused or when another needs the
 * place. A shard is never closed under somebody who uses it.
 */
export class ShardPool implements AsyncDisposable {
  readonly #slots = new Map<string, Slot>()
  readonly #options: ShardPoolOptions
  readonly #sweep: NodeJS.Timeout

  constructor(options: ShardPoolOptions) {
    this.#options = options
    const sweep = () => void this.#closeIdle()
    this.#sweep = setInterval(sweep, Math.min(options.idleMs, 30_000)).unref()
  }

  isOpen(name: string): boolean {
    return this.#slots.has(name)
  }

  /** Runs with the shard open; opens it, and waits for a place, where needed. */
  async use<T>(name: string, run: (shard: Shard) => Promise<T>): Promise<T> {
    const slot = this.#enter(name) ?? (await this.#openAndEnter(name))
    try {
      return await run(slot.shard)
    } finally {
      this.#leave(slot)
    }
  }

  /** Closes the shard once its users are done; at once where it is not open. */
  async close(name: string): Promise<void> {
    for (let slot = this.#slots.get(name); slot; slot = this.#slots.get(name)) {
      await (slot.state === 'open' ? this.#close(slot) : slot.settled)
    }
  }

  /** Closes every shard but those that `isExempt` names. */
  async closeAll(isExempt: (name: string) => boolean): Promise<void> {
    clearInterval(this.#sweep)
    const names = [...this.#slots.keys()].filter((name) => !isExempt(name))
    await Promise.all(names.map((name) => this.close(name)))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.closeAll(() => false)
  }

  #enter(name: string): (Slot & { shard: Shard }) | null {
    const slot = this.#slots.get(name)
    if (slot?.state !== 'open' || !hasShard(slot)) return null
    slot.users += 1
    slot.usedAtMs = performance.now()
    return slot
  }

  #leave(slot: Slot): void {
    slot.users -= 1
    if (slot.users === 0) slot.whenUnused?.()
  }

  async #openAndEnter(name: string): Promise<Slot & { shard: Shard }> {
    await this.#options.assertRoom?.()
    for (;;) {
      const entered = this.#enter(name)
      if (entered) return entered
      const slot = this.#slots.get(name)
      if (slot) await slot.settled
      else if (this.#slots.size >= this.#options.openMax) await this.#makeRoom()
      else await this.#open(name)
    }
  }

  async #open(name: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const slot: Slot = {
      name,
      state: 'opening',
      shard: null,
      users: 0,
      usedAtMs: performance.now(),
      settled: promise,
      whenUnused: null,
    }
    this.#slots.set(name, slot)
    try {
      slot.shard = await this.#options.open(name)
      slot.state = 'open'
    } catch (error) {
      this.#slots.delete(name)
      throw error
    } finally {
      resolve()
    }
  }

  /** Closes the shard longest unused, a busy one only where all are busy; it returns when a place is free. */
  async #makeRoom(): Promise<void> {
    const [victim] = [...this.#slots.values()]
      .filter((slot) => slot.state === 'open')
      .toSorted((a, b) => Number(a.users > 0) - Number(b.users > 0) || a.usedAtMs - b.usedAtMs)
    if (victim) await this.#close(victim)
    else await Promise.race([...this.#slots.values()].map((slot) => slot.settled))
  }

  #close(slot: Slot): Promise<void> {
    slot.state = 'closing'
    slot.settled = this.#closeUnused(slot)
    return slot.settled
  }

  async #closeUnused(slot: Slot): Promise<void> {
    if (slot.users > 0) {
      const { promise, resolve } = Promise.withResolvers<void>()
      slot.whenUnused = resolve
      await promise
    }
    try {
      if (slot.shard) await this.#options.close(slot.name, slot.shard)
    } finally {
      this.#slots.delete(slot.name)
    }
  }

  async #closeIdle(): Promise<void> {
    try {
      await this.#options.assertRoom?.()
    } catch {
      // Those who ask for a shard are told; until then it stays open.
      return
    }
    const before = performance.now() - this.#options.idleMs
    for (const slot of this.#slots.values()) {
      if (slot.state === 'open' && slot.users === 0 && slot.usedAtMs < before)
        void this.#close(slot)
    }
  }
}

function hasShard(slot: Slot): slot is Slot & { shard: Shard } {
  return slot.shard !== null
}
