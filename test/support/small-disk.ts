import { spawnSync } from 'node:child_process'
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'

const isolate = ['--user', '--mount', '--map-root-user', '--']

/** Null where a file system of our own can be mounted; else why a test of a full disk cannot run here. */
export function whyNoSmallDisk(): string | null {
  const tried = spawnSync('unshare', [...isolate, 'mount', '-t', 'tmpfs', 'none', '/mnt'])
  return tried.status === 0 ? null : 'this system refuses a mount in a user namespace'
}

/**
 * Runs a script of ours on a file system of `sizeMb` that only it sees, mounted on the folder, which is its first
 * argument; answers the JSON that it prints. Throws with what it said where it fails.
 */
export async function runOnSmallDisk<T>(
  script: string,
  folder: string,
  sizeMb: number,
): Promise<T> {
  const mount = `mount -t tmpfs -o size=${sizeMb}m none "$1" && exec "$2" "$3" "$1"`
  const child = spawn(
    'unshare',
    [...isolate, 'sh', '-c', mount, 'sh', folder, process.execPath, script],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const ended = new Promise<string>((resolve) => {
    child.once('close', (code, signal) => resolve(String(signal ?? code)))
  })
  const [said, errors, end] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  if (end !== '0') throw new Error(`${script} ended with ${end}: ${errors}${said}`)
  return JSON.parse(said) as T
}
