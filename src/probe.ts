import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { openEmbedder } from './adapters/embedding/open-embedder.ts'
import { openEmbeddedPostgres } from './adapters/embedded-postgres/open-embedded-postgres.ts'
import { openQdrantEdge } from './adapters/qdrant-edge/open-qdrant-edge.ts'
import { openQdrantServer } from './adapters/qdrant-server/open-qdrant-server.ts'
import { openFsBlobs } from './adapters/fs-blobs/open-fs-blobs.ts'
import { openPluginProcess } from './adapters/plugin-process/open-plugin-process.ts'
import { openLogger } from './adapters/pino-log/open-logger.ts'
import type { Config } from './config.ts'
import { openDatabase } from './store/database.ts'

const silent = openLogger({ level: 'silent' })

/** Writes and counts in a real engine: a temporary shard of the addon, or the server's list of collections. */
export async function probeEngine(config: Config): Promise<string> {
  if (config.qdrantUrl !== undefined) {
    const apiKey = config.qdrantApiKey ?? null
    await using engine = await openQdrantServer({ url: config.qdrantUrl, apiKey, log: silent })
    return `Qdrant at ${config.qdrantUrl} holds ${(await engine.listCollections()).length} collections`
  }
  return await inTemporaryFolder(async (folder) => {
    await using engine = await openQdrantEdge({ folder, config, log: silent })
    await engine.createCollection('probe', { vectors: {}, sparse_vectors: {} })
    await engine.count('probe', {})
    return 'Qdrant Edge opens a shard'
  })
}

/** The server's version, from the database that a start would use, or from a temporary embedded one. */
export async function probeDatabase(config: Config): Promise<string> {
  if (config.databaseUrl !== undefined) return await databaseVersion(config.databaseUrl)
  return await inTemporaryFolder(async (folder) => {
    await using postgres = await openEmbeddedPostgres({
      folder: join(folder, 'postgres'),
      log: silent,
    })
    return `embedded ${await databaseVersion(postgres.url)}`
  })
}

/** Embeds a sentence. */
export async function probeModel(config: Config): Promise<string> {
  await using embedder = await openEmbedder({ config, log: silent })
  const { inferenceName, dimensions, languages } = await embedder.describe(config.embeddingModel)
  await embedder.embed(config.embeddingModel, ['The quick fox jumps.'], 'query')
  return `${inferenceName}, ${dimensions} dimensions, languages: ${languages.join(', ')}`
}

/** What runs plugins and behind which walls, or why none can: everything else works without them. */
export async function probePlugins(config: Config): Promise<string> {
  return await inTemporaryFolder(async (folder) => {
    const blobs = await openFsBlobs(join(folder, 'blobs'))
    const parts = { folder: join(folder, 'plugins'), blobs, config, log: silent }
    await using host = openPluginProcess(parts)
    const { tier, reasons, python, problem } = await host.describe()
    if (problem !== null) return `none can run: ${problem}`
    const why = reasons.length > 0 ? ` (${reasons.join('; ')})` : ''
    return `Python ${python?.version} at ${python?.path}, isolation tier ${tier}${why}`
  })
}

async function databaseVersion(url: string): Promise<string> {
  const database = await openDatabase(url, { connectionsMax: 2 })
  try {
    const { rows } = await sql<{ version: string }>`select version() as version`.execute(
      database.db,
    )
    return (rows[0]?.version ?? '').split(' ').slice(0, 2).join(' ')
  } finally {
    await database.close()
  }
}

async function inTemporaryFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'nacre-doctor-'))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
