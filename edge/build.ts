import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { defaultCacheFolder } from './binary.ts'
import { olderThan } from './load.ts'
import { placeLocalBinary } from './place-local.ts'
import { writePrebuilt } from './write-prebuilt.ts'

// `npm run edge:build`: builds the addon from edge/ and puts it where `loadEdge` finds it.
//   --prebuilt            also writes edge/prebuilt/ and edge/crates.json: only for a commit, 10 MB of history each
//   --target-dir <folder> cargo's folder; default: beside the built binaries, outside the tree

const rustMin = '1.97'

const { values: flags } = parseArgs({
  options: { prebuilt: { type: 'boolean', default: false }, 'target-dir': { type: 'string' } },
})
const targetFolder = flags['target-dir'] ?? join(defaultCacheFolder(), 'edge-target')
const toolchain = findToolchain()

if (toolchain === null) {
  process.stderr.write(
    `Building the vector engine needs Rust ${rustMin} or later, and there is none on the PATH.\n` +
      '  install it:        https://rustup.rs, then  rustup toolchain install stable\n' +
      '  or use a server:   QDRANT_URL=http://localhost:6333 npm start\n',
  )
  process.exitCode = 1
} else if (await build(toolchain.flags)) {
  const library = process.platform === 'darwin' ? 'libnacre_edge.dylib' : 'libnacre_edge.so'
  const binary = join(targetFolder, 'release', library)
  process.stdout.write(`built ${placeLocalBinary(binary)}\n`)
  if (flags.prebuilt) writePrebuilt(binary, toolchain)
} else {
  process.exitCode = 1
}

/** Stable where it is new enough, else nightly, else nothing. */
function findToolchain(): { flags: string[]; rustc: string } | null {
  for (const toolchainFlags of [[], ['+nightly']]) {
    const answer = spawnSync('rustc', [...toolchainFlags, '--version'], { encoding: 'utf8' })
    const version = /^rustc (\d+\.\d+)/.exec(answer.stdout ?? '')?.[1]
    if (version !== undefined && !olderThan(version, rustMin)) {
      return { flags: toolchainFlags, rustc: answer.stdout.trim() }
    }
  }
  return null
}

async function build(toolchainFlags: string[]): Promise<boolean> {
  process.stdout.write('Building the vector engine with cargo, about 10 minutes on 2 cores.\n')
  const started = Date.now()
  const cargo = spawn(
    'cargo',
    [...toolchainFlags, 'build', '--release', '--locked', '--target-dir', targetFolder],
    { cwd: import.meta.dirname, stdio: ['ignore', 'inherit', 'pipe'] },
  )
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
