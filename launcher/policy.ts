/** What a program may have behind the launcher; the same words as in src/policy.rs. */
export interface LauncherPolicy {
  /** Absolute. The program starts there; this alone does not let it read there. */
  cwd: string
  /** The whole environment. No secrets: the policy stands in the command line for the moment before the program starts. */
  env: Record<string, string>
  /** Files, and folders with all below them. A path that is not there grants nothing and is no error. */
  readPaths: readonly string[]
  /** Readable as well. The program itself and its loader (`programPaths.execute`) belong here. */
  executePaths: readonly string[]
  /** Readable as well, never executable; links, devices, sockets and FIFOs cannot be made. Each must exist. */
  writePaths: readonly string[]
  /** Of address space: a program with threads reserves more than it uses. */
  memoryBytes: number
  /** Of all threads together, from start to end. SIGXCPU at the limit, SIGKILL one second of CPU time after it. */
  cpuSeconds: number
  /** Open at one time. */
  filesMax: number
  /** Of each file that is written. */
  fileSizeBytes: number
  /** Internet sockets, loopback included. Unix sockets are never allowed. */
  network: boolean
  /** Changing modes, owners and times of files, which is not held to paths: for pip, not for plugins. Default: no. */
  fileModes?: boolean
  tier: Tier
}

/** `kernel`: every wall, or the program is not started. `process`: those that this kernel has. */
export type Tier = 'kernel' | 'process'

/** What a dynamically linked program needs beside its own files. What a system lacks grants nothing. */
export const programPaths = {
  read: [
    '/lib',
    '/lib64',
    '/usr/lib',
    '/usr/lib64',
    '/etc/ld.so.cache',
    '/etc/localtime',
    '/usr/share/zoneinfo',
    '/dev/urandom',
    '/proc/cpuinfo',
    '/proc/meminfo',
    '/sys/devices/system/cpu',
  ],
  execute: [
    '/lib64/ld-linux-x86-64.so.2',
    '/lib/ld-linux-aarch64.so.1',
    '/lib/ld-musl-x86_64.so.1',
    '/lib/ld-musl-aarch64.so.1',
  ],
} as const

/** The launcher's status when it did not start the program; one line `{"error": …}` stands on stderr then. */
export const notStartedStatus = 125

/** The arguments with which the launcher becomes this program. The program's path is absolute, nothing is searched for. */
export function launcherArguments(
  policy: LauncherPolicy,
  program: string,
  args: readonly string[],
): string[] {
  return ['run', JSON.stringify(policy), '--', program, ...args]
}
