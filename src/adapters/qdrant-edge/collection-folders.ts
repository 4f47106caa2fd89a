import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { CollectionDescription } from '../../ports/vector-engine.ts'
import { readIfThere, removeDurably, renameDurably, replaceFile } from './durable-files.ts'

/** What is known of a collection whose shard was closed in order: it answers without opening it. */
export interface CollectionSummary {
  points: number
  description: CollectionDescription
}

/**
 * The files of the collections: `collections/<name>/shard` is the engine's, `summary.json` beside it ours.
 * A collection appears and disappears by one rename; what a crash leaves stands in `leftovers` and goes
 * at the next start.
 */
export class CollectionFolders {
  readonly #collections: string
  readonly #leftovers: string

  constructor(folder: string) {
    this.#collections = join(folder, 'collections')
    this.#leftovers = join(folder, 'leftovers')
  }

  /** Makes the folders, clears leftovers, and answers the names of the collections. */
  async prepare(): Promise<string[]> {
    await rm(this.#leftovers, { recursive: true, force: true, maxRetries: 20 })
    await mkdir(this.#leftovers, { recursive: true })
    await mkdir(this.#collections, { recursive: true })
    return readdir(this.#collections)
  }

  shardPath(name: string): string {
    return join(this.#collections, name, 'shard')
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

  #summaryPath(name: string): string {
    return join(this.#collections, name, 'summary.json')
  }

  #newLeftover(): string {
    return join(this.#leftovers, randomUUID())
  }
}
