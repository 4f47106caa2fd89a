import type { Shard } from '../../../edge/index.d.ts'
import { isFailure } from '../../domain/failure.ts'
import type { Logger } from '../../ports/logger.ts'
import { inTurn } from './in-turn.ts'
import { fromJsonBytes } from './json-bytes.ts'
import type { ShardPool } from './shard-pool.ts'

/** While writes go on an optimize waits this many flushes: what it builds would be built again for the next. */
const flushesBeforeOptimizeMax = 12

export interface HousekeepingOptions {
  /** Longest time between a write and its flush. */
  flushIntervalMs: number
  /** Throws where nothing must be flushed now. */
  beforeFlush: () => Promise<void>
  /** Throws where the shard must not be optimized now. */
  beforeOptimize: (name: string) => Promise<void>
  /** Told of what went wrong on a shard. */
  onFault: (name: string, error: unknown) => void
  log: Logger
}

interface Due {
  timer: NodeJS.Timeout
  /** Flushes since the first write that no optimize has seen. */
  flushes: number
  /** Whether anything was written since the timer was set. */
  isTouched: boolean
}

/**
 * The background work that Edge has none of (design 1): a flush at most `flushIntervalMs` after a write,
 * and an optimize when an interval went by without one. One optimize at a time, whoever asked for it: it
 * takes a core for seconds. Reads and writes go on meanwhile.
 */
export class Housekeeping {
  readonly #pool: ShardPool
  readonly #options: HousekeepingOptions
  readonly #due = new Map<string, Due>()
  readonly #oneAtATime = inTurn()
  readonly #optimizing = new Set<string>()
  #isStopped = false

  constructor(pool: ShardPool, options: HousekeepingOptions) {
    this.#pool = pool
    this.#options = options
  }

  /** Called after a write and after an opening: either can leave something to flush or to optimize. */
  touched(name: string): void {
    const due = this.#due.get(name)
    if (due) due.isTouched = true
    else this.#schedule(name, 0)
  }

  /** Builds what is due; true where there was work. Throws what the addon throws. */
  optimize(name: string): Promise<boolean> {
    return this.#oneAtATime(async () => {
      if (this.#isStopped) return false
      await this.#options.beforeOptimize(name)
      this.#optimizing.add(name)
      try {
        return await this.#pool.use(name, (shard) => shard.optimize())
      } finally {
        this.#optimizing.delete(name)
      }
    })
  }

  /** Whether an optimize runs on it now: closing such a shard would wait for its end. */
  isOptimizing(name: string): boolean {
    return this.#optimizing.has(name)
  }

  /** Resolves when no optimize runs. */
  idle(): Promise<void> {
    return this.#oneAtATime(async () => {})
  }

  /** Starts nothing more; what runs goes on. */
  stop(): void {
    this.#isStopped = true
    for (const { timer } of this.#due.values()) clearTimeout(timer)
    this.#due.clear()
  }

  #schedule(name: string, flushes: number): void {
    if (this.#isStopped) return
    const { flushIntervalMs } = this.#options
    const timer = setTimeout(() => void this.#tidy(name, due), flushIntervalMs).unref()
    const due: Due = { timer, flushes, isTouched: false }
    this.#due.set(name, due)
  }

  async #tidy(name: string, due: Due): Promise<void> {
    try {
      // A shard that was closed meanwhile was flushed by that; its opening will call again.
      if (!this.#pool.isOpen(name)) this.#due.delete(name)
      else await this.#flushAndOptimize(name, due)
    } catch (error) {
      if (this.#isStopped) return
      const told = { collection: name, err: error }
      // Nobody's fault but the disk's, which is told to every writer.
      if (isFailure(error)) this.#options.log.warn(told, 'Housekeeping of a shard has to wait.')
      else this.#options.log.error(told, 'Housekeeping of a shard failed; it is tried again.')
      this.#options.onFault(name, error)
      this.#schedule(name, due.flushes)
    }
  }

  async #flushAndOptimize(name: string, due: Due): Promise<void> {
    await this.#options.beforeFlush()
    await this.#pool.use(name, (shard) => shard.flush())
    const isDone = !due.isTouched || due.flushes >= flushesBeforeOptimizeMax
    // Before the optimize: it can take long, and what is written meanwhile wants its own flush.
    if (due.isTouched) this.#schedule(name, isDone ? 0 : due.flushes + 1)
    else this.#due.delete(name)
    if (isDone && (await this.#pool.use(name, needsOptimize))) await this.optimize(name)
  }
}

async function needsOptimize(shard: Shard): Promise<boolean> {
  return fromJsonBytes<{ needs_optimize: boolean }>(await shard.info()).needs_optimize
}
