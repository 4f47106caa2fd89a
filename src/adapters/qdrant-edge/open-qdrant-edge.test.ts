import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { silentLogger } from '../../../test/support/silent-logger.ts'
import { readConfig } from '../../config.ts'
import { vectorEngineContract } from '../../ports/vector-engine.contract.ts'
import {
  crashScripts,
  type CrashScript,
  type Place,
} from '../../ports/vector-engine-contract/reopening.contract.ts'
import type { VectorEngine } from '../../ports/vector-engine.ts'
import { openQdrantEdge } from './open-qdrant-edge.ts'

const [, , childFolder, childScript] = process.argv

if (childFolder !== undefined && childScript !== undefined) {
  // This file as the process that is to be killed.
  const engine = await openIn(childFolder)
  await crashScripts[childScript as CrashScript](engine, (line) =>
    process.stdout.write(`${line}\n`),
  )
} else {
  vectorEngineContract('QdrantEdge', openAlone, { makePlace })
}

/** An engine in a folder that goes with it. */
async function openAlone(): Promise<VectorEngine> {
  const place = await makePlace()
  const engine = await place.open()
  const close = engine[Symbol.asyncDispose].bind(engine)
  return Object.assign(engine, {
    [Symbol.asyncDispose]: async () => {
      await close()
      await place[Symbol.asyncDispose]()
    },
  })
}

function openIn(folder: string): Promise<VectorEngine> {
  return openQdrantEdge({ folder, config: readConfig({}), log: silentLogger })
}

async function makePlace(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'nacre-edge-'))
  return {
    open: () => openIn(folder),
    killAfter: (script, lines) => killAfter(folder, script, lines),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true, maxRetries: 20 }),
  }
}

async function killAfter(folder: string, script: CrashScript, lines: number): Promise<string[]> {
  const child = spawn(process.execPath, [import.meta.filename, folder, script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const acknowledged: string[] = []
  for await (const line of createInterface(child.stdout)) {
    acknowledged.push(line)
    if (acknowledged.length === lines) child.kill('SIGKILL')
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  if (child.signalCode !== 'SIGKILL')
    throw new Error(`the process ended by itself, with ${child.exitCode}`)
  return acknowledged
}
