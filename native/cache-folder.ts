import { lstatSync, mkdirSync } from 'node:fs'
import { homedir, tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'

/**
 * Where unpacked and built binaries are kept: below the home folder, else a folder of this user in the
 * temporary one. A folder that belongs to someone else is never used: what lies there would be run.
 */
export function defaultCacheFolder(): string {
  const candidates = [
    join(homedir(), '.cache', 'nacre'),
    join(tmpdir(), `nacre-cache-${userInfo().uid}`),
  ]
  const usable = candidates.find(isOurs)
  if (usable === undefined) {
    throw new Error(`None of these folders can be used as a cache: ${candidates.join(', ')}`)
  }
  return usable
}

function isOurs(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const stat = lstatSync(folder)
    const uid = process.getuid?.()
    return stat.isDirectory() && (uid === undefined || stat.uid === uid)
  } catch {
    return false
  }
}
