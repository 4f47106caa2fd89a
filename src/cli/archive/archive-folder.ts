import { createReadStream } from 'node:fs'
import {
  mkdir,
  open,
  readFile,
  rename,
  rm,
  stat,
  truncate,
  type FileHandle,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { linesOf } from '../../domain/documents/lines.ts'

/** A file that is read a megabyte at a time. */
const readBytes = 1 << 20
/** Lines are as long as the server makes them. */
const lineBytesMax = 1 << 30

/** Null where it is absent. */
export async function readJson<T>(path: string): Promise<T | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T
  } catch (error) {
    if (isAbsent(error)) return null
    throw error
  }
}

/** Whole or not at all, whatever is killed meanwhile. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await using file = await createLines(path)
  await file.write([JSON.stringify(value, null, 2)])
  await file.close()
}

export async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null
}

/** The lines of a file, as many at a time as a read brings; nothing where it is absent. */
export async function* linesIn(path: string): AsyncGenerator<string[], void, undefined> {
  if (!(await exists(path))) return
  const chunks = createReadStream(path, { highWaterMark: readBytes })
  for await (const lines of linesOf(chunks, lineBytesMax)) {
    yield lines.map((line) => {
      if ('text' in line) return line.text
      throw new Error(`${path}:${line.number} ${line.reason}`)
    })
  }
}

export interface LineFile extends AsyncDisposable {
  write(lines: readonly string[]): Promise<void>
  /** Only then it stands under its name, and on the disk. */
  close(): Promise<void>
}

/** A file that has its name when it is closed; what was there before stays until then, and where it is only disposed. */
export async function createLines(path: string): Promise<LineFile> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const handle = await open(`${path}.part`, 'w', 0o600)
  return lineFile(handle, () => rename(`${path}.part`, path))
}

/** A file that grows, also over several lives of this program: what a kill left of a line is cut off. */
export async function appendLines(path: string): Promise<LineFile & { last: string | null }> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const last = await cutToLastLine(path)
  const handle = await open(path, 'a', 0o600)
  return { last, ...lineFile(handle, async () => {}) }
}

function lineFile(handle: FileHandle, onClosed: () => Promise<void>): LineFile {
  let isOpen = true
  return {
    async write(lines) {
      if (lines.length > 0) await handle.appendFile(`${lines.join('\n')}\n`)
    },
    async close() {
      await handle.sync()
      isOpen = false
      await handle.close()
      await onClosed()
    },
    async [Symbol.asyncDispose]() {
      if (isOpen) await handle.close()
    },
  }
}

export async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true, recursive: true })
}

export function partPaths(folder: string, namespaceId: string) {
  const own = join(folder, 'namespaces', namespaceId)
  return {
    own,
    /** What says that it is whole. */
    done: join(own, 'namespace.json'),
    points: join(own, 'points.ndjson'),
    jobs: join(own, 'jobs.ndjson'),
    originals: join(own, 'originals.ndjson'),
    table: (name: string) => join(own, 'tables', `${name}.ndjson`),
    /** What is gone when it is whole. */
    work: join(own, 'work'),
  }
}

export function serverPaths(folder: string) {
  const own = join(folder, 'server')
  return {
    done: join(own, 'server.json'),
    originals: join(own, 'originals.ndjson'),
    table: (name: string) => join(own, 'tables', `${name}.ndjson`),
  }
}

export function originalPath(folder: string, hash: string): string {
  return join(folder, 'originals', hash.slice(0, 2), hash)
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

/** Cuts off what follows the last line end, and answers the line before it. */
async function cutToLastLine(path: string): Promise<string | null> {
  const sizeBytes = (await stat(path).catch(() => null))?.size ?? 0
  if (sizeBytes === 0) return null
  const handle = await open(path, 'r')
  try {
    const end = await lastNewline(handle, sizeBytes)
    await truncate(path, end + 1)
    if (end < 0) return null
    const start = (await lastNewline(handle, end)) + 1
    const line = Buffer.alloc(end - start)
    await handle.read(line, 0, line.length, start)
    return line.toString('utf8')
  } finally {
    await handle.close()
  }
}

/** Where the last newline before `end` stands; -1 for nowhere. */
async function lastNewline(handle: FileHandle, end: number): Promise<number> {
  const block = Buffer.alloc(64 << 10)
  for (let to = end; to > 0; to -= block.length) {
    const from = Math.max(0, to - block.length)
    const { bytesRead } = await handle.read(block, 0, to - from, from)
    const found = block.subarray(0, bytesRead).lastIndexOf(10)
    if (found >= 0) return from + found
  }
  return -1
}
