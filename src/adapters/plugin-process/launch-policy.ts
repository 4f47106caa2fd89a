import { join } from 'node:path'
import { launcherArguments, programPaths } from '../../../launcher/policy.ts'
import type { LauncherPolicy } from '../../../launcher/policy.ts'
import type { Launcher } from '../../../launcher/find-launcher.ts'
import { pythonFolder } from './find-python.ts'
import type { Python } from './find-python.ts'

/** What every Python of ours starts from. */
export interface Runtime {
  launcher: Launcher
  python: Python
}

/** What one process may touch and use beside Python itself. */
export interface Room {
  cwd: string
  readPaths: readonly string[]
  /** Null where it may write nowhere; else its home and the place of temporary files, too. */
  scratch: string | null
  memoryBytes: number
  cpuSeconds: number
  fileSizeBytes: number
  network: boolean
}

/** Names to addresses, and whom to believe: what the internet needs beside sockets. */
export const networkPaths = [
  '/etc/resolv.conf',
  '/etc/hosts',
  '/etc/nsswitch.conf',
  '/etc/gai.conf',
  '/etc/ssl',
  '/etc/pki',
  '/etc/ca-certificates',
  '/usr/share/ca-certificates',
  '/usr/local/share/ca-certificates',
]

/** Address space that Python, numpy and the stacks of threads reserve and hardly use. */
const reservedBytes = 1.5 * 2 ** 30
const filesMax = 256

/** Libraries that start a thread a core for a handful of numbers, and arenas a thread, are told not to. */
const quietLibraries = {
  OMP_NUM_THREADS: '1',
  OPENBLAS_NUM_THREADS: '1',
  MKL_NUM_THREADS: '1',
  MALLOC_ARENA_MAX: '2',
  TOKENIZERS_PARALLELISM: 'false',
}

/** The program and arguments that start the host in such a room, with packages of these folders. */
export function hostCommand(runtime: Runtime, room: Room, sites: readonly string[]) {
  const sitesGiven = sites.flatMap((site) => ['--site', site])
  const args = ['-I', '-B', join(pythonFolder, 'nacre_host', 'main.py'), ...sitesGiven]
  return pythonCommand(
    runtime,
    policyOf(runtime, { ...room, readPaths: [...room.readPaths, ...sites] }),
    args,
  )
}

export function pythonCommand(
  { launcher, python }: Runtime,
  policy: LauncherPolicy,
  args: readonly string[],
): { command: string; args: string[] } {
  return { command: launcher.path, args: launcherArguments(policy, python.path, args) }
}

export function policyOf({ launcher, python }: Runtime, room: Room): LauncherPolicy {
  const home = room.scratch ?? '/nonexistent'
  return {
    cwd: room.cwd,
    env: { HOME: home, TMPDIR: home, LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8', ...quietLibraries },
    readPaths: [
      ...programPaths.read,
      ...python.readPaths,
      pythonFolder,
      ...room.readPaths,
      ...(room.network ? networkPaths : []),
    ],
    executePaths: [...programPaths.execute, ...python.executePaths],
    writePaths: room.scratch === null ? [] : [room.scratch],
    memoryBytes: Math.round(room.memoryBytes + reservedBytes),
    cpuSeconds: Math.ceil(room.cpuSeconds),
    filesMax,
    fileSizeBytes: room.fileSizeBytes,
    network: room.network,
    tier: launcher.tier,
  }
}
