import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, open, rename, rm, writeFile, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { archiveBudget, type ArchiveBudget } from './archive-budget.ts'
import { ArchiveProblem, shown, type ArchiveEntry } from './archive-entry.ts'
import type { ArchiveLimits } from './archive-limits.ts'
import { entryNames, type EntryNames } from './entry-names.ts'
import { isLitter, readEntryPath } from './entry-path.ts'
import { findPluginFolder } from './find-plugin-folder.ts'
import { openArchive } from './open-archive.ts'

export interface UnpackedFile {
  /** Relative to the plugin's folder, with `/`. */
  path: string
  sizeBytes: number
  /** SHA-256, lower-case hex. */
  hash: string
}

export interface UnpackedArchive {
  /** Sorted by path; empty where there are errors. */
  files: readonly UnpackedFile[]
  /** SHA-256 over sorted paths and contents: packing again is no change. Null where there are errors. */
  codeHash: string | null
  /** Why the archive is refused; the folder does not exist then. */
  errors: readonly string[]
  warnings: readonly string[]
}

/** Enough to mend an archive by; the rest is counted in none. */
const errorsMax = 20

/**
 * Unpacks a plugin's .zip or .tar.gz into `folder`, which must not exist or be empty, whole or not at all
 * (plugin-contract 1.1-1.3). The archive is a path, its bytes, or a stream of them. A bad archive is an answer with
 * errors; throws only what the disk does, or the signal's reason.
 */
export async function unpackArchive(
  archive: string | Uint8Array | AsyncIterable<Uint8Array>,
  folder: string,
  limits: ArchiveLimits,
  signal?: AbortSignal,
): Promise<UnpackedArchive> {
  await mkdir(dirname(folder), { recursive: true })
  const work = await mkdtemp(`${folder}.unpack-`)
  try {
    const path = typeof archive === 'string' ? archive : join(work, 'archive')
    if (typeof archive !== 'string') await spool(archive, path, limits, signal)
    await using file = await open(path, 'r')
    return await unpackFile({ file, work, folder, limits, signal })
  } catch (error) {
    if (!(error instanceof ArchiveProblem)) throw error
    return { files: [], codeHash: null, errors: [error.message], warnings: [] }
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

interface Unpacking {
  file: FileHandle
  work: string
  folder: string
  limits: ArchiveLimits
  signal: AbortSignal | undefined
}

async function unpackFile(unpacking: Unpacking): Promise<UnpackedArchive> {
  const { file, work, folder, limits } = unpacking
  const { size } = await file.stat()
  refuseSize(size, limits)
  const content = join(work, 'content')
  await mkdir(content, { mode: 0o700 })
  const { files, errors } = await unpackEntries(unpacking, content, size)
  if (errors.length > 0) return { files: [], codeHash: null, errors, warnings: [] }
  const top = findPluginFolder(files.map(({ path }) => path))
  await rename(join(content, top), folder)
  return answer(files, top)
}

async function unpackEntries(
  { file, limits, signal }: Unpacking,
  content: string,
  archiveBytes: number,
): Promise<{ files: UnpackedFile[]; errors: string[] }> {
  const budget = archiveBudget(limits, archiveBytes, signal)
  const names = entryNames()
  const files: UnpackedFile[] = []
  const errors: string[] = []
  try {
    for await (const entry of openArchive(file, archiveBytes, limits)) {
      budget.entry()
      const place = placeOf(entry, names)
      if (place === null) continue
      if ('problem' in place) errors.push(`${shown(entry.name)} ${place.problem}`)
      if (errors.length >= errorsMax) break
      if ('problem' in place || errors.length > 0 || entry.kind === 'folder') continue
      budget.file()
      files.push(await writeEntry(entry, content, place.path, budget))
    }
  } catch (error) {
    signal?.throwIfAborted()
    errors.push(problemOf(error).message)
  }
  return { files, errors }
}

/** Where an entry goes; null for what is dropped. Links and paths out of the archive are refused in litter as well. */
function placeOf(entry: ArchiveEntry, names: EntryNames) {
  const read = readEntryPath(entry.name)
  if ('problem' in read) return read
  if (entry.refusal !== null) return { problem: entry.refusal }
  if (read.path === '') return entry.kind === 'folder' ? null : { problem: 'has no name' }
  if (isLitter(read.path)) return null
  const problem = names.add(read.path, entry.kind)
  return problem === null ? read : { problem }
}

/** Modes, owners and times of the archive are not taken over; `wx` never follows or replaces anything. */
async function writeEntry(
  entry: ArchiveEntry,
  content: string,
  path: string,
  budget: ArchiveBudget,
): Promise<UnpackedFile> {
  budget.announce(entry.sizeBytes)
  const target = join(content, path)
  await mkdir(dirname(target), { recursive: true, mode: 0o700 })
  await using file = await open(target, 'wx', 0o600)
  const hash = createHash('sha256')
  let sizeBytes = 0
  for await (const chunk of entry.content()) {
    budget.spend(chunk.length)
    hash.update(chunk)
    sizeBytes += chunk.length
    await file.writeFile(chunk)
  }
  return { path, sizeBytes, hash: hash.digest('hex') }
}

function answer(files: readonly UnpackedFile[], top: string): UnpackedArchive {
  const inside = files.filter(({ path }) => top === '' || path.startsWith(`${top}/`))
  const left = files.filter((file) => !inside.includes(file))
  const moved = inside.map((file) => ({
    ...file,
    path: file.path.slice(top === '' ? 0 : top.length + 1),
  }))
  const sorted = moved.toSorted((a, b) => (a.path < b.path ? -1 : 1))
  const warnings = left.map(({ path }) => `${shown(path)} is outside of ${shown(top)} and ignored`)
  return { files: sorted, codeHash: codeHashOf(sorted), errors: [], warnings }
}

function codeHashOf(sorted: readonly UnpackedFile[]): string {
  const hash = createHash('sha256')
  for (const { path, hash: content } of sorted) hash.update(`${content}  ${path}\n`)
  return hash.digest('hex')
}

/** Streams are written down first: a zip is read from its end. */
async function spool(
  archive: Uint8Array | AsyncIterable<Uint8Array>,
  path: string,
  limits: ArchiveLimits,
  signal: AbortSignal | undefined,
): Promise<void> {
  const chunks = archive instanceof Uint8Array ? [archive] : archive
  await writeFile(path, bounded(chunks, limits, signal), { flag: 'wx', mode: 0o600 })
}

async function* bounded(
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  limits: ArchiveLimits,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  let sizeBytes = 0
  for await (const chunk of chunks) {
    signal?.throwIfAborted()
    sizeBytes += chunk.length
    refuseSize(sizeBytes, limits)
    yield chunk
  }
}

function refuseSize(sizeBytes: number, { archiveBytesMax }: ArchiveLimits): void {
  if (sizeBytes > archiveBytesMax)
    throw new ArchiveProblem(
      `the archive has at least ${sizeBytes} bytes; at most ${archiveBytesMax} (NACRE_PLUGIN_ARCHIVE_BYTES_MAX)`,
    )
}

/** What a reader says of bad bytes is the archive's fault; what names a system call is the disk's. */
function problemOf(error: unknown): ArchiveProblem {
  if (error instanceof ArchiveProblem) return error
  if (!(error instanceof Error) || error instanceof TypeError || 'syscall' in error) throw error
  return new ArchiveProblem(`the archive cannot be read: ${error.message}`, { cause: error })
}
