import { join } from 'node:path'
import { randomFillSync, randomUUID } from 'node:crypto'
import { openBuiltinExtractors } from './adapters/builtin-extractors/open-builtin-extractors.ts'
import { openDiskRoom } from './adapters/data-folder/disk-room.ts'
import { openEmbedder } from './adapters/embedding/open-embedder.ts'
import { openFsBlobs } from './adapters/fs-blobs/open-fs-blobs.ts'
import { openPluginProcess } from './adapters/plugin-process/open-plugin-process.ts'
import { openLogger } from './adapters/pino-log/open-logger.ts'
import { openMetrics } from './adapters/prom-metrics/open-metrics.ts'
import type { Config } from './config.ts'
import { openEngines, type Engines, type Role } from './engines.ts'
import type { Logger } from './ports/logger.ts'
import type { Ports } from './ports/ports.ts'
import { openRowCache } from './store/cache.ts'
import { openNamespaceLeases } from './store/namespace-leases.ts'
import { openQueue } from './store/open-queue.ts'

export { openLogger }

/** What a process of ours stands on: its ports, and the folder that holds the embedded engines. */
export interface Composition
  extends AsyncDisposable, Pick<Engines, 'folder' | 'isAlone' | 'admitOthers'> {
  ports: Ports
}

/**
 * Config → Ports: the only place, with engines.ts, that knows every adapter. Closes in reverse order. Throws
 * `DataFolderError` where the folder is of another format, or its engines cannot be had.
 */
export async function compose(
  config: Config,
  log: Logger,
  role: Role = 'server',
): Promise<Composition> {
  const stack = new AsyncDisposableStack()
  try {
    const engines = stack.use(await openEngines(config, log, role))
    const { folder, ownFolder, vectors, room, databaseUrl: url, isShared } = engines
    const { db } = engines.database
    const embedder = stack.use(await openEmbedder({ config, log }))
    const blobs = stack.use(await openFsBlobs(join(folder, 'blobs'), room))
    const ports: Ports = {
      db,
      vectors,
      embedder,
      blobs,
      room,
      extractors: stack.use(openBuiltinExtractors({ embedder, config })),
      plugins: stack.use(
        openPluginProcess({ folder: join(ownFolder, 'plugins'), blobs, config, log }),
      ),
      cache: stack.use(
        await openRowCache(url, { entriesMax: config.cacheEntriesMax, log, isShared }),
      ),
      leases: stack.use(openNamespaceLeases({ db, log })),
      queue: stack.use(await openQueue({ url, log })),
      log,
      metrics: openMetrics(),
      config,
      now: () => new Date(),
      newId,
    }
    const owned = stack.move()
    const { isAlone, admitOthers } = engines
    return {
      ports,
      folder,
      isAlone,
      admitOthers,
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    }
  } catch (error) {
    await stack.disposeAsync()
    throw error
  }
}

/** Plugins alone, in a folder of their own: what the command line checks them on, exactly as a server would. */
export async function composePlugins(
  config: Config,
  folder: string,
  log: Logger,
): Promise<Pick<Ports, 'plugins' | 'blobs'> & AsyncDisposable> {
  const stack = new AsyncDisposableStack()
  const room = openDiskRoom(folder, config.diskReserveBytes)
  const blobs = stack.use(await openFsBlobs(join(folder, 'blobs'), room))
  const plugins = stack.use(
    openPluginProcess({ folder: join(folder, 'plugins'), blobs, config, log }),
  )
  return { blobs, plugins, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

const idBytes: Readonly<Record<string, number>> = { wh: 8, upl: 8, btch: 6, doc: 16 }

/** `ns_` and 20 hex digits; a bare UUID without a prefix. Lengths the contract fixes are kept (contract 1.4). */
function newId(prefix?: string): string {
  if (prefix === undefined) return randomUUID()
  return `${prefix}_${randomHex(idBytes[prefix] ?? 10)}`
}

/** Drawn many at a time: one by one they are a tenth of what a short request costs. */
const drawn = Buffer.alloc(4_096)
let drawnUsed = drawn.length

function randomHex(bytes: number): string {
  if (drawnUsed + bytes > drawn.length) {
    randomFillSync(drawn)
    drawnUsed = 0
  }
  drawnUsed += bytes
  return drawn.toString('hex', drawnUsed - bytes, drawnUsed)
}
