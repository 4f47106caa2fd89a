import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

export interface Finished {
  status: number | null
  stdout: string
  stderr: string
}

/** Starts `nacre <arguments>` as a user would, with nothing of this process's settings. */
export function startNacre(
  args: readonly string[],
  env: Record<string, string> = {},
): ChildProcess {
  const { PATH, HOME, TMPDIR } = process.env
  return spawn(process.execPath, [main, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH, HOME, TMPDIR, ...env },
  })
}

/** Runs it to its end; killed after `timeoutMs`. */
export async function runNacre(
  args: readonly string[],
  env: Record<string, string> = {},
  timeoutMs = 90_000,
): Promise<Finished> {
  const child = startNacre(args, env)
  let [stdout, stderr] = ['', '']
  child.stdout?.on('data', (part) => (stdout += part))
  child.stderr?.on('data', (part) => (stderr += part))
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs)
  const [status] = await once(child, 'close')
  clearTimeout(timer)
  return { status: status as number | null, stdout, stderr }
}
