import { createHash, randomBytes } from 'node:crypto'
import {
  access,
  constants,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
} from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fail, isFailure } from '../../domain/failure.ts'
import type { BlobStore, StoredBlob } from '../../ports/blob-store.ts'
import { boundless, type DiskRoom } from '../../ports/disk-room.ts'

/** Read and written in pieces of this size. */
const chunkBytes = 256 * 1024
const incoming = 'incoming'
/** What a killed process left unfinished; another process may still write what is younger. */
const abandonedMs = 24 * 3600 * 1000

/**
 * Originals as files in `folder`: `ab/cd/abcd…`, named by the SHA-256 of their bytes. A blob is written beside its
 * place, synced and renamed into it, so what is there is whole. Throws `storage_unavailable`.
 */
export async function openFsBlobs(folder: string, room: DiskRoom = boundless): Promise<BlobStore> {
  const store = new FsBlobs(folder, room)
  await store.sweep()
  return store
}

class FsBlobs implements BlobStore {
  readonly kind = 'folder'
  readonly #folder: string
  readonly #room: DiskRoom

  constructor(folder: string, room: DiskRoom) {
    this.#folder = folder
    this.#room = room
  }

  async put(
    content: Uint8Array | AsyncIterable<Uint8Array>,
    signal?: AbortSignal,
  ): Promise<StoredBlob> {
    const temporary = join(this.#folder, incoming, randomBytes(12).toString('hex'))
    try {
      const written = await writeHashed(temporary, content, this.#room, signal)
      await onDisk(settle(temporary, pathOf(this.#folder, written.hash)))
      return written
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {})
      throw error
    }
  }

  async read(hash: string, signal?: AbortSignal): Promise<Uint8Array | null> {
    const path = this.#pathOf(hash)
    return path === null ? null : await onDisk(readFile(path, { signal }).catch(nullIfAbsent))
  }

  async open(hash: string, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array> | null> {
    const path = this.#pathOf(hash)
    if (path === null || (await onDisk(readable(path))) === null) return null
    return chunksOf(path, signal)
  }

  async has(hash: string): Promise<boolean> {
    const path = this.#pathOf(hash)
    return path !== null && (await onDisk(stat(path).catch(nullIfAbsent))) !== null
  }

  async delete(hash: string): Promise<void> {
    const path = this.#pathOf(hash)
    if (path !== null) await onDisk(rm(path, { force: true }))
  }

  async ping(): Promise<void> {
    await onDisk(access(join(this.#folder, incoming), constants.R_OK | constants.W_OK))
  }

  async sweep(): Promise<void> {
    await onDisk(sweep(join(this.#folder, incoming)))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Holds nothing open between calls.
  }

  /** Null for a name that is no hash: it names no file, whatever it holds. */
  #pathOf(hash: string): string | null {
    return /^[0-9a-f]{64}$/.test(hash) ? pathOf(this.#folder, hash) : null
  }
}

function pathOf(folder: string, hash: string): string {
  return join(folder, hash.slice(0, 2), hash.slice(2, 4), hash)
}

/** The same bytes twice are one file: the second is renamed over the first. */
async function settle(temporary: string, target: string): Promise<void> {
  const folder = dirname(target)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await rename(temporary, target)
  await sync(folder)
  await sync(dirname(folder))
}

async function sweep(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  for (const name of await readdir(folder)) {
    const { mtimeMs } = await stat(join(folder, name))
    if (Date.now() - mtimeMs > abandonedMs) await rm(join(folder, name), { force: true })
  }
}

async function writeHashed(
  path: string,
  content: Uint8Array | AsyncIterable<Uint8Array>,
  room: DiskRoom,
  signal?: AbortSignal,
): Promise<StoredBlob> {
  const hash = createHash('sha256')
  let sizeBytes = 0
  const file = await onDisk(open(path, 'wx', 0o600))
  try {
    for await (const chunk of content instanceof Uint8Array ? [content] : content) {
      signal?.throwIfAborted()
      hash.update(chunk)
      sizeBytes += chunk.byteLength
      await withRoom(room.assertRoom(chunk.byteLength))
      await onDisk(writeWhole(file, chunk))
    }
    signal?.throwIfAborted()
    await onDisk(file.sync())
  } finally {
    await file.close()
  }
  return { hash: hash.digest('hex'), sizeBytes }
}

/** A disk that is nearly full may take a part of a write. */
async function writeWhole(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let offset = 0; offset < chunk.byteLength;) {
    offset += (await file.write(chunk, offset)).bytesWritten
  }
}

/** Opened by whoever reads: what nobody reads holds no file. */
async function* chunksOf(path: string, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const file = await onDisk(open(path, 'r'))
  try {
    for (;;) {
      signal?.throwIfAborted()
      const { bytesRead, buffer } = await onDisk(file.read({ buffer: new Uint8Array(chunkBytes) }))
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await file.close()
  }
}

/** Null where there is no such file. */
async function readable(path: string): Promise<true | null> {
  return await access(path, constants.R_OK).then(() => true as const, nullIfAbsent)
}

async function sync(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EACCES: 'this user may not use the folder',
  EPERM: 'this user may not use the folder',
  EIO: 'the disk reports an error',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
  ENOTDIR: 'a file stands where a folder should be',
  ENOENT: 'the folder is gone',
}

/** Only what the disk says becomes a failure; what the caller's stream throws, and an abort, pass unchanged. */
async function onDisk<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    const code = codeOf(error)
    const reason = code === null ? undefined : reasons[code]
    if (reason === undefined) throw error
    throw fail('storage_unavailable', { reason: `${reason} (${code})` }, { cause: error })
  }
}

/** A disk that others need as well is left before it is full. */
async function withRoom(asked: Promise<void>): Promise<void> {
  try {
    await asked
  } catch (error) {
    if (!isFailure(error, 'disk_unavailable')) throw error
    throw fail('storage_unavailable', { reason: error.detail.reason }, { cause: error })
  }
}

function nullIfAbsent(error: unknown): null {
  if (codeOf(error) === 'ENOENT') return null
  throw error
}

function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : null
}
