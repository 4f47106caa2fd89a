import { chmod, mkdtemp, readFile, rm, statfs } from 'node:fs/promises'
import { freemem, tmpdir } from 'node:os'
import { join } from 'node:path'

const memoryFolder = '/dev/shm'
/** `statfs` says so of a file system in memory (Linux, magic.h). */
const tmpfsType = 0x0102_1994
/** What the tests hold at once is a small part of it. */
const roomMin = 4 * 2 ** 30

/**
 * A folder for all files of a run of tests, gone with all that they left when it is disposed. It is in memory where the
 * machine has a place and room for that and `TMPDIR` names no other: tests make hundreds of databases and shards, and on
 * a disk a third of their time goes into creating and deleting files.
 */
export async function openScratchFolder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(await parentFolder(), 'nacre-run-'))
  // As in /tmp: some tests run programs as another user, who has to reach what is below.
  await chmod(path, 0o755)
  const options = { recursive: true, force: true, maxRetries: 20 }
  return { path, [Symbol.asyncDispose]: () => rm(path, options) }
}

async function parentFolder(): Promise<string> {
  if (process.env['TMPDIR'] !== undefined || freemem() < 2 * roomMin) return tmpdir()
  return (await hasRoom()) && !(await refusesPrograms()) ? memoryFolder : tmpdir()
}

async function hasRoom(): Promise<boolean> {
  const stats = await statfs(memoryFolder).catch(() => null)
  return stats?.type === tmpfsType && stats.bavail * stats.bsize >= roomMin
}

/** Plugins' environments hold programs. */
async function refusesPrograms(): Promise<boolean> {
  const mounts = await readFile('/proc/mounts', 'utf8').catch(() => '')
  const mount = mounts.split('\n').find((line) => line.split(' ')[1] === memoryFolder)
  return mount === undefined || (mount.split(' ')[3] ?? '').split(',').includes('noexec')
}
