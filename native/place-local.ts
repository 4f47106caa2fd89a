import { copyFileSync, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { defaultCacheFolder } from './cache-folder.ts'
import { localBinaryName, sourceHash } from './native-crate.ts'
import type { NativeCrate } from './native-crate.ts'

/** Puts a binary that was just built where `findBinary` looks, keyed by the sources; returns its path. */
export function placeLocalBinary(crate: NativeCrate, binary: string): string {
  const folder = defaultCacheFolder()
  const target = join(folder, localBinaryName(crate, sourceHash(crate) ?? ''))
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  copyFileSync(binary, `${target}.partial`)
  renameSync(`${target}.partial`, target)
  return target
}
