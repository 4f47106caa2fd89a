import { setTimeout as delay } from 'node:timers/promises'
import type { Shard } from '../../../edge/index.d.ts'
import type { EdgeModule } from '../../../edge/load.ts'
import type { Config } from '../../config.ts'
import type { Logger } from '../../ports/logger.ts'
import type { CollectionDescription } from '../../ports/vector-engine.ts'
import { noCollection } from '../qdrant/collection-spec.ts'
import type { Catalogue } from './catalogue.ts'
import { edgeFailure, edgeUnavailable } from './edge-errors.ts'
import { Housekeeping } from './housekeeping.ts'
import { jsonBytes } from './json-bytes.ts'
import { describeShard } from './shard-description.ts'
import { ShardPool } from './shard-pool.ts'

export type EdgeConfig =
  | 'openShardsMax'
  | 'shardIdleMs'
  | 'flushIntervalMs'
  | 'engineConcurrencyMax'
  | 'engineQueueMax'

/** As many as a shard has segments; search pools are one a shard, so more would multiply (design 7). */
const searchThreads = 2
/** How long closing waits for an optimize: it has no cancel, and a kill in the middle loses nothing. */
const optimizeWaitMs = 2_000

/** The shards of one folder with their housekeeping, and what is known of those that are closed. */
export class OpenShards implements AsyncDisposable {
  readonly #shardClass: typeof Shard
  readonly #catalogue: Catalogue
  readonly #queueMax: number
  readonly #log: Logger
  readonly #pool: ShardPool
  readonly #housekeeping: Housekeeping
  #isClosed = false

  constructor(
    edge: EdgeModule,
    catalogue: Catalogue,
    config: Pick<Config, EdgeConfig>,
    log: Logger,
  ) {
    const { engineConcurrencyMax: concurrencyMax, engineQueueMax: queueMax } = config
    edge.configure({ concurrencyMax, queueMax, searchThreads })
    this.#shardClass = edge.Shard
    this.#catalogue = catalogue
    this.#queueMax = queueMax
    this.#log = log
    this.#pool = new ShardPool({
      openMax: config.openShardsMax,
      idleMs: config.shardIdleMs,
      open: (name) => this.#open(name),
      close: (name, shard) => this.#close(name, shard),
    })
    this.#housekeeping = new Housekeeping(this.#pool, config.flushIntervalMs, log)
  }

  use<T>(name: string, run: (shard: Shard) => Promise<T>): Promise<T> {
    return this.#pool.use(name, run)
  }

  close(name: string): Promise<void> {
    return this.#pool.close(name)
  }

  /** From the summary where the shard is closed. */
  async describe(name: string): Promise<CollectionDescription> {
    const summary = this.#pool.isOpen(name) ? null : await this.#catalogue.folders.readSummary(name)
    return summary?.description ?? this.use(name, (shard) => describeShard(name, shard))
  }

  /** Null where the shard is open, or has to be opened to know. */
  async countOfClosed(name: string): Promise<number | null> {
    if (this.#pool.isOpen(name)) return null
    const summary = await this.#catalogue.folders.readSummary(name)
    return summary?.points ?? null
  }

  touched(name: string): void {
    this.#housekeeping.touched(name)
  }

  /** A shard closed in order is flushed; one that a crash closed is opened, because its log is not. */
  async flush(name: string): Promise<void> {
    if ((await this.countOfClosed(name)) !== null) return
    await this.use(name, (shard) => shard.flush())
  }

  optimize(name: string): Promise<boolean> {
    return this.#housekeeping.optimize(name)
  }

  /** The work with the addon's failures as the port's. */
  async guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      this.assertOpen()
      return await work()
    } catch (error) {
      throw edgeFailure(error, this.#queueMax)
    }
  }

  assertOpen(): void {
    if (this.#isClosed) throw edgeUnavailable('it is closed')
  }

  /** Flushes and closes everything; a shard under a long optimize is flushed and left to end with the process. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#housekeeping.stop()
    await Promise.race([this.#housekeeping.idle(), delay(optimizeWaitMs, null, { ref: false })])
    const optimizing = this.#catalogue
      .names()
      .filter((name) => this.#housekeeping.isOptimizing(name))
    for (const name of optimizing) await this.use(name, (shard) => shard.flush())
    await this.#pool.closeAll((name) => optimizing.includes(name))
  }

  async #open(name: string): Promise<Shard> {
    if (this.#catalogue.find(name) !== name) throw noCollection(name)
    await this.#catalogue.folders.forgetSummary(name)
    const shard = await this.#shardClass.open(this.#catalogue.folders.shardPath(name))
    this.touched(name)
    return shard
  }

  async #close(name: string, shard: Shard): Promise<void> {
    // On its way out of the catalogue: nobody will ask what it held.
    if (this.#catalogue.find(name) !== name) return shard.close()
    try {
      const description = await describeShard(name, shard)
      const points = await shard.count(jsonBytes({ exact: true }))
      await shard.close()
      await this.#catalogue.folders.writeSummary(name, { points, description })
    } catch (error) {
      this.#log.error({ collection: name, err: error }, 'A shard did not close in order.')
      // Idempotent: whatever failed above, files and threads are to be free.
      await shard.close().catch(() => undefined)
    }
  }
}
