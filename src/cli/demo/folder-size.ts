import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** Bytes that the files below take on disk (blocks, not lengths: the WAL is sparse). */
export async function folderSize(folder: string): Promise<number> {
  let sum = 0
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const found = await stat(join(entry.parentPath, entry.name)).catch(() => null)
    sum += (found?.blocks ?? 0) * 512
  }
  return sum
}
