import { createHash } from 'node:crypto'
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { homedir, tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'

/** What `edge/prebuilt/manifest.json` says of the binary beside it. */
export interface Manifest {
  /** `sourceHash()` of the tree it was built from. */
  sources: string
  /** SHA-256 of the binary, unpacked, in hex. */
  sha256: string
  bytes: number
  platform: string
  /** The oldest glibc that loads it. */
  glibc: string
  rustc: string
  edge: string
}

const edgeFolder = import.meta.dirname

/** The prebuilt of this platform, and where its manifest stands. */
export const prebuiltFolder = join(edgeFolder, 'prebuilt')
export const manifestFile = join(prebuiltFolder, 'manifest.json')
export const prebuiltFile = join(prebuiltFolder, 'linux-x64-gnu', 'nacre-edge.node.br')

/** `linux-x64-gnu`, `darwin-arm64`, …: what a binary is built for. */
export function currentPlatform(): string {
  const libc = process.platform === 'linux' ? (glibcVersion() === null ? '-musl' : '-gnu') : ''
  return `${process.platform}-${process.arch}${libc}`
}

/** The version of the running glibc, null on other C libraries. */
export function glibcVersion(): string | null {
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } }
  return report.header?.glibcVersionRuntime ?? null
}

/** SHA-256 over everything a build depends on; null where the sources were not installed. */
export function sourceHash(): string | null {
  if (!existsSync(join(edgeFolder, 'src'))) return null
  const hash = createHash('sha256')
  for (const file of sourceFiles()) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(edgeFolder, file)))
      .update('\0')
  }
  return hash.digest('hex')
}

function sourceFiles(): string[] {
  const rust = readdirSync(join(edgeFolder, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.rs'))
    .map((file) => `src/${file.replaceAll('\\', '/')}`)
  return ['Cargo.lock', 'Cargo.toml', 'build.rs', ...rust].toSorted()
}

export function readManifest(): Manifest | null {
  if (!existsSync(manifestFile)) return null
  return JSON.parse(readFileSync(manifestFile, 'utf8')) as Manifest
}

/** The name of the binary built here from sources of this hash. */
export function localBinaryName(sources: string): string {
  return `nacre-edge-${currentPlatform()}-local-${sources.slice(0, 24)}.node`
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

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
