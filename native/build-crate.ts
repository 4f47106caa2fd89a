import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { defaultCacheFolder } from './cache-folder.ts'
import type { NativeCrate } from './native-crate.ts'
import { olderThan } from './platform.ts'
import { placeLocalBinary } from './place-local.ts'
import { writePrebuilt } from './write-prebuilt.ts'

interface Toolchain {
  flags: string[]
  rustc: string
}

/**
 * Builds a crate and puts the binary where `findBinary` looks; answers the exit status. Arguments:
 *
 * --prebuilt             also writes prebuilt/ and crates.json: only for a commit, each adds to history
 * --target-dir <folder>  cargo's folder; default: beside the built binaries, outside the tree
 */
export async function buildCrate(crate: NativeCrate, args: string[]): Promise<number> {
  const { values: flags } = parseArgs({
    args,
    options: { prebuilt: { type: 'boolean', default: false }, 'target-dir': { type: 'string' } },
  })
  const toolchain = findToolchain(crate.rustMin)
  if (toolchain === null) {
    process.stderr.write(noRust(crate))
    return 1
  }
  const targetFolder = flags['target-dir'] ?? join(defaultCacheFolder(), `${crate.name}-target`)
  const target = flags.prebuilt ? crate.prebuilt.target : null
  if (!(await cargoBuild(crate, toolchain, targetFolder, target))) return 1
  const binary = join(targetFolder, target ?? '', 'release', crate.artifact)
  process.stdout.write(`built ${placeLocalBinary(crate, binary)}\n`)
  if (flags.prebuilt) writePrebuilt(crate, binary, toolchain)
  return 0
}

function noRust({ title, rustMin, instead }: NativeCrate): string {
  return (
    `Building ${title} needs Rust ${rustMin} or later, and there is none on the PATH.\n` +
    '  install it:  https://rustup.rs, then  rustup toolchain install stable\n' +
    `  or ${instead.what}:  ${instead.command}\n`
  )
}

/** Stable where it is new enough, else nightly, else nothing. */
function findToolchain(rustMin: string): Toolchain | null {
  for (const flags of [[], ['+nightly']]) {
    const answer = spawnSync('rustc', [...flags, '--version'], { encoding: 'utf8' })
    const version = /^rustc (\d+\.\d+)/.exec(answer.stdout ?? '')?.[1]
    if (version !== undefined && !olderThan(version, rustMin)) {
      return { flags, rustc: answer.stdout.trim() }
    }
  }
  return null
}

async function cargoBuild(
  { folder, title, build }: NativeCrate,
  { flags }: Toolchain,
  targetFolder: string,
  target: string | null,
): Promise<boolean> {
  process.stdout.write(`Building ${title} with cargo, ${build.time} on 2 cores.\n`)
  const started = Date.now()
  const place = ['--target-dir', targetFolder, ...(target === null ? [] : ['--target', target])]
  const cargo = spawn('cargo', [...flags, 'build', '--release', '--locked', ...place], {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'pipe'],
  })
  const exited = once(cargo, 'exit')
  let crates = 0
  for await (const line of createInterface(cargo.stderr)) {
    const crate = /^\s*Compiling (\S+)/.exec(line)?.[1]
    if (crate === undefined) process.stderr.write(`${line}\n`)
    else progress(`  ${elapsed(started)}  ${++crates} crates, now ${crate}`)
  }
  const [status] = await exited
  return status === 0
}

/** One line that is written over on a terminal, and lines elsewhere. */
function progress(text: string): void {
  if (process.stdout.isTTY) process.stdout.write(`\r\u001B[K${text}`)
  else process.stdout.write(`${text}\n`)
}

function elapsed(started: number): string {
  const seconds = Math.round((Date.now() - started) / 1000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}
