import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { startNacre } from './process.ts'

/** A `nacre serve` or `nacre worker` on a data folder that others use as well. */
export interface FolderProcess extends AsyncDisposable {
  pid: number
  /** Of a server; empty for a worker. */
  url: string
  kill(): Promise<void>
}

/** Small, for many stand beside each other on the machine of a test. */
const env = {
  NACRE_LOG: 'error',
  NACRE_EMBEDDING_THREADS: '1',
  NACRE_DATABASE_CONNECTIONS_MAX: '8',
  NACRE_DRAIN_TIMEOUT_MS: '2000',
  NACRE_BATCH_SLICE_MS: '500',
}

/** Returns when it answers. Throws with what it said where it ends before. */
export async function startServe(folder: string): Promise<FolderProcess> {
  const [child, line] = await start(['serve', '--json', '--data', folder, '--port', '0'])
  const { url } = JSON.parse(line) as { url: string }
  return processOf(child, url)
}

/** Returns when it claims jobs. */
export async function startWorker(folder: string): Promise<FolderProcess> {
  const [child] = await start(['worker', '--data', folder])
  return processOf(child, '')
}

export async function adminKeyOf(folder: string): Promise<string> {
  return (await readFile(join(folder, 'admin.key'), 'utf8')).trim()
}

/** The embedded PostgreSQL that the folder's owner lets others use. */
export async function databaseUrlOf(folder: string): Promise<string> {
  const places = JSON.parse(await readFile(join(folder, 'engines.json'), 'utf8'))
  return places.databaseUrl
}

async function start(args: readonly string[]): Promise<[ChildProcess, string]> {
  const child = startNacre(args, env)
  let said = ''
  child.stderr?.on('data', (part) => (said += part))
  const lines = createInterface({ input: child.stdout ?? process.stdin })
  const [line] = await Promise.race([
    once(lines, 'line'),
    once(child, 'exit').then(() => Promise.reject(new Error(`nacre ${args[0]} ended: ${said}`))),
  ])
  return [child, String(line)]
}

function processOf(child: ChildProcess, url: string): FolderProcess {
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
  }
  return {
    pid: child.pid ?? 0,
    url,
    kill: () => end('SIGKILL'),
    [Symbol.asyncDispose]: () => end('SIGTERM'),
  }
}
