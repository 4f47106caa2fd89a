import { execFile } from 'node:child_process'
import { readdir, readFile, readlink, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { fail } from '../../domain/failure.ts'
import type { Logger } from '../../ports/logger.ts'

/** How long each way of stopping a server that a killed process left behind may take. */
const stopMs = { fast: 15_000, immediate: 5_000, kill: 5_000 }
const pollMs = 10

/**
 * Stops the server that still runs on the data folder, since the process that started it was killed; then removes
 * what it left. The caller holds the data folder's lock, so nobody else uses that server.
 */
export async function stopLeftovers(dataFolder: string, log: Logger): Promise<void> {
  const pid = await readPostmasterPid(dataFolder)
  if (pid !== null && (await isPostgresOn(pid, dataFolder))) {
    log.info({ pid }, 'Stopping the PostgreSQL that a killed process left behind.')
    await stopPostmaster(pid, dataFolder)
  }
  await killBackends(dataFolder, log)
  // What is left names a dead process, or a stranger under its number: PostgreSQL would refuse to start beside that.
  await rm(join(dataFolder, 'postmaster.pid'), { force: true })
}

/** Null where there is no such file, or it is not written yet. */
export async function readPostmasterPid(dataFolder: string): Promise<number | null> {
  const pid = Number((await readPostmasterFile(dataFolder))[0])
  return Number.isInteger(pid) && pid > 1 ? pid : null
}

/** True when the running server takes connections. */
export async function isReady(dataFolder: string): Promise<boolean> {
  return (await readPostmasterFile(dataFolder))[7]?.trim() === 'ready'
}

async function readPostmasterFile(dataFolder: string): Promise<string[]> {
  const text = await readFile(join(dataFolder, 'postmaster.pid'), 'utf8').catch(() => '')
  return text.split('\n')
}

async function stopPostmaster(pid: number, dataFolder: string): Promise<void> {
  const steps = [
    ['SIGINT', stopMs.fast],
    ['SIGQUIT', stopMs.immediate],
    ['SIGKILL', stopMs.kill],
  ] as const
  for (const [signal, limitMs] of steps) {
    if (await stopped(pid, dataFolder, signal, limitMs)) return
  }
  throw fail('database_unavailable', {
    reason: `the PostgreSQL left on ${dataFolder} (pid ${pid}) does not stop.`,
  })
}

async function stopped(
  pid: number,
  dataFolder: string,
  signal: NodeJS.Signals,
  limitMs: number,
): Promise<boolean> {
  send(pid, signal)
  const deadline = Date.now() + limitMs
  while (Date.now() < deadline) {
    if (!(await isPostgresOn(pid, dataFolder))) return true
    await sleep(pollMs)
  }
  return false
}

/** A killed postmaster's busy backends hold its shared memory for seconds, and the next one fails to start. */
async function killBackends(dataFolder: string, log: Logger): Promise<void> {
  const pids = await processesIn(dataFolder)
  if (pids.length === 0) return
  log.warn({ pids }, 'Killing backends of a PostgreSQL whose postmaster is gone.')
  for (const pid of pids) send(pid, 'SIGKILL')
  const deadline = Date.now() + stopMs.kill
  while (Date.now() < deadline && (await processesIn(dataFolder)).length > 0) await sleep(pollMs)
}

/** Processes whose working folder is the data folder: a server's, all of them. Linux only; `[]` elsewhere. */
async function processesIn(dataFolder: string): Promise<number[]> {
  const entries = await readdir('/proc').catch(() => [])
  const pids: number[] = []
  for (const entry of entries.filter((name) => /^\d+$/.test(name))) {
    const pid = Number(entry)
    if ((await workingFolder(pid)) === dataFolder && (await commandOf(pid)).startsWith('postgres'))
      pids.push(pid)
  }
  return pids
}

async function isPostgresOn(pid: number, dataFolder: string): Promise<boolean> {
  const command = await commandOf(pid)
  if (!command.includes('postgres')) return false
  return command.includes(dataFolder) || (await workingFolder(pid)) === dataFolder
}

async function workingFolder(pid: number): Promise<string | null> {
  return await readlink(`/proc/${pid}/cwd`).catch(() => null)
}

/** The command line, with blanks between arguments; empty for a process that is gone or a zombie. */
async function commandOf(pid: number): Promise<string> {
  if (process.platform === 'linux') {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    return line.replaceAll('\0', ' ').replace(/^\S*\/postgres/, 'postgres')
  }
  const { stdout } = await promisify(execFile)('ps', ['-o', 'command=', '-p', String(pid)]).catch(
    () => ({
      stdout: '',
    }),
  )
  return stdout.trim()
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has just gone.
  }
}
