import { open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { DataFolderError } from './data-folder-error.ts'

export const formatFile = 'FORMAT'
const product = 'nacre'

/** What this process can read and writes. Null or absent: not used by it. */
export interface DataVersions {
  /** Grows when the folder's layout changes. */
  format: number
  postgresMajor?: number | null
  /** Version of Qdrant Edge, `0.9.0`. */
  edge?: string | null
}

const Format = z.looseObject({
  product: z.literal(product),
  format: z.int().min(1),
  postgresMajor: z.int().nullish(),
  edge: z.string().nullish(),
})
/** The FORMAT file: what wrote the folder (design 6). */
export type Format = z.infer<typeof Format>

/** Null where there is no such file. Throws `unknown` where it is not ours. */
export async function readFormat(folder: string): Promise<Format | null> {
  const text = await readFile(join(folder, formatFile), 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  })
  if (text === null) return null
  const parsed = Format.safeParse(parseJson(text))
  if (parsed.success) return parsed.data
  throw new DataFolderError(
    'unknown',
    `${join(folder, formatFile)} is not understood: the folder is of another product or damaged. Set NACRE_DATA to another folder, or restore this one from a backup.`,
  )
}

/** Throws `newer` or `unknown` where this process cannot read what is there. */
export function checkFormat(folder: string, found: Format, known: DataVersions): void {
  if (found.format > known.format)
    throw newer(folder, `data format ${found.format}`, `data format ${known.format}`)
  checkPostgres(folder, found.postgresMajor ?? null, known.postgresMajor ?? null)
  const [foundEdge, knownEdge] = [found.edge ?? null, known.edge ?? null]
  if (foundEdge !== null && knownEdge !== null && isLater(foundEdge, knownEdge)) {
    throw newer(folder, `Qdrant Edge ${foundEdge}`, knownEdge)
  }
}

/** PostgreSQL's files fit exactly one major version. */
function checkPostgres(folder: string, found: number | null, known: number | null): void {
  if (found === null || known === null || found === known) return
  if (found > known) throw newer(folder, `PostgreSQL ${found}`, `PostgreSQL ${known}`)
  throw new DataFolderError(
    'unknown',
    `${folder} was written by PostgreSQL ${found}, which PostgreSQL ${known} cannot read. Start the version of Nacre that wrote it, dump it there and load it into a new folder.`,
  )
}

/** Records what this process writes from now on; on disk when it returns. */
export async function writeFormat(
  folder: string,
  before: Format | null,
  known: DataVersions,
): Promise<Format> {
  const format: Format = {
    ...before,
    product,
    format: known.format,
    postgresMajor: known.postgresMajor ?? before?.postgresMajor ?? null,
    edge: known.edge ?? before?.edge ?? null,
  }
  const text = `${JSON.stringify(format, null, 2)}\n`
  if (before && text === `${JSON.stringify(before, null, 2)}\n`) return format
  await replaceFile(folder, formatFile, text)
  return format
}

async function replaceFile(folder: string, name: string, text: string): Promise<void> {
  const path = join(folder, name)
  const file = await open(`${path}.new`, 'w', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${path}.new`, path)
  const directory = await open(folder, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

function newer(folder: string, found: string, known: string): DataFolderError {
  return new DataFolderError(
    'newer',
    `${folder} was written by a newer version of Nacre (${found}; this one knows ${known}). Start that version or a later one, or set NACRE_DATA to another folder.`,
  )
}

/** `0.10.0` is later than `0.9.3`; what follows the numbers does not count. */
function isLater(a: string, b: string): boolean {
  const [left, right] = [a, b].map((version) => version.split(/[.+-]/, 3).map(Number))
  for (let i = 0; i < 3; i++) {
    const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0)
    if (difference !== 0) return difference > 0
  }
  return false
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
