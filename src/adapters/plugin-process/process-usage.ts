import { lstat, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface Usage {
  memoryBytes: number
  threads: number
  /** Of all threads, ended ones included, since the start. */
  cpuMs: number
}

/** Linux answers in hundredths of a second, whatever its own clock is (`sysconf(_SC_CLK_TCK)`). */
const msPerTick = 10

/** What a process uses now; null where it is gone. */
export async function readUsage(pid: number): Promise<Usage | null> {
  try {
    const [status, stat] = await Promise.all([
      readFile(`/proc/${pid}/status`, 'latin1'),
      readFile(`/proc/${pid}/stat`, 'latin1'),
    ])
    // The name in parentheses is the program's own choice and may hold anything, spaces and parentheses included.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return {
      memoryBytes: lineOf(status, 'VmRSS') * 1024,
      threads: lineOf(status, 'Threads'),
      cpuMs: (Number(fields[11]) + Number(fields[12])) * msPerTick,
    }
  } catch {
    return null
  }
}

function lineOf(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(status)?.[1] ?? 0)
}

/** Looked at once; a folder of more counts as full. */
const entriesMax = 20_000

/** Bytes on disk of all files below a folder that a stranger may be writing; infinite where they are too many to count. */
export async function folderBytes(folder: string): Promise<number> {
  let bytes = 0
  let entries = 0
  const folders = [folder]
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    for (const entry of await readdir(next, { withFileTypes: true }).catch(() => [])) {
      entries += 1
      if (entries > entriesMax) return Number.POSITIVE_INFINITY
      const path = join(next, entry.name)
      if (entry.isDirectory()) folders.push(path)
      else bytes += await sizeOf(path)
    }
  }
  return bytes
}

async function sizeOf(path: string): Promise<number> {
  try {
    const { size, blocks } = await lstat(path)
    return Math.min(size, blocks * 512)
  } catch {
    return 0
  }
}
