import { readFile, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { DataFolderError } from './data-folder-error.ts'

export const lockFile = 'lock'
export const holderFile = 'lock.json'

const Holder = z.object({ pid: z.number(), host: z.string(), startedAt: z.string() })
type Holder = z.infer<typeof Holder>

export interface FolderLock {
  release(): void
}

/** SQLite's word for "another connection holds the lock". */
const busy = 5

/**
 * Takes the folder's lock. It is the kernel's own (fcntl, through SQLite): it ends with the process that holds it,
 * however that ends, so no lock is ever stale, no reused process id is mistaken for its holder, and a container that
 * comes back under another name is not shut out. The file beside it only says who, for the message.
 * Throws `locked`.
 */
export async function takeLock(folder: string): Promise<FolderLock> {
  const database = new DatabaseSync(join(folder, lockFile), { timeout: 0 })
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if (isBusy(error)) throw await lockedError(folder, error)
    throw error
  }
  const startedAt = new Date(Date.now() - process.uptime() * 1000).toISOString()
  const holder: Holder = { pid: process.pid, host: hostname(), startedAt }
  await writeFile(join(folder, holderFile), `${JSON.stringify(holder)}\n`, { mode: 0o600 })
  return { release: () => database.isOpen && database.close() }
}

/** SQLite's word for a lock that another connection holds. */
export function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === busy
}

async function lockedError(folder: string, cause: unknown): Promise<DataFolderError> {
  const holder = await readHolder(folder)
  const who = holder
    ? ` (process ${holder.pid} on ${holder.host}, started ${holder.startedAt})`
    : ''
  return new DataFolderError(
    'locked',
    `${folder} is in use by another Nacre${who}. Stop that one, or set NACRE_DATA to another folder.`,
    { cause },
  )
}

/** Null where the holder has not written it yet. */
async function readHolder(folder: string): Promise<Holder | null> {
  try {
    return Holder.parse(JSON.parse(await readFile(join(folder, holderFile), 'utf8')))
  } catch {
    return null
  }
}
