import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { fail } from '../../domain/failure.ts'
import type { ArchiveHeader } from '../../domain/archive/archive.ts'
import {
  exists,
  linesIn,
  originalPath,
  partPaths,
  readJson,
  serverPaths,
} from './archive-folder.ts'
import type { DumpedNamespace } from './dump-namespace.ts'
import type { DumpedServer } from './dump-server.ts'
import type { Original } from './fetch-originals.ts'

/** `manifest.json`, written last: an archive without one is not whole. */
export interface Manifest extends Omit<ArchiveHeader, 'namespaces'> {
  begun_at: string
  ended_at: string
  server: DumpedServer
  namespaces: DumpedNamespace[]
  /** Each stands under its SHA-256. */
  originals: { count: number; size_bytes: number }
  /** Every other file but this one. */
  files: ArchiveFile[]
}

interface ArchiveFile {
  /** From the archive's folder, with slashes. */
  path: string
  size_bytes: number
  sha256: string
}

/** Reads every file of the archive but originals, and says what it holds. */
export async function describeFiles(folder: string): Promise<ArchiveFile[]> {
  const files: ArchiveFile[] = []
  for (const part of ['server', 'namespaces']) {
    if (!(await exists(join(folder, part)))) continue
    const entries = await readdir(join(folder, part), { recursive: true, withFileTypes: true })
    for (const entry of entries.filter((one) => one.isFile())) {
      const path = join(entry.parentPath, entry.name)
      files.push({ path: relative(folder, path).split(sep).join('/'), ...(await digestOf(path)) })
    }
  }
  return files.toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

/** Originals of the archive, each counted once. */
export async function countOriginals(folder: string): Promise<Manifest['originals']> {
  const originals = { count: 0, size_bytes: 0 }
  const path = join(folder, 'originals')
  if (!(await exists(path))) return originals
  for (const part of await readdir(path)) {
    for (const hash of await readdir(join(path, part))) {
      if (hash.endsWith('.part')) continue
      originals.count += 1
      originals.size_bytes += (await stat(join(path, part, hash))).size
    }
  }
  return originals
}

/** Lists of the originals that the archive names. */
export function originalLists(folder: string, namespaces: readonly { id: string }[]): string[] {
  return [
    serverPaths(folder).originals,
    ...namespaces.map(({ id }) => partPaths(folder, id).originals),
  ]
}

/** Throws `bad_request` where the folder holds no archive that is whole and unchanged. */
export async function readManifest(
  folder: string,
  onBytes: (checked: number, of: number) => void,
): Promise<Manifest> {
  const manifest = await readJson<Manifest>(join(folder, 'manifest.json'))
  if (!manifest) throw await noArchive(folder)
  const all = manifest.files.reduce((sum, file) => sum + file.size_bytes, 0)
  let checked = 0
  for (const file of manifest.files) {
    const path = join(folder, file.path)
    const found = (await exists(path)) ? await digestOf(path) : null
    if (found?.sha256 !== file.sha256) throw damaged(file.path, found === null)
    onBytes((checked += file.size_bytes), all)
  }
  for (const list of originalLists(folder, manifest.namespaces)) {
    for await (const lines of linesIn(list)) {
      for (const line of lines) {
        const { hash } = JSON.parse(line) as Original
        if (!(await exists(originalPath(folder, hash)))) throw damaged(`originals/${hash}`, true)
      }
    }
  }
  return manifest
}

async function digestOf(path: string): Promise<Omit<ArchiveFile, 'path'>> {
  const digest = createHash('sha256')
  let sizeBytes = 0
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    digest.update(chunk)
    sizeBytes += chunk.length
  }
  return { size_bytes: sizeBytes, sha256: digest.digest('hex') }
}

async function noArchive(folder: string) {
  const isBegun = await exists(join(folder, 'progress.json'))
  const reason = isBegun
    ? `The dump into ${folder} is not finished; nacre dump goes on with it.`
    : `${folder} holds no archive: there is no manifest.json.`
  return fail('bad_request', { reason })
}

function damaged(path: string, isAbsent: boolean) {
  const what = isAbsent ? 'is missing' : 'is not what the manifest says (SHA-256)'
  return fail('bad_request', {
    reason: `The archive is damaged: ${path} ${what}. Nothing was loaded.`,
  })
}
