import { mkdir, open, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib'
import type { Answer } from './server.ts'

/** A data folder that some version left behind, in one file: `test/fixtures/folder-<schema>.br`. */
export interface KeptFolder {
  /** A key that is no first key. */
  key: string
  /** What that version answered. */
  answers: Answer
  /** In the order of their contents; a folder, which may be empty, has no size. */
  entries: { path: string; mode: number; size?: number }[]
}

/** Its engines write each page in several places and leave holes: looking far back makes 70 MB one and a half. */
const farWindow = {
  [constants.BROTLI_PARAM_LARGE_WINDOW]: 1,
  [constants.BROTLI_PARAM_LGWIN]: 30,
}
/** PostgreSQL writes it at each start, with the paths of the machine. */
const startOptions = 'postmaster.opts'
const pageBytes = 65_536
const emptyPage = Buffer.alloc(pageBytes)

/** Of a server that was stopped: a line that says what is in it, then what is in each file. */
export async function keepFolder(
  folder: string,
  path: string,
  kept: Omit<KeptFolder, 'entries'>,
): Promise<void> {
  const entries: KeptFolder['entries'] = []
  const contents: Buffer[] = []
  const all = await readdir(folder, { recursive: true })
  for (const entry of all.filter((name) => basename(name) !== startOptions).toSorted()) {
    const found = await stat(join(folder, entry))
    const mode = found.mode & 0o777
    if (found.isDirectory()) entries.push({ path: entry, mode })
    else {
      const content = await readFile(join(folder, entry))
      entries.push({ path: entry, mode, size: content.length })
      contents.push(content)
    }
  }
  const header = Buffer.from(`${JSON.stringify({ ...kept, entries } satisfies KeptFolder)}\n`)
  await writeFile(
    path,
    brotliCompressSync(Buffer.concat([header, ...contents]), { params: farWindow }),
  )
}

/** Makes the folder, as its server left it. */
export async function unpackFolder(path: string, folder: string): Promise<KeptFolder> {
  const packed = brotliDecompressSync(await readFile(path), {
    params: { [constants.BROTLI_DECODER_PARAM_LARGE_WINDOW]: 1 },
  })
  let at = packed.indexOf('\n') + 1
  const kept = JSON.parse(packed.toString('utf8', 0, at)) as KeptFolder
  await mkdir(folder, { mode: 0o700 })
  for (const { path: name, mode, size } of kept.entries) {
    if (size === undefined) await mkdir(join(folder, name), { mode })
    else await writeSparse(join(folder, name), mode, packed.subarray(at, (at += size)))
  }
  return kept
}

/** Pages of zeros stay holes, as they were: what an engine reserves takes no room. */
async function writeSparse(path: string, mode: number, content: Buffer): Promise<void> {
  const file = await open(path, 'wx', mode)
  try {
    await file.truncate(content.length)
    for (let at = 0; at < content.length; at += pageBytes) {
      const page = content.subarray(at, at + pageBytes)
      if (!page.equals(emptyPage.subarray(0, page.length)))
        await file.write(page, 0, page.length, at)
    }
  } finally {
    await file.close()
  }
}
