import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CollectionDescription } from '../../ports/vector-engine.ts'
import { exists, readIfThere, removeDurably, renameDurably, replaceFile } from './durable-files.ts'

/** What is known of a collection whose shard was closed in order: it answers without opening it. */
export interface CollectionSummary {
  points: number
  description: CollectionDescription
}

/**
 * The files of the collections: `collections/<name>/shard` is the engine's, `summary.json` beside it ours.
 * A collection appears and disappears by one rename; what a crash leaves stands in `leftovers` and goes
 * at the next start. `broken/<name>` is what a repair found, kept for who wants to look.
 */
export class CollectionFolders {
  readonly #collections: string
  readonly #leftovers: string
  readonly #broken: string

  constructor(folder: string) {
    this.#collections = join(folder, 'collections')
    this.#leftovers = join(folder, 'leftovers')
    this.#broken = join(folder, 'broken')
  }

  /** Makes the folders, clears leftovers, and answers the names of the collections. */
  async prepare(): Promise<string[]> {
    await rm(this.#leftovers, { recursive: true, force: true, maxRetries: 20 })
    await mkdir(this.#leftovers, { recursive: true })
    await mkdir(this.#collections, { recursive: true })
    return readdir(this.#collections)
  }

  /** With everything of one collection. */
  collectionPath(name: string): string {
    return join(this.#collections, name)
  }

  shardPath(name: string): string {
    return join(this.collectionPath(name), 'shard')
  }

  /** `make` is given an absent path to make the shard at. Killed at any point: all of it or none. */
  async create(name: string, make: (path: string) => Promise<void>): Promise<void> {
    const fresh = this.#newLeftover()
    await mkdir(fresh)
    try {
      await make(join(fresh, 'shard'))
      await renameDurably(fresh, join(this.#collections, name))
    } catch (error) {
      await rm(fresh, { recursive: true, force: true, maxRetries: 20 })
      throw error
    }
  }

  /** Killed at any point: all of it or none, once the rename is done none. */
  async remove(name: string): Promise<void> {
    const doomed = this.#newLeftover()
    await renameDurably(join(this.#collections, name), doomed)
    await rm(doomed, { recursive: true, force: true, maxRetries: 20 })
    await rm(this.brokenPath(name), { recursive: true, force: true, maxRetries: 20 })
  }

  async hasShard(name: string): Promise<boolean> {
    return await exists(this.shardPath(name))
  }

  /** Where a broken shard is kept, the last of each collection. */
  brokenPath(name: string): string {
    return join(this.#broken, name)
  }

  /** The collection has no shard then, until `replaceShard` gives it one. */
  async setShardAside(name: string): Promise<void> {
    await mkdir(this.#broken, { recursive: true })
    await rm(this.brokenPath(name), { recursive: true, force: true, maxRetries: 20 })
    await this.forgetSummary(name)
    await renameDurably(this.shardPath(name), this.brokenPath(name))
  }

  /** `make` is given an absent path to make the shard at. Killed at any point: all of it or none. */
  async replaceShard<T>(name: string, make: (path: string) => Promise<T>): Promise<T> {
    const fresh = this.#newLeftover()
    await mkdir(fresh)
    try {
      const made = await make(join(fresh, 'shard'))
      await renameDurably(join(fresh, 'shard'), this.shardPath(name))
      return made
    } finally {
      await rm(fresh, { recursive: true, force: true, maxRetries: 20 })
    }
  }

  /** Null unless the shard was closed in order and not opened since. */
  async readSummary(name: string): Promise<CollectionSummary | null> {
    const text = await readIfThere(this.#summaryPath(name))
    return text === null ? null : JSON.parse(text)
  }

  async writeSummary(name: string, summary: CollectionSummary): Promise<void> {
    await replaceFile(this.#summaryPath(name), JSON.stringify(summary))
  }

  /** Must be done before the shard can change: a summary that outlives a power cut would lie. */
  async forgetSummary(name: string): Promise<void> {
    await removeDurably(this.#summaryPath(name))
  }

  /** How often the process died while it opened the shard, since it was last opened. */
  async readOpening(name: string): Promise<number> {
    return Number((await readIfThere(this.#openingPath(name))) ?? 0) || 0
  }

  /** Against the death of the process, not of the power; a full disk keeps no count. */
  async writeOpening(name: string, deaths: number): Promise<void> {
    await writeFile(this.#openingPath(name), String(deaths)).catch(() => undefined)
  }

  async removeOpening(name: string): Promise<void> {
    await rm(this.#openingPath(name), { force: true }).catch(() => undefined)
  }

  #openingPath(name: string): string {
    return join(this.#collections, name, 'opening')
  }

  #summaryPath(name: string): string {
    return join(this.#collections, name, 'summary.json')
  }

  #newLeftover(): string {
    return join(this.#leftovers, randomUUID())
  }
}
