import type { Shard } from '../../../edge/index.d.ts'
import type { DiskRoom } from '../../ports/disk-room.ts'
import type { CollectionFolders } from './collection-folders.ts'
import { edgeUnavailable, isEdgeError } from './edge-errors.ts'

/** How long a shard that could not be opened is not tried again: each try reads much of it. */
const againAfterMs = 5_000
/**
 * After so many deaths of the process while it opened a shard, one after the other, it is left shut: damaged files that
 * the engine reads through memory end the process, and with it every other namespace, at each start.
 */
const deathsMax = 3

interface Refusal {
  error: Error
  atMs: number
}

/** Opens shards; one that cannot be opened is told so for itself, and costs the others nothing. */
export class ShardOpenings {
  readonly #folders: CollectionFolders
  readonly #room: DiskRoom
  readonly #refusals = new Map<string, Refusal>()
  readonly #repairs = new Set<string>()

  constructor(folders: CollectionFolders, room: DiskRoom) {
    this.#folders = folders
    this.#room = room
  }

  /** Throws `engine_unavailable` with the reason, and what to do about it, where the shard cannot be opened. */
  async open(name: string, open: (path: string) => Promise<Shard>): Promise<Shard> {
    if (this.#repairs.has(name)) throw edgeUnavailable(`${name} is being repaired`)
    const refusal = this.#refusals.get(name)
    if (refusal && performance.now() - refusal.atMs < againAfterMs) throw refusal.error
    this.#refusals.delete(name)
    const deaths = await this.#folders.readOpening(name)
    if (deaths >= deathsMax) throw this.#refuse(name, `the process died ${deaths} times opening it`)
    await this.#folders.writeOpening(name, deaths + 1)
    try {
      return await open(this.#folders.shardPath(name))
    } catch (error) {
      throw await this.#failure(name, error)
    } finally {
      await this.#folders.removeOpening(name)
    }
  }

  /** Runs `repair` while nobody opens the shard; what was known of it before is no longer so. */
  async without<T>(name: string, repair: () => Promise<T>): Promise<T> {
    if (this.#repairs.has(name)) throw edgeUnavailable(`${name} is being repaired already`)
    this.#repairs.add(name)
    try {
      const result = await repair()
      this.#refusals.delete(name)
      await this.#folders.removeOpening(name)
      return result
    } finally {
      this.#repairs.delete(name)
    }
  }

  async #failure(name: string, error: unknown): Promise<unknown> {
    if (!isEdgeError(error) || error.code !== 'operation') return error
    // Opening writes; what a full disk keeps shut opens when there is room again.
    await this.#room.assertRoomToDelete()
    return this.#refuse(name, error.message, error)
  }

  #refuse(name: string, reason: string, cause?: unknown): Error {
    const namespaceId = name.replace(/_g\d+$/, '')
    // Who is told has no business with the places of files.
    const seen = reason.replaceAll(`${this.#folders.collectionPath(name)}/`, '')
    const told = `the documents of ${namespaceId} cannot be opened: ${seen}. Every other namespace goes on; \`nacre repair ${namespaceId}\` makes this one anew`
    const error = edgeUnavailable(told, cause)
    this.#refusals.set(name, { error, atMs: performance.now() })
    return error
  }
}
