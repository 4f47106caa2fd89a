import { setTimeout as delay } from 'node:timers/promises'
import type { Shard } from '../../../edge/index.d.ts'
import type { EdgeModule } from '../../../edge/load.ts'
import type { Config } from '../../config.ts'
import type { Logger } from '../../ports/logger.ts'
import type { DiskRoom } from '../../ports/disk-room.ts'
import type {
  CollectionDescription,
  CollectionSpec,
  RepairReport,
} from '../../ports/vector-engine.ts'
import { noCollection } from '../qdrant/collection-spec.ts'
import type { Catalogue } from './catalogue.ts'
import { diskUsage } from './disk-usage.ts'
import { edgeFailure, edgeUnavailable, isEdgeError } from './edge-errors.ts'
import { Housekeeping } from './housekeeping.ts'
import { jsonBytes } from './json-bytes.ts'
import { repairCollection } from './repair/repair-collection.ts'
import { describeShard } from './shard-description.ts'
import { ShardOpenings } from './shard-openings.ts'
import { ShardPool } from './shard-pool.ts'
import { SharedFlushes } from './shared-flushes.ts'

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

interface Surroundings {
  config: Pick<Config, EdgeConfig>
  room: DiskRoom
  log: Logger
}

/** The shards of one folder with their housekeeping, and what is known of those that are closed. */
export class OpenShards implements AsyncDisposable {
  readonly #shardClass: typeof Shard
  readonly #catalogue: Catalogue
  readonly #queueMax: number
  readonly #log: Logger
  readonly #room: DiskRoom
  readonly #pool: ShardPool
  readonly #openings: ShardOpenings
  readonly #housekeeping: Housekeeping
  readonly #flushes: SharedFlushes
  /** Those that have failed at a change. */
  readonly #doubted = new Set<string>()
  readonly #repairs = new Set<Promise<unknown>>()
  readonly #closing = new AbortController()
  #isClosed = false

  constructor(edge: EdgeModule, catalogue: Catalogue, { config, room, log }: Surroundings) {
    const { engineConcurrencyMax: concurrencyMax, engineQueueMax: queueMax } = config
    edge.configure({ concurrencyMax, queueMax, searchThreads })
    this.#shardClass = edge.Shard
    this.#catalogue = catalogue
    this.#queueMax = queueMax
    this.#log = log
    this.#room = room
    this.#openings = new ShardOpenings(catalogue.folders, room)
    this.#pool = new ShardPool({
      openMax: config.openShardsMax,
      idleMs: config.shardIdleMs,
      open: (name) => this.#open(name),
      close: (name, shard) => this.#close(name, shard),
      assertRoom: () => room.assertRoomToDelete(),
    })
    this.#housekeeping = new Housekeeping(this.#pool, {
      flushIntervalMs: config.flushIntervalMs,
      beforeFlush: () => room.assertRoomToDelete(),
      beforeOptimize: (name) => this.#assertRoomToOptimize(name),
      onFault: (name, error) => this.#noteFault(name, error),
      log,
    })
    this.#flushes = new SharedFlushes((name) => this.change(name, (shard) => shard.flush()))
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
    await this.#room.assertRoomToDelete()
    await this.#flushes.flush(name)
  }

  /**
   * After a change that failed the engine refuses every later one: then the shard is opened anew, with what stands in
   * its log. The caller has looked for room, for opening writes.
   */
  async change<T>(name: string, run: (shard: Shard) => Promise<T>): Promise<T> {
    if (this.#doubted.has(name)) await this.#pool.close(name)
    try {
      return await this.use(name, run)
    } catch (error) {
      this.#noteFault(name, error)
      throw error
    }
  }

  optimize(name: string): Promise<boolean> {
    return this.#housekeeping.optimize(name)
  }

  /** Nobody else has the shard meanwhile: who asks is told that it is being repaired. */
  async repair(name: string, spec: CollectionSpec): Promise<RepairReport> {
    const { folders } = this.#catalogue
    const { signal } = this.#closing
    const repair = this.#openings.without(name, async () => {
      await this.#pool.close(name)
      return await repairCollection({ folders, name, spec, shardClass: this.#shardClass, signal })
    })
    this.#repairs.add(repair)
    return await repair.finally(() => this.#repairs.delete(repair))
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

  /**
   * Flushes and closes everything; a shard under a long optimize is flushed and left to end with the process, and so is
   * every shard on a disk without room: their logs have what was acknowledged.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#housekeeping.stop()
    this.#closing.abort(edgeUnavailable('it is closed'))
    await Promise.allSettled(this.#repairs)
    await Promise.race([this.#housekeeping.idle(), delay(optimizeWaitMs, null, { ref: false })])
    if (!(await this.#hasRoomToClose())) return await this.#pool.closeAll(() => true)
    const optimizing = this.#catalogue
      .names()
      .filter((name) => this.#housekeeping.isOptimizing(name))
    for (const name of optimizing) await this.use(name, (shard) => shard.flush())
    await this.#pool.closeAll((name) => optimizing.includes(name))
  }

  async #hasRoomToClose(): Promise<boolean> {
    try {
      await this.#room.assertRoomToDelete()
      return true
    } catch (error) {
      this.#log.warn({ err: error }, 'Shards are left to the next start, which reads their logs.')
      return false
    }
  }

  #noteFault(name: string, error: unknown): void {
    if (isEdgeError(error) && error.code === 'operation') this.#doubted.add(name)
  }

  /** An optimize writes what it builds beside what there is. */
  async #assertRoomToOptimize(name: string): Promise<void> {
    await this.#room.assertRoom(await diskUsage(this.#catalogue.folders.shardPath(name)))
  }

  async #open(name: string): Promise<Shard> {
    if (this.#catalogue.find(name) !== name) throw noCollection(name)
    const shard = await this.#openings.open(name, async (path) => {
      await this.#catalogue.folders.forgetSummary(name)
      return await this.#shardClass.open(path)
    })
    this.touched(name)
    return shard
  }

  async #close(name: string, shard: Shard): Promise<void> {
    const isDoubted = this.#doubted.delete(name)
    // On its way out of the catalogue, or about to be opened anew: nobody will ask what it held.
    if (isDoubted || this.#catalogue.find(name) !== name) {
      await shard.close().catch((error: unknown) => {
        this.#log.warn({ collection: name, err: error }, 'A shard did not close in order.')
      })
      return
    }
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
