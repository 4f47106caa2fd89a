import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { isBusy } from './lock.ts'

export const attachmentFile = 'attached.lock'

/** The owner looks for a moment only; who comes just then waits. */
const waitMs = 5_000

export interface Attachment {
  release(): void
}

/**
 * Says that this process uses the folder beside others: a shared lock of the kernel, which ends with the process
 * however that ends. Any number hold it at once.
 */
export function holdAttachment(folder: string): Attachment {
  const database = new DatabaseSync(join(folder, attachmentFile), { timeout: waitMs })
  try {
    database.exec('BEGIN; SELECT 1 FROM sqlite_schema')
  } catch (error) {
    database.close()
    throw error
  }
  return { release: () => database.isOpen && database.close() }
}

/** Runs `work` while nobody is attached and nobody can become so; false, without running it, where somebody is. */
export async function whileNobodyAttached(
  folder: string,
  work: () => Promise<void>,
): Promise<boolean> {
  const database = new DatabaseSync(join(folder, attachmentFile), { timeout: 0 })
  try {
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    await work()
    return true
  } catch (error) {
    if (isBusy(error)) return false
    throw error
  } finally {
    database.close()
  }
}
