import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Ports } from '../../src/ports/ports.ts'

/** The names of what lies in the folder of originals, sorted; what is being written is none yet. */
export async function storedBlobs({ config }: Pick<Ports, 'config'>): Promise<string[]> {
  const folder = join(config.dataFolder, 'blobs')
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map(({ name }) => name)
  return files.filter((name) => /^[0-9a-f]{64}$/.test(name)).toSorted()
}
