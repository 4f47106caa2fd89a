import { copyFileSync, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { defaultCacheFolder, localBinaryName, sourceHash } from './binary.ts'

/** Puts a binary that was just built where `loadEdge` finds it, keyed by the sources; returns its path. */
export function placeLocalBinary(binary: string): string {
  const folder = defaultCacheFolder()
  const target = join(folder, localBinaryName(sourceHash() ?? ''))
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  copyFileSync(binary, `${target}.partial`)
  renameSync(`${target}.partial`, target)
  return target
}
