import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { brotliCompressSync, constants } from 'node:zlib'
import { currentPlatform, manifestFile, prebuiltFile, sha256, sourceHash } from './binary.ts'
import type { Manifest } from './binary.ts'
import { linkedCrates } from './linked-crates.ts'
import { olderThan } from './load.ts'

/** Writes the binary compressed, its manifest, and the list of the crates linked into it. */
export function writePrebuilt(file: string, toolchain: { flags: string[]; rustc: string }): void {
  const binary = readFileSync(file)
  const { packages, edge } = linkedCrates(toolchain.flags)
  const manifest: Manifest = {
    platform: currentPlatform(),
    glibc: neededGlibc(binary),
    edge,
    rustc: toolchain.rustc,
    bytes: binary.length,
    sha256: sha256(binary),
    sources: sourceHash() ?? '',
  }
  mkdirSync(dirname(prebuiltFile), { recursive: true })
  writeFileSync(prebuiltFile, compressed(binary))
  writeFileSync(manifestFile, `${JSON.stringify(manifest, null, 2)}\n`)
  writeFileSync(join(import.meta.dirname, 'crates.json'), `${JSON.stringify(packages, null, 2)}\n`)
}

/** Brotli: 6 % smaller than zstd, and unpacked (0.15 s) only once a machine. Takes a minute. */
function compressed(binary: Buffer): Buffer {
  return brotliCompressSync(binary, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_LGWIN]: 24,
      [constants.BROTLI_PARAM_SIZE_HINT]: binary.length,
    },
  })
}

/** The newest symbol version the binary asks of glibc. */
function neededGlibc(binary: Buffer): string {
  const versions = binary.toString('latin1').matchAll(/GLIBC_(\d+\.\d+)/g)
  return [...versions].reduce((max, [, found = '0']) => (olderThan(max, found) ? found : max), '0')
}
