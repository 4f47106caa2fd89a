import { createReadStream, createWriteStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { pack, type Pack } from 'tar-stream'
import { fail } from '../../domain/failure.ts'

/** A plugin's folder as one `.tar.gz`. */
export interface PackedFolder {
  /** Of the archive. */
  path: string
  sizeBytes: number
  /** Inside the folder, sorted. */
  files: string[]
}

/** What belongs to the author's tools, and never to the plugin. */
const leftOut = /^(\..*|__pycache__|__MACOSX|node_modules|venv|.*\.pyc|.*\.egg-info)$/

/**
 * Packs everything but the tools' own; the same files make the same bytes. Throws `bad_request` where the folder lacks
 * manifest.py or pipeline.py at its root, has too many files, or holds a link: archives with these are refused
 * (plugin-contract 1.2, 1.3).
 */
export async function packFolder(
  folder: string,
  target: string,
  filesMax: number,
): Promise<PackedFolder> {
  // First, for a wrong folder may be somebody's whole home.
  await requireParts(folder)
  const files = (await filesIn(folder, folder, filesMax)).toSorted()
  const archive = pack()
  await Promise.all([
    addFiles(archive, folder, files),
    pipeline(archive, createGzip(), createWriteStream(target)),
  ])
  return { path: target, sizeBytes: (await stat(target)).size, files }
}

async function requireParts(folder: string): Promise<void> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw fail('bad_request', { reason: `${folder} is no folder that can be read.` }, { cause })
  })
  for (const needed of ['manifest.py', 'pipeline.py']) {
    if (!names.includes(needed)) throw notAPlugin(folder, needed)
  }
}

async function filesIn(root: string, folder: string, filesMax: number): Promise<string[]> {
  const files: string[] = []
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (leftOut.test(entry.name)) continue
    const path = join(folder, entry.name)
    const name = relative(root, path).split(sep).join('/')
    if (entry.isDirectory()) files.push(...(await filesIn(root, path, filesMax)))
    else if (entry.isFile()) files.push(name)
    else throw fail('bad_request', { reason: `${name} is a link or a device; put a file there.` })
    if (files.length > filesMax) {
      const reason = `${root} has more than ${filesMax} files; a plugin's archive may not.`
      throw fail('bad_request', { reason })
    }
  }
  return files
}

async function addFiles(archive: Pack, folder: string, files: readonly string[]): Promise<void> {
  for (const name of files) {
    const path = join(folder, name)
    const { size } = await stat(path)
    // Times and owners are of no interest to a server, and would make each archive another one.
    const entry = archive.entry({ name, size, mode: 0o644, mtime: new Date(0) })
    await pipeline(createReadStream(path), entry)
  }
  archive.finalize()
}

function notAPlugin(folder: string, missing: string) {
  return fail('bad_request', {
    reason: `${folder} has no ${missing}; is it a plugin's folder?`,
    hint: 'nacre plugin init <folder> writes one to start from.',
  })
}
