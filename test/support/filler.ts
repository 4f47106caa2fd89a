import { open, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'

const blockBytes = 1 << 20

/** Bytes left for us on the file system of the folder. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}

/** Somebody else's file that takes the disk until no more than `leftBytes` are free. */
export async function fillDisk(folder: string, leftBytes: number): Promise<void> {
  const file = await open(join(folder, 'filler'), 'a')
  try {
    for (let free = await freeBytes(folder); free > leftBytes; free = await freeBytes(folder)) {
      const size = Math.min(blockBytes, free - leftBytes)
      const isTaken = await file.write(Buffer.alloc(size, 1)).then(
        () => true,
        () => false,
      )
      if (!isTaken) return
    }
  } finally {
    await file.close()
  }
}

export async function removeFiller(folder: string): Promise<void> {
  await rm(join(folder, 'filler'), { force: true })
}
