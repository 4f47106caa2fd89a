import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { findLauncher } from './find-launcher.ts'
import { launcherArguments, programPaths } from './policy.ts'
import type { LauncherPolicy } from './policy.ts'

// What the tests of the walls share: a real Python behind the real launcher.

/** Who runs the launcher: whoever runs the tests, and where that is root an ordinary user too. */
export interface User {
  title: string
  ids: { uid?: number; gid?: number }
}
export const users: User[] = [
  { title: 'as the user of this run', ids: {} },
  ...(process.getuid?.() === 0
    ? [{ title: 'as an ordinary user', ids: { uid: 65534, gid: 65534 } }]
    : []),
]

/** Why the walls of tier `kernel` cannot be tested on this machine; false where they can. */
export async function noKernelTier(): Promise<string | false> {
  if (process.platform !== 'linux') return 'the launcher is for Linux'
  const { tier, reasons } = await findLauncher()
  return tier === 'kernel' ? false : reasons.join('; ')
}

/** How a process ended, and what it wrote. */
export interface Ended {
  status: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

interface Python {
  program: string
  readPaths: string[]
}

/** A place for one user, in which programs of the same user run behind the launcher. */
export interface Place extends AsyncDisposable {
  launcher: string
  python: Python
  /** With `own/` (may be read), `out/` (may be written) and `secret` (neither), all belonging to the user. */
  folder: string
  policy(changes?: Partial<LauncherPolicy>): LauncherPolicy
  /** Runs Python code behind the launcher. */
  run(code: string, changes?: Partial<LauncherPolicy>, args?: string[]): Promise<Ended>
  /**
   * Tries each Python statement behind the launcher, all in one process: `done`, or the name of the error's number.
   * They may use `call(number, …)` for a system call and `libc`.
   */
  outcomes(statements: string[], changes?: Partial<LauncherPolicy>): Promise<Record<string, string>>
  /** Runs anything as the same user, with no walls. */
  unconfined(program: string, args: string[]): Promise<Ended>
  spawn(program: string, args: string[]): ChildProcess
}

export async function openPlace(user: User): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'nacre-launcher-'))
  const launcher = join(folder, 'launcher')
  await copyFile((await findLauncher()).path, launcher) // the cache is the home folder of one user
  for (const name of ['own', 'out']) await mkdir(join(folder, name))
  await writeFile(join(folder, 'own', 'data.txt'), 'mine')
  await writeFile(join(folder, 'secret'), 'of the server')
  await chmod(launcher, 0o755)
  await giveTo(user, folder)
  const python = await findPython(user)
  return placeOf(user, { folder, launcher, python })
}

function placeOf(user: User, place: Pick<Place, 'folder' | 'launcher' | 'python'>): Place {
  const { folder, launcher, python } = place
  const policy = (changes: Partial<LauncherPolicy> = {}): LauncherPolicy => ({
    cwd: folder,
    env: {},
    readPaths: [...programPaths.read, ...python.readPaths, join(folder, 'own')],
    executePaths: [...programPaths.execute, python.program],
    writePaths: [join(folder, 'out')],
    memoryBytes: 2 ** 31,
    cpuSeconds: 10,
    filesMax: 64,
    fileSizeBytes: 2 ** 20,
    network: false,
    tier: 'kernel',
    ...changes,
  })
  const start = (program: string, args: string[]) => spawn(program, args, { ...user.ids, cwd: '/' })
  const run: Place['run'] = (code, changes, args = []) => {
    const line = ['-I', '-B', '-u', '-c', code, ...args]
    return ended(start(launcher, launcherArguments(policy(changes), python.program, line)))
  }
  return {
    ...place,
    policy,
    run,
    outcomes: async (statements, changes) => {
      const { stdout, stderr } = await run(attempts, changes, statements)
      assert.equal(stderr, '')
      return JSON.parse(stdout) as Record<string, string>
    },
    unconfined: (program, args) => ended(start(program, args)),
    spawn: start,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}

/** Collects what a process writes until it ends. */
export async function ended(child: ChildProcess): Promise<Ended> {
  const written = Promise.all([collected(child.stdout), collected(child.stderr)])
  const [status, signal] = await once(child, 'exit')
  const [stdout, stderr] = await written
  return { status, signal, stdout, stderr }
}

async function collected(stream: Readable | null): Promise<string> {
  return stream === null ? '' : text(stream)
}

async function giveTo({ ids: { uid, gid } }: User, folder: string): Promise<void> {
  if (uid === undefined || gid === undefined) return
  await promisify(execFile)('chown', ['-R', `${uid}:${gid}`, folder])
}

/** The first Python this user can run, behind the scripts that choose one. */
async function findPython({ ids }: User): Promise<Python> {
  const question = `import os, sys, json
print(json.dumps([os.path.realpath(sys.executable), sys.base_prefix]))`
  for (const candidate of ['python3', '/usr/bin/python3', '/usr/local/bin/python3']) {
    try {
      const options = { ...ids, cwd: '/' }
      const { stdout } = await promisify(execFile)(candidate, ['-I', '-c', question], options)
      const [program, prefix] = JSON.parse(stdout) as [string, string]
      return { program, readPaths: [join(prefix, 'lib')] }
    } catch {
      // the next one
    }
  }
  throw new Error('These tests need a Python 3 on the PATH or at /usr/bin/python3')
}

const attempts = `import ctypes, errno, json, os, signal, socket, subprocess, sys
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *arguments):
    if libc.syscall(ctypes.c_long(number), *map(ctypes.c_long, arguments)) == -1:
        raise OSError(ctypes.get_errno(), 'refused')
outcomes = {}
for attempt in sys.argv[1:]:
    try:
        exec(attempt)
        outcomes[attempt] = 'done'
    except OSError as error:
        outcomes[attempt] = errno.errorcode[error.errno]
print(json.dumps(outcomes))
`
