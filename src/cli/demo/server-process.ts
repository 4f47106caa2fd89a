import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** Longer than a server drains; then it is killed. */
const stopTimeoutMs = 30_000

export interface ServerProcess {
  url: string
  key: string
  pid: number
  /** Asks it to stop and waits. */
  stop(): Promise<void>
}

/** Its reason stands in its own output. */
export class ServerStopped extends Error {
  override readonly name = 'ServerStopped'
  /** Of the server's process. */
  readonly exitCode: number
  constructor(exitCode: number) {
    super('The server stopped before it answered; its reason stands above.')
    this.exitCode = exitCode
  }
}

export interface ServerProcessOptions {
  logLevel?: string
  /** Takes each line of the log; without it they go to this process's stderr. */
  onLog?: (line: string) => void
}

/** A server of its own, started as a user would: `nacre serve --json` on a free port. */
export async function startServerProcess(
  folder: string,
  { logLevel = 'warn', onLog }: ServerProcessOptions = {},
): Promise<ServerProcess> {
  const main = new URL(`../main${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)
  const child = spawn(
    process.execPath,
    [main.pathname, 'serve', '--json', '--data', folder, '--port', '0', '--log', logLevel],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  if (onLog) createInterface({ input: child.stderr }).on('line', onLog)
  else child.stderr.pipe(process.stderr, { end: false })
  const exited = once(child, 'exit')
  const line = await firstLine(child.stdout)
  if (line === null) {
    const [status] = await exited
    throw new ServerStopped(typeof status === 'number' ? status : 1)
  }
  const { url } = JSON.parse(line) as { url: string }
  const key = (await readFile(join(folder, 'admin.key'), 'utf8')).trim()
  return {
    url,
    key,
    pid: child.pid ?? 0,
    async stop() {
      child.kill('SIGTERM')
      const late = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs)
      await exited
      clearTimeout(late)
    },
  }
}

async function firstLine(stream: NodeJS.ReadableStream): Promise<string | null> {
  for await (const line of createInterface({ input: stream })) return line
  return null
}
