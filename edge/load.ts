import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { brotliDecompressSync } from 'node:zlib'
import {
  currentPlatform,
  defaultCacheFolder,
  glibcVersion,
  localBinaryName,
  prebuiltFile,
  readManifest,
  sha256,
  sourceHash,
} from './binary.ts'
import type { Manifest } from './binary.ts'
import type * as Edge from './index.d.ts'

export type EdgeModule = typeof Edge

/** No binary fits: the message names what is missing and the two ways on, as lines to copy. */
export class EdgeUnavailable extends Error {
  override readonly name = 'EdgeUnavailable'
  constructor(reason: string, options?: ErrorOptions) {
    const choices = [
      `The embedded vector engine cannot be loaded: ${reason}`,
      '  build it here (Rust >= 1.97, about 10 minutes):  npm run edge:build',
      '  or use a Qdrant server instead:                  QDRANT_URL=http://localhost:6333 npm start',
    ]
    super(choices.join('\n'), options)
  }
}

/**
 * Loads the addon: the committed binary where it fits platform and sources, else one that
 * `npm run edge:build` made from these sources. Never builds.
 *
 * @throws EdgeUnavailable where neither is there, or the binary does not load.
 */
export function loadEdge(options: { cacheFolder?: string } = {}): EdgeModule {
  const folders = [...new Set([options.cacheFolder ?? defaultCacheFolder(), defaultCacheFolder()])]
  const sources = sourceHash()
  const manifest = readManifest()
  const misfit = prebuiltMisfit(manifest, sources)
  if (manifest !== null && misfit === null) return open(unpacked(manifest, folders[0] ?? ''))
  const local = folders
    .map((folder) => join(folder, localBinaryName(sources ?? '')))
    .find((file) => existsSync(file))
  if (local !== undefined) return open(local)
  throw new EdgeUnavailable(misfit ?? 'there is no prebuilt binary')
}

/** Why the committed binary cannot be used; null where it can. */
function prebuiltMisfit(manifest: Manifest | null, sources: string | null): string | null {
  if (manifest === null) return 'no binary is committed and none was built'
  const platform = currentPlatform()
  if (manifest.platform !== platform) return `there is no prebuilt binary for ${platform}`
  const glibc = glibcVersion() ?? '0'
  if (olderThan(glibc, manifest.glibc)) {
    return `the prebuilt binary needs glibc ${manifest.glibc}, here is ${glibc}`
  }
  if (sources !== null && sources !== manifest.sources) {
    return 'the sources in edge/ differ from those of the prebuilt binary'
  }
  if (!existsSync(prebuiltFile)) return 'the prebuilt binary is not in edge/prebuilt'
  return null
}

/** Whether a dotted version is older than another. */
export function olderThan(version: string, than: string): boolean {
  return version.localeCompare(than, 'en', { numeric: true }) < 0
}

/** The unpacked binary in the cache folder; several processes may do this at once, the last rename wins. */
function unpacked(manifest: Manifest, folder: string): string {
  const file = join(folder, `nacre-edge-${manifest.platform}-${manifest.sha256.slice(0, 24)}.node`)
  if (existsSync(file) && sha256(readFileSync(file)) === manifest.sha256) return file
  const binary = brotliDecompressSync(readFileSync(prebuiltFile))
  if (sha256(binary) !== manifest.sha256) {
    throw new EdgeUnavailable(
      'the prebuilt binary is damaged (its hash is not that of the manifest)',
    )
  }
  writeAtomically(file, folder, binary)
  return file
}

function writeAtomically(file: string, folder: string, binary: Uint8Array): void {
  const partial = `${file}.${process.pid}-${randomUUID()}`
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    writeFileSync(partial, binary, { mode: 0o700 })
    renameSync(partial, file)
  } catch (error) {
    rmSync(partial, { force: true })
    throw new EdgeUnavailable(`it cannot be unpacked into ${folder}`, { cause: error })
  }
}

function open(file: string): EdgeModule {
  try {
    return createRequire(import.meta.url)(file) as EdgeModule
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new EdgeUnavailable(`${file} does not load (${reason})`, { cause: error })
  }
}
