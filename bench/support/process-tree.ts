import { readdir, readFile } from 'node:fs/promises'

/** Of `/proc/<pid>/stat`, on every Linux that Node runs on. */
const ticksPerSecond = 100

/** A process and all that descend from it. Shared pages count in parts: of two that share a page each has half. */
export interface TreeUsage extends Usage {
  processes: number
  /** Of the process itself. */
  root: Usage
}

export interface Usage {
  memoryBytes: number
  /** Of that what stands in no file, and cannot be dropped when memory is short. */
  anonymousBytes: number
  /** Since its start; of a tree, what those took that have ended, too. */
  cpuMs: number
  /** Of pages that came to differ from the disk; the kernel counts a page of up to 2 MiB for each byte. */
  dirtiedBytes: number
  /** Given to the kernel to write, to files, sockets and pipes; not what stands in mapped memory. */
  passedBytes: number
}

interface Process {
  pid: number
  parent: number
  cpuMs: number
}

/** Reads `/proc`; throws where there is none, or where it does not tell this user. */
export async function treeUsage(pid: number): Promise<TreeUsage> {
  const usages = await Promise.all(descendants(pid, await allProcesses()).map(usageOf))
  const [root] = usages
  if (!root) throw new Error(`There is no process ${pid}`)
  const sum = (of: (usage: Usage) => number) =>
    usages.reduce((total, usage) => total + of(usage), 0)
  return {
    processes: usages.length,
    root,
    memoryBytes: sum((usage) => usage.memoryBytes),
    anonymousBytes: sum((usage) => usage.anonymousBytes),
    cpuMs: sum((usage) => usage.cpuMs),
    dirtiedBytes: sum((usage) => usage.dirtiedBytes),
    passedBytes: sum((usage) => usage.passedBytes),
  }
}

function descendants(root: number, all: readonly Process[]): Process[] {
  const tree = all.filter(({ pid }) => pid === root)
  // Grows while it is walked.
  for (const { pid } of tree) tree.push(...all.filter(({ parent }) => parent === pid))
  return tree
}

async function allProcesses(): Promise<Process[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const all = await Promise.all(pids.map((pid) => readAlive(`/proc/${pid}/stat`)))
  return all.flatMap((text) => (text === null ? [] : parseStat(text)))
}

/** `pid (name) state ppid …`; the name may hold anything. Fields 14 to 17 are ticks, children waited for included. */
function parseStat(text: string): Process {
  const end = text.lastIndexOf(')')
  const fields = text.slice(end + 2).split(' ')
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
  return {
    pid: Number.parseInt(text, 10),
    parent: Number(fields[1]),
    cpuMs: (ticks * 1000) / ticksPerSecond,
  }
}

async function usageOf({ pid, cpuMs }: Process): Promise<Usage> {
  const rollup = (await readAlive(`/proc/${pid}/smaps_rollup`)) ?? ''
  const io = (await readAlive(`/proc/${pid}/io`)) ?? ''
  return {
    cpuMs,
    memoryBytes: lineOf(rollup, 'Pss') * 1024,
    anonymousBytes: lineOf(rollup, 'Pss_Anon') * 1024,
    dirtiedBytes: lineOf(io, 'write_bytes'),
    passedBytes: lineOf(io, 'wchar'),
  }
}

function lineOf(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0)
}

/** Null where the process has ended meanwhile. */
async function readAlive(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ESRCH') return null
    throw error
  }
}
