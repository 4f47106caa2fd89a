import { access, constants, statfs } from 'node:fs/promises'
import { performance } from 'node:perf_hooks'
import { fail } from '../../domain/failure.ts'
import type { DiskRoom } from '../../ports/disk-room.ts'

/** What was seen is held true for so long: writers ask thousands of times a second. */
const seenMs = 100
/** What deletes may use of the reserve; the rest is the database's, which has to write to go on at all. */
const deletionShare = 3 / 4

interface Seen {
  freeBytes: number
  /** Null where it can be written. */
  obstacle: string | null
}

/** Looks at the file system of the folder, which exists. */
export function openDiskRoom(folder: string, reserveBytes: number): DiskRoom {
  return new FolderRoom(folder, reserveBytes)
}

class FolderRoom implements DiskRoom {
  readonly #folder: string
  readonly #reserveBytes: number
  #seen: Promise<Seen> | null = null
  #seenAtMs = 0

  constructor(folder: string, reserveBytes: number) {
    this.#folder = folder
    this.#reserveBytes = reserveBytes
  }

  async assertRoom(growthBytes = 0): Promise<void> {
    await this.#assertLeft(this.#reserveBytes, growthBytes)
  }

  async assertRoomToDelete(): Promise<void> {
    await this.#assertLeft(this.#reserveBytes * (1 - deletionShare), 0)
  }

  async #assertLeft(keptBytes: number, growthBytes: number): Promise<void> {
    const { freeBytes, obstacle } = await this.#look()
    if (obstacle !== null) throw fail('disk_unavailable', { reason: obstacle })
    if (freeBytes - growthBytes >= keptBytes) return
    throw fail('disk_unavailable', { reason: shortage(freeBytes, this.#reserveBytes, growthBytes) })
  }

  #look(): Promise<Seen> {
    const now = performance.now()
    if (this.#seen && now - this.#seenAtMs < seenMs) return this.#seen
    this.#seenAtMs = now
    this.#seen = look(this.#folder)
    return this.#seen
  }
}

async function look(folder: string): Promise<Seen> {
  try {
    const { bavail, bsize, files, ffree } = await statfs(folder)
    await access(folder, constants.W_OK)
    // File systems without a fixed number of files say that they have none at all.
    const obstacle =
      files > 0 && ffree === 0 ? 'the file system of the data folder takes no more files' : null
    return { freeBytes: bavail * bsize, obstacle }
  } catch (error) {
    return { freeBytes: 0, obstacle: obstacleOf(error) }
  }
}

function obstacleOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
  const sentences: Readonly<Record<string, string>> = {
    EROFS: 'the file system of the data folder is read-only',
    EACCES: 'this user may not write in the data folder',
    ENOENT: 'the data folder is gone',
    EIO: 'the disk of the data folder reports an error',
  }
  return `${sentences[code] ?? 'the data folder cannot be written'} (${code})`
}

function shortage(freeBytes: number, reserveBytes: number, growthBytes: number): string {
  const wanted = growthBytes > 0 ? `, ${megabytes(growthBytes)} more are needed` : ''
  return `the disk of the data folder has ${megabytes(freeBytes)} left${wanted}, and ${megabytes(reserveBytes)} are kept free (NACRE_DISK_RESERVE_BYTES); make room on it, or delete documents or namespaces`
}

function megabytes(bytes: number): string {
  return `${Math.floor(bytes / 1e6)} MB`
}
