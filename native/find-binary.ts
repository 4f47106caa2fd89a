import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliDecompressSync } from 'node:zlib'
import { defaultCacheFolder } from './cache-folder.ts'
import { localBinaryName, prebuiltFile, readManifest, sha256, sourceHash } from './native-crate.ts'
import type { Manifest, NativeCrate } from './native-crate.ts'
import { currentPlatform, glibcVersion, olderThan, runsHere } from './platform.ts'

/** No binary fits; the message says why. */
export class NoBinary extends Error {
  override readonly name = 'NoBinary'
}

/**
 * The path of a crate's binary: the committed one where it fits platform and sources, else one that was built
 * here from these sources. Never builds.
 *
 * @throws NoBinary where neither is there, or the committed one is damaged or cannot be unpacked.
 */
export function findBinary(crate: NativeCrate, cacheFolder = defaultCacheFolder()): string {
  const sources = sourceHash(crate)
  const manifest = readManifest(crate)
  const misfit = prebuiltMisfit(crate, manifest, sources)
  if (manifest !== null && misfit === null) return unpacked(crate, manifest, cacheFolder)
  const local = [...new Set([cacheFolder, defaultCacheFolder()])]
    .map((folder) => join(folder, localBinaryName(crate, sources ?? '')))
    .find((file) => existsSync(file))
  if (local !== undefined) return local
  throw new NoBinary(misfit ?? 'there is no prebuilt binary')
}

/** Why the committed binary cannot be used; null where it can. */
function prebuiltMisfit(
  crate: NativeCrate,
  manifest: Manifest | null,
  sources: string | null,
): string | null {
  if (manifest === null) return 'no binary is committed and none was built'
  if (!runsHere(manifest.platform)) return `there is no prebuilt binary for ${currentPlatform()}`
  const glibc = glibcVersion() ?? '0'
  if (manifest.glibc !== null && olderThan(glibc, manifest.glibc)) {
    return `the prebuilt binary needs glibc ${manifest.glibc}, here is ${glibc}`
  }
  if (sources !== null && sources !== manifest.sources) {
    return 'its sources differ from those of the prebuilt binary'
  }
  return existsSync(prebuiltFile(crate)) ? null : 'the prebuilt binary is not in its folder'
}

/** The unpacked binary in the cache folder; several processes may do this at once, the last rename wins. */
function unpacked(crate: NativeCrate, manifest: Manifest, folder: string): string {
  const hash = manifest.sha256.slice(0, 24)
  const file = join(folder, `${crate.name}-${manifest.platform}-${hash}${crate.suffix}`)
  if (existsSync(file) && sha256(readFileSync(file)) === manifest.sha256) return file
  const binary = brotliDecompressSync(readFileSync(prebuiltFile(crate)))
  if (sha256(binary) !== manifest.sha256) {
    throw new NoBinary('the prebuilt binary is damaged (its hash is not that of the manifest)')
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
    if (existsSync(partial)) rmSync(partial)
    throw new NoBinary(`it cannot be unpacked into ${folder}`, { cause: error })
  }
}
