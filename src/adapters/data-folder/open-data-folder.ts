import { mkdir, readdir, realpath } from 'node:fs/promises'
import { attachmentFile, holdAttachment } from './attachment.ts'
import { DataFolderError } from './data-folder-error.ts'
import { checkFormat, formatFile, readFormat, writeFormat } from './format.ts'
import type { DataVersions, Format } from './format.ts'
import { holderFile, lockFile, takeLock } from './lock.ts'

export interface DataFolder extends AsyncDisposable {
  /** Absolute, without symlinks. */
  path: string
  format: Format
}

/** What an earlier start may have left before it wrote FORMAT, and what file systems put into an empty folder. */
const harmless: readonly string[] = [
  lockFile,
  holderFile,
  attachmentFile,
  `${formatFile}.new`,
  'lost+found',
  '.DS_Store',
]

/**
 * Makes or opens the data folder, and holds it until it is disposed or this process dies: a second process is
 * refused. Throws `DataFolderError` before anything in it is opened or changed.
 */
export async function openDataFolder(path: string, versions: DataVersions): Promise<DataFolder> {
  const folder = await makeFolder(path)
  // Twice: here so that a stranger's folder is left untouched, below since another process may just have written it.
  await check(folder, versions)
  const lock = await takeLock(folder)
  try {
    const known = await check(folder, versions)
    const format = await writeFormat(folder, known, versions)
    return {
      path: folder,
      format,
      [Symbol.asyncDispose]: async () => lock.release(),
    }
  } catch (error) {
    lock.release()
    throw error
  }
}

/**
 * Opens the folder beside whoever else uses it, the owner of its engines among them, and says so until it is disposed
 * or this process dies. Throws `DataFolderError` as `openDataFolder` does, but for `locked`.
 */
export async function attachDataFolder(path: string, versions: DataVersions): Promise<DataFolder> {
  const folder = await makeFolder(path)
  const before = await check(folder, versions)
  const attachment = holdAttachment(folder)
  try {
    const format = before ?? (await writeFormat(folder, null, versions))
    return { path: folder, format, [Symbol.asyncDispose]: async () => attachment.release() }
  } catch (error) {
    attachment.release()
    throw error
  }
}

async function makeFolder(path: string): Promise<string> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
    return await realpath(path)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new DataFolderError(
      'unknown',
      `${path} cannot be used as a data folder (${reason}). Set NACRE_DATA to a folder that this user may write.`,
      { cause },
    )
  }
}

async function check(folder: string, versions: DataVersions): Promise<Format | null> {
  const format = await readFormat(folder)
  if (format) checkFormat(folder, format, versions)
  else await checkEmpty(folder)
  return format
}

async function checkEmpty(folder: string): Promise<void> {
  const strangers = (await readdir(folder)).filter((name) => !harmless.includes(name))
  if (strangers.length === 0) return
  throw new DataFolderError(
    'unknown',
    `${folder} holds files (${strangers.slice(0, 3).join(', ')}) but no ${formatFile}: it is no data folder of Nacre. Set NACRE_DATA to an empty folder, or to one that Nacre made.`,
  )
}
