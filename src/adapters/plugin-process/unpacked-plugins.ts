import { randomUUID } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { BlobStore } from '../../ports/blob-store.ts'
import { unpackArchive, type UnpackedArchive } from '../plugin-archive/unpack-archive.ts'
import type { ArchiveLimits } from '../plugin-archive/archive-limits.ts'
import { PluginEnded } from './plugin-ended.ts'

/** A plugin's code on disk; to be given back. */
export interface Unpacked extends AsyncDisposable {
  folder: string
  archive: UnpackedArchive
}

interface Kept {
  unpacking: Promise<Unpacked>
  users: number
}

/** Folders that nobody uses, kept for the next start. */
const unusedMax = 16

/**
 * Archives out of the blob store, unpacked and checked anew in each life of the server, once for all processes that
 * run one. What earlier lives left is removed with the first.
 */
export class UnpackedPlugins {
  readonly #folder: string
  readonly #blobs: BlobStore
  readonly #limits: ArchiveLimits
  readonly #kept = new Map<string, Kept>()

  constructor(folder: string, blobs: BlobStore, limits: ArchiveLimits) {
    this.#folder = folder
    this.#blobs = blobs
    this.#limits = limits
  }

  /** Throws `PluginEnded` for an archive that cannot be unpacked or is gone. */
  async take(archiveHash: string): Promise<Unpacked> {
    const kept = this.#kept.get(archiveHash) ?? { unpacking: this.unpack(archiveHash), users: 0 }
    // The one that was used last stands last.
    this.#kept.delete(archiveHash)
    this.#kept.set(archiveHash, kept)
    kept.users += 1
    try {
      const { folder, archive } = await kept.unpacking
      if (archive.errors.length > 0) throw new PluginEnded('started', archive.errors.join('; '))
      return { folder, archive, [Symbol.asyncDispose]: () => this.#giveBack(kept) }
    } catch (error) {
      this.#kept.delete(archiveHash)
      throw error
    }
  }

  /** For the caller alone, who removes it by disposing it. A bad archive is an answer, with no folder. */
  async unpack(archiveHash: string, signal?: AbortSignal): Promise<Unpacked> {
    const content = await this.#blobs.open(archiveHash, signal)
    if (content === null)
      throw new PluginEnded('started', 'its archive is gone from the blob store')
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const folder = join(this.#folder, randomUUID())
    const archive = await unpackArchive(content, folder, this.#limits, signal)
    return {
      folder,
      archive,
      [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
    }
  }

  async #giveBack(kept: Kept): Promise<void> {
    kept.users -= 1
    const unused = [...this.#kept].filter(([, { users }]) => users === 0)
    for (const [archiveHash, { unpacking }] of unused.slice(
      0,
      Math.max(0, unused.length - unusedMax),
    )) {
      this.#kept.delete(archiveHash)
      await (await unpacking)[Symbol.asyncDispose]()
    }
  }
}
