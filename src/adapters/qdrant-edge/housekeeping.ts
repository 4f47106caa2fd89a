import type { Shard } from '../../../edge/index.d.ts'
import type { Logger } from '../../ports/logger.ts'
import { inTurn } from './in-turn.ts'
import { fromJsonBytes } from './json-bytes.ts'
import type { ShardPool } from './shard-pool.ts'

/**
 * The background work that Edge has none of (design 1): a flush at most `flushIntervalMs` after a write,
 * then an optimize where one is due. One optimize at a time, whoever asked for it: it takes a core for
 * seconds. Reads and writes go on meanwhile.
 */
export class Housekeeping {
  readonly #pool: ShardPool
  readonly #flushIntervalMs: number
  readonly #log: Logger
  readonly #timers = new Map<string, NodeJS.Timeout>()
  readonly #oneAtATime = inTurn()
  readonly #optimizing = new Set<string>()
  #isStopped = false

  constructor(pool: ShardPool, flushIntervalMs: number, log: Logger) {
    this.#pool = pool
    this.#flushIntervalMs = flushIntervalMs
    this.#log = log
  }

  /** Called after a write and after an opening: either can leave something to flush or to optimize. */
  touched(name: string): void {
    if (this.#isStopped || this.#timers.has(name)) return
    const timer = setTimeout(() => void this.#tidy(name), this.#flushIntervalMs).unref()
    this.#timers.set(name, timer)
  }

  /** Builds what is due; true where there was work. Throws what the addon throws. */
  optimize(name: string): Promise<boolean> {
    return this.#oneAtATime(async () => {
      if (this.#isStopped) return false
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
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#timers.clear()
  }

  async #tidy(name: string): Promise<void> {
    this.#timers.delete(name)
    try {
      // A shard that was closed meanwhile was flushed by that; its opening will call again.
      if (!this.#pool.isOpen(name)) return
      if (await this.#pool.use(name, flushAndAsk)) await this.optimize(name)
    } catch (error) {
      if (this.#isStopped) return
      this.#log.error(
        { collection: name, err: error },
        'Housekeeping of a shard failed; it is tried again.',
      )
      if (this.#pool.isOpen(name)) this.touched(name)
    }
  }
}

async function flushAndAsk(shard: Shard): Promise<boolean> {
  await shard.flush()
  return fromJsonBytes<{ needs_optimize: boolean }>(await shard.info()).needs_optimize
}
