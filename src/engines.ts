import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { whileNobodyAttached } from './adapters/data-folder/attachment.ts'
import { DataFolderError } from './adapters/data-folder/data-folder-error.ts'
import {
  readEnginePlaces,
  removeEnginePlaces,
  writeEnginePlaces,
  type EnginePlaces,
} from './adapters/data-folder/engine-places.ts'
import type { DataVersions } from './adapters/data-folder/format.ts'
import { openDiskRoom } from './adapters/data-folder/disk-room.ts'
import { attachDataFolder, openDataFolder } from './adapters/data-folder/open-data-folder.ts'
import { openEmbeddedPostgres } from './adapters/embedded-postgres/open-embedded-postgres.ts'
import { openQdrantEdge } from './adapters/qdrant-edge/open-qdrant-edge.ts'
import { serveEngine } from './adapters/qdrant-edge/rest/serve-engine.ts'
import { openQdrantServer } from './adapters/qdrant-server/open-qdrant-server.ts'
import type { Config } from './config.ts'
import { fail, isFailure } from './domain/failure.ts'
import type { DiskRoom } from './ports/disk-room.ts'
import type { Logger } from './ports/logger.ts'
import type { VectorEngine } from './ports/vector-engine.ts'
import { dataFormat, edgeVersion, postgresMajor, version } from './product.ts'
import { openDatabase, type Database } from './store/database.ts'
import { migrate } from './store/migrate.ts'

/** The data folder, PostgreSQL and the vector engine, whoever runs them. */
export interface Engines extends AsyncDisposable {
  /** Absolute. */
  folder: string
  /** For this process alone; what it leaves there is removed when nobody uses the folder. */
  ownFolder: string
  vectors: VectorEngine
  /** Of the folder's disk. */
  room: DiskRoom
  database: Database
  databaseUrl: string
  /** Whether no other process used the database when this one opened it. */
  isAlone: boolean
  /** Whether other processes use it by now; once true it stays so. */
  isShared: () => boolean
  /** Lets other processes of the folder use the engines that this one runs. */
  admitOthers: () => Promise<void>
}

/** A server runs the embedded engines of its folder, or uses them beside the one that does; a worker only uses them. */
export type Role = 'server' | 'worker'

const pollMs = 100
const guestsFolder = 'guests'

/**
 * Opens what the settings name. Of embedded engines there is one owner a folder: while another process is that, its
 * engines are used through it (design 7). Throws `DataFolderError` where the folder is not ours, or where nobody lets
 * this process in within `ownerWaitMs`.
 */
export async function openEngines(config: Config, log: Logger, role: Role): Promise<Engines> {
  if (!needsOwner(config)) return await openBeside(config, log)
  const deadline = Date.now() + config.ownerWaitMs
  for (;;) {
    const opened = await tryOpen(config, log, role)
    if (!(opened instanceof Error)) return opened
    if (Date.now() > deadline) throw opened
    await sleep(pollMs)
  }
}

/** The error for which a while of waiting may help. */
async function tryOpen(
  config: Config,
  log: Logger,
  role: Role,
): Promise<Engines | DataFolderError> {
  const folder = resolve(config.dataFolder)
  let refusal = unattended(folder)
  if (role === 'server') {
    try {
      return await openOwn(config, log)
    } catch (error) {
      if (!(error instanceof DataFolderError) || error.code !== 'locked') throw error
      refusal = error
    }
  }
  if ((await readEnginePlaces(folder)) === null) return refusal
  try {
    return await openBeside(config, log)
  } catch (error) {
    // It has just ended, or was killed and left word of where it was.
    if (isFailure(error) && error.kind === 'unavailable') return refusal
    throw error
  }
}

/** As the one process that runs what is embedded. Throws `DataFolderError` `locked` while there is another. */
async function openOwn(config: Config, log: Logger): Promise<Engines> {
  await using stack = new AsyncDisposableStack()
  const versions = dataVersions(config)
  const { path: folder } = stack.use(await openDataFolder(resolve(config.dataFolder), versions))
  await removeEnginePlaces(folder)
  const isAlone = await removeWhatGuestsLeft(folder)
  // The engine first: where no addon fits, that is said before anything else is started.
  const room = openDiskRoom(folder, config.diskReserveBytes)
  const vectors = stack.use(await openOwnEngine(config, folder, room, log))
  const databaseUrl =
    config.databaseUrl ??
    stack.use(await openEmbeddedPostgres({ folder: join(folder, 'postgres'), log })).url
  const database = stack.use(await openMigrated(config, databaseUrl))
  const isShared = () => isNamed(config) || !isAlone || served?.isUsed() === true
  let served: Awaited<ReturnType<typeof serveEngine>> | null = null
  const owned = stack.move()
  return {
    folder,
    ownFolder: folder,
    vectors,
    room,
    database,
    databaseUrl,
    isAlone: isAlone && config.databaseUrl === undefined,
    isShared,
    admitOthers: async () => {
      if (config.qdrantUrl === undefined) served = owned.use(await serveEngine(vectors, log))
      owned.defer(() => removeEnginePlaces(folder))
      await writeEnginePlaces(folder, {
        version,
        pid: process.pid,
        databaseUrl: config.databaseUrl === undefined ? databaseUrl : null,
        engine: served && { url: served.url, apiKey: served.apiKey },
      })
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** On engines of other processes: those that settings name, else those of the folder's owner. */
async function openBeside(config: Config, log: Logger): Promise<Engines> {
  await using stack = new AsyncDisposableStack()
  const versions = dataVersions(config)
  const { path: folder } = stack.use(await attachDataFolder(resolve(config.dataFolder), versions))
  // Only now: an owner that has not seen us takes its word back before it looks who is there.
  const places = await readEnginePlaces(folder)
  if (places && needsOwner(config) && places.version !== version)
    throw otherVersion(folder, places.version)
  const databaseUrl = config.databaseUrl ?? places?.databaseUrl
  if (databaseUrl === undefined || databaseUrl === null) throw gone('PostgreSQL')
  const vectors = stack.use(await openTheirEngine(config, folder, places, log))
  const database = stack.use(await openMigrated(config, databaseUrl))
  const owned = stack.move()
  return {
    folder,
    ownFolder: join(folder, guestsFolder, randomUUID()),
    vectors,
    room: openDiskRoom(folder, config.diskReserveBytes),
    database,
    databaseUrl,
    isAlone: false,
    isShared: () => true,
    admitOthers: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** With `QDRANT_URL` the addon is never loaded. */
async function openOwnEngine(
  config: Config,
  folder: string,
  room: DiskRoom,
  log: Logger,
): Promise<VectorEngine> {
  if (config.qdrantUrl !== undefined) return await openNamedEngine(config, log)
  return await openQdrantEdge({ folder: join(folder, 'qdrant'), config, room, log })
}

async function openTheirEngine(
  config: Config,
  folder: string,
  places: EnginePlaces | null,
  log: Logger,
): Promise<VectorEngine> {
  if (config.qdrantUrl !== undefined) return await openNamedEngine(config, log)
  if (!places?.engine) throw gone('vector engine')
  const whereNow = async () => (await readEnginePlaces(folder))?.engine ?? null
  return await openQdrantServer({ ...places.engine, whereNow, log })
}

async function openNamedEngine(config: Config, log: Logger): Promise<VectorEngine> {
  const { qdrantUrl: url = '', qdrantApiKey: apiKey = null } = config
  return await openQdrantServer({ url, apiKey, log })
}

/** With its tables as this version wants them. */
async function openMigrated(config: Config, url: string): Promise<Database> {
  const database = await openDatabase(url, { connectionsMax: config.databaseConnectionsMax })
  try {
    await migrate(database.db)
    return database
  } catch (error) {
    await database.close()
    throw error
  }
}

/** True where nobody uses the folder, but for who waits for us to let it in. */
async function removeWhatGuestsLeft(folder: string): Promise<boolean> {
  return await whileNobodyAttached(folder, () =>
    rm(join(folder, guestsFolder), { recursive: true, force: true }),
  )
}

/** Whether an engine is embedded. */
function needsOwner({ databaseUrl, qdrantUrl }: Config): boolean {
  return databaseUrl === undefined || qdrantUrl === undefined
}

/** Whether a setting names an engine that other processes may use as well. */
function isNamed({ databaseUrl, qdrantUrl }: Config): boolean {
  return databaseUrl !== undefined || qdrantUrl !== undefined
}

/** Of the engines that keep their files in the folder; where a server does their work, what is there is not opened. */
function dataVersions({ databaseUrl, qdrantUrl }: Config): DataVersions {
  return {
    format: dataFormat,
    postgresMajor: databaseUrl === undefined ? postgresMajor : null,
    edge: qdrantUrl === undefined ? edgeVersion : null,
  }
}

function gone(engine: string) {
  return fail('engine_unavailable', {
    engine,
    reason: "the process that runs the data folder's engines has just ended",
  })
}

function unattended(folder: string): DataFolderError {
  return new DataFolderError(
    'unattended',
    `No nacre serve runs on ${folder}, and a worker uses the engines of one. Start it, set NACRE_DATA to its folder, or set DATABASE_URL and QDRANT_URL.`,
  )
}

function otherVersion(folder: string, other: string): DataFolderError {
  return new DataFolderError(
    'locked',
    `The Nacre that runs on ${folder} is version ${other}, and this one ${version}: processes of one folder are of one version. Stop that one, or start this one anew in its version.`,
  )
}
