import { access, constants, mkdir, statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, resolve } from 'node:path'
import type { Config } from '../../config.ts'
import { probeDatabase, probeEngine, probeModel, probePlugins } from '../../probe.ts'
import type { Check } from './check.ts'

const nodeMajorMin = 26
const diskBytesMin = 1e9

/** What `nacre doctor` looks at, in the order in which one thing needs the next. */
export function checksOf(config: Config): Check[] {
  return [
    {
      name: 'node',
      look: async () => nodeVersion(),
      remedy: 'Start Nacre through npm scripts, which use the Node in node_modules/.bin.',
    },
    {
      name: 'data folder',
      look: () => writableFolder(resolve(config.dataFolder)),
      remedy: 'Give NACRE_DATA a folder that this user may write.',
    },
    {
      name: 'disk',
      look: () => freeSpace(resolve(config.dataFolder)),
      remedy: 'Free at least 1 GB, or move NACRE_DATA.',
    },
    {
      name: 'port',
      look: () => freePort(config.host, config.port),
      remedy: 'Another process listens there (a running Nacre is one): choose another NACRE_PORT.',
    },
    {
      name: 'engine',
      look: () => probeEngine(config),
      remedy: 'Build the addon with `npm run edge:build` (Rust 1.97 or later), or set QDRANT_URL.',
    },
    {
      name: 'database',
      look: () => probeDatabase(config),
      remedy: 'Run `npm ci` with optional dependencies, or set DATABASE_URL.',
    },
    {
      name: 'model',
      look: () => probeModel(config),
      remedy: 'Check EMBEDDING_MODEL; `bundled` needs nothing.',
    },
    {
      name: 'plugins',
      look: () => probePlugins(config),
      remedy: 'Set NACRE_PYTHON to a Python 3.10 or later.',
    },
  ]
}

function nodeVersion(): string {
  const { node } = process.versions
  if (Number.parseInt(node, 10) < nodeMajorMin)
    throw new Error(`Node ${node}; ${nodeMajorMin} is needed`)
  return `Node ${node}`
}

async function writableFolder(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await access(folder, constants.W_OK)
  return folder
}

async function freeSpace(folder: string): Promise<string> {
  const { bavail, bsize } = await statfs(folder).catch(() => statfs(dirname(folder)))
  const bytes = bavail * bsize
  if (bytes < diskBytesMin) throw new Error(`${(bytes / 1e6).toFixed(0)} MB free`)
  return `${(bytes / 1e9).toFixed(1)} GB free`
}

async function freePort(host: string, port: number): Promise<string> {
  const server = createServer()
  const { promise, resolve: done, reject } = Promise.withResolvers<void>()
  server.once('error', reject).listen(port, host, done)
  await promise
  server.close()
  return `${host}:${port} is free`
}
