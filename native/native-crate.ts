import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { currentPlatform } from './platform.ts'

/** A Rust crate of this repository, whose binary is committed for one platform and built elsewhere. */
export interface NativeCrate {
  /** Where Cargo.toml, src/ and prebuilt/ are. */
  folder: string
  /** Begins the names of its binaries. */
  name: string
  /** `.node` for an addon, nothing for a program. */
  suffix: string
  /** In a sentence: `the vector engine`. */
  title: string
  /** What cargo makes, in its folder `release`. */
  artifact: string
  /** The crate whose version the manifest names. */
  mainCrate: string
  rustMin: string
  /** A platform without C library (`linux-x64`) is that of a static binary; `target` is cargo's, null = the host's. */
  prebuilt: { platform: string; target: string | null }
  /** For messages: the command that builds it here, and about how long that takes. */
  build: { command: string; time: string }
  /** For messages, to copy: what to do where it cannot be built. */
  instead: { what: string; command: string }
}

/** What `prebuilt/manifest.json` says of the binary beside it. */
export interface Manifest {
  /** `sourceHash()` of the tree it was built from. */
  sources: string
  /** SHA-256 of the binary, unpacked, in hex. */
  sha256: string
  bytes: number
  platform: string
  /** The oldest glibc that loads it; null: needs none. */
  glibc: string | null
  rustc: string
  /** Of the main crate in it. */
  version: string
}

export function manifestFile({ folder }: NativeCrate): string {
  return join(folder, 'prebuilt', 'manifest.json')
}

/** The committed binary, compressed. */
export function prebuiltFile({ folder, name, suffix, prebuilt }: NativeCrate): string {
  return join(folder, 'prebuilt', prebuilt.platform, `${name}${suffix}.br`)
}

export function readManifest(crate: NativeCrate): Manifest | null {
  const file = manifestFile(crate)
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Manifest) : null
}

/** SHA-256 over everything a build depends on; null where the sources were not installed. */
export function sourceHash({ folder }: NativeCrate): string | null {
  if (!existsSync(join(folder, 'src'))) return null
  const hash = createHash('sha256')
  for (const file of sourceFiles(folder)) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(folder, file)))
      .update('\0')
  }
  return hash.digest('hex')
}

function sourceFiles(folder: string): string[] {
  const cargo = ['Cargo.lock', 'Cargo.toml', 'build.rs']
  const rust = readdirSync(join(folder, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.rs'))
    .map((file) => `src/${file.replaceAll('\\', '/')}`)
  return [...cargo.filter((file) => existsSync(join(folder, file))), ...rust].toSorted()
}

/** The name of the binary built here from sources of this hash. */
export function localBinaryName({ name, suffix }: NativeCrate, sources: string): string {
  return `${name}-${currentPlatform()}-local-${sources.slice(0, 24)}${suffix}`
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Why it cannot be used, and the two ways on, as lines to copy. */
export function unavailable({ title, rustMin, build, instead }: NativeCrate, why: string): string {
  const choices = [
    [`build it here (Rust >= ${rustMin}, ${build.time}):`, build.command],
    [`or ${instead.what}:`, instead.command],
  ]
  const width = Math.max(...choices.map(([choice = '']) => choice.length))
  const lines = choices.map(
    ([choice = '', command = '']) => `  ${choice.padEnd(width)}  ${command}`,
  )
  const sentence = `${title.charAt(0).toUpperCase()}${title.slice(1)} cannot be loaded: ${why}`
  return [sentence, ...lines].join('\n')
}
