import { join, resolve } from 'node:path'
import { randomFillSync, randomUUID } from 'node:crypto'
import { openBuiltinExtractors } from './adapters/builtin-extractors/open-builtin-extractors.ts'
import { openDataFolder } from './adapters/data-folder/open-data-folder.ts'
import type { DataVersions } from './adapters/data-folder/format.ts'
import { openEmbedder } from './adapters/embedding/open-embedder.ts'
import { openEmbeddedPostgres } from './adapters/embedded-postgres/open-embedded-postgres.ts'
import { openFsBlobs } from './adapters/fs-blobs/open-fs-blobs.ts'
import { openQdrantEdge } from './adapters/qdrant-edge/open-qdrant-edge.ts'
import { openQdrantServer } from './adapters/qdrant-server/open-qdrant-server.ts'
import { openPluginProcess } from './adapters/plugin-process/open-plugin-process.ts'
import { openLogger } from './adapters/pino-log/open-logger.ts'
import { openMetrics } from './adapters/prom-metrics/open-metrics.ts'
import type { Config } from './config.ts'
import { dataFormat, edgeVersion, postgresMajor } from './product.ts'
import type { Logger } from './ports/logger.ts'
import type { Ports } from './ports/ports.ts'
import type { VectorEngine } from './ports/vector-engine.ts'
import { openRowCache } from './store/cache.ts'
import { openDatabase } from './store/database.ts'
import { migrate } from './store/migrate.ts'
import { openNamespaceLeases } from './store/namespace-leases.ts'
import { openQueue } from './store/queue.ts'

export { openLogger }

/** What a process of ours stands on: its ports, and the folder that holds the embedded engines. */
export interface Composition extends AsyncDisposable {
  ports: Ports
  /** Absolute; null where every engine is a server and no folder is needed but for originals. */
  folder: string
}

/**
 * Config → Ports: the only place that knows every adapter. Closes in reverse order. Throws `DataFolderError` where the folder is in use or of another format.
 */
export async function compose(config: Config, log: Logger): Promise<Composition> {
  const stack = new AsyncDisposableStack()
  try {
    const folder = stack.use(
      await openDataFolder(resolve(config.dataFolder), dataVersions(config)),
    ).path
    // The engine first: where no addon fits, that is said before anything else is started.
    const vectors = stack.use(await openEngine(config, folder, log))
    const { db, url } = stack.use(await openStore(config, folder, log))
    const embedder = stack.use(await openEmbedder({ config, log }))
    const blobs = stack.use(await openFsBlobs(join(folder, 'blobs')))
    const ports: Ports = {
      db,
      vectors,
      embedder,
      blobs,
      extractors: stack.use(openBuiltinExtractors({ embedder, config })),
      plugins: stack.use(
        openPluginProcess({ folder: join(folder, 'plugins'), blobs, config, log }),
      ),
      cache: stack.use(await openRowCache(url, { entriesMax: config.cacheEntriesMax, log })),
      leases: stack.use(openNamespaceLeases({ db, log })),
      queue: stack.use(await openQueue({ url, log })),
      log,
      metrics: openMetrics(),
      config,
      now: () => new Date(),
      newId,
    }
    const owned = stack.move()
    return { ports, folder, [Symbol.asyncDispose]: () => owned.disposeAsync() }
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
  const blobs = stack.use(await openFsBlobs(join(folder, 'blobs')))
  const plugins = stack.use(
    openPluginProcess({ folder: join(folder, 'plugins'), blobs, config, log }),
  )
  return { blobs, plugins, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

/** Of the engines that keep their files in the folder; where a server does their work, what is there is not opened. */
function dataVersions({ databaseUrl, qdrantUrl }: Config): DataVersions {
  return {
    format: dataFormat,
    postgresMajor: databaseUrl === undefined ? postgresMajor : null,
    edge: qdrantUrl === undefined ? edgeVersion : null,
  }
}

/** PostgreSQL, embedded or given, with its tables as this version wants them. */
async function openStore(config: Config, folder: string, log: Logger) {
  const stack = new AsyncDisposableStack()
  try {
    const url =
      config.databaseUrl ??
      stack.use(await openEmbeddedPostgres({ folder: join(folder, 'postgres'), log })).url
    const database = await openDatabase(url, { connectionsMax: config.databaseConnectionsMax })
    stack.defer(() => database.close())
    await migrate(database.db)
    const owned = stack.move()
    return { db: database.db, url, [Symbol.asyncDispose]: () => owned.disposeAsync() }
  } catch (error) {
    await stack.disposeAsync()
    throw error
  }
}

/** With `QDRANT_URL` the addon is never loaded. */
function openEngine(config: Config, folder: string, log: Logger): Promise<VectorEngine> {
  if (config.qdrantUrl === undefined) {
    return openQdrantEdge({ folder: join(folder, 'qdrant'), config, log })
  }
  return openQdrantServer({ url: config.qdrantUrl, apiKey: config.qdrantApiKey ?? null, log })
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
