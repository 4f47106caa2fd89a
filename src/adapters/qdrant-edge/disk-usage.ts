import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** `stat` counts blocks of this size, whatever the file system's own are. */
const blockBytes = 512

/** What a folder takes of its disk: holes in its files take nothing, files that go meanwhile count as gone. */
export async function diskUsage(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  let bytes = 0
  for (const entry of entries) {
    if (!entry.isFile()) continue
    const found = await stat(join(entry.parentPath, entry.name)).catch(() => null)
    bytes += (found?.blocks ?? 0) * blockBytes
  }
  return bytes
}
