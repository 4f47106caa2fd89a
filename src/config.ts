import { availableParallelism } from 'node:os'
import { z } from 'zod'
import { archiveSettings } from './archive-settings.ts'
import { advisorSettings } from './advisor-settings.ts'
import { collectionSettings } from './collection-settings.ts'
import { gainSettings } from './gain-settings.ts'
import { factsSettings } from './facts-settings.ts'
import { filterSettings } from './filter-settings.ts'
import { pluginSettings } from './plugin-settings.ts'
import { retrieverSettings } from './retriever-settings.ts'
import { duration, secret, setting, whole } from './setting.ts'
import { storageSettings } from './storage-settings.ts'
import { usageSettings } from './usage-settings.ts'

/** Everything a process can be told from outside. Units stand last in the names. */
export const settings = {
  dataFolder: setting(
    'NACRE_DATA',
    'Folder of the embedded engines, originals and the admin key.',
    z.string().default('./.nacre'),
  ),
  host: setting('NACRE_HOST', 'Address the API listens on.', z.string().default('127.0.0.1')),
  port: setting(
    'NACRE_PORT',
    'Port the API listens on; 0 takes a free one.',
    whole(0, 65_535, 8686),
  ),
  serverUrl: setting(
    'NACRE_URL',
    'The server that commands speak to; absent: the host and the port on this machine.',
    z.url({ protocol: /^https?$/ }).optional(),
  ),
  publicUrl: setting(
    'NACRE_PUBLIC_URL',
    'Where clients reach the API, for the URLs that it signs; absent: as their request names it.',
    z.url({ protocol: /^https?$/ }).optional(),
  ),
  adminKey: secret(
    'NACRE_ADMIN_KEY',
    'The first admin key (sk_…); absent: one is made, printed once and kept in admin.key.',
    z
      .string()
      .regex(/^sk_[A-Za-z0-9_-]{16,}$/, 'sk_ and at least 16 letters, digits, _ or -')
      .optional(),
  ),
  databaseUrl: secret(
    'DATABASE_URL',
    'PostgreSQL 15 or later; absent: an embedded PostgreSQL in the data folder.',
    z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  ),
  qdrantUrl: setting(
    'QDRANT_URL',
    'Qdrant 1.18 or later; absent: Qdrant Edge in this process.',
    z.url({ protocol: /^https?$/ }).optional(),
  ),
  qdrantApiKey: secret('QDRANT_API_KEY', 'API key of that Qdrant.', z.string().optional()),
  embeddingModel: setting(
    'EMBEDDING_MODEL',
    'Model for new namespaces: bundled, hf:<repo or folder>, or an OpenAI-compatible http(s) URL, its #fragment naming the model.',
    z
      .string()
      .regex(/^(bundled|hf:.+|https?:\/\/.+)$/, 'bundled, hf:<repo or folder>, or an http(s) URL')
      .default('bundled'),
  ),
  embeddingApiKey: secret(
    'EMBEDDING_API_KEY',
    'API key of the embedding URL.',
    z.string().optional(),
  ),
  logLevel: setting(
    'NACRE_LOG',
    'Least severe log line written.',
    z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  ),

  bodySizeBytesMax: setting(
    'NACRE_BODY_BYTES_MAX',
    'Largest JSON body; 413 beyond.',
    whole(1024, 1 << 30, 32 << 20),
  ),
  jsonDepthMax: setting(
    'NACRE_JSON_DEPTH_MAX',
    'Deepest nesting of a JSON body; 422 beyond.',
    whole(10, 1_000, 128),
  ),
  importLineBytesMax: setting(
    'NACRE_IMPORT_LINE_BYTES_MAX',
    'Largest line of a newline-delimited import.',
    whole(1024, 1 << 28, 8 << 20),
  ),
  requestTimeoutMs: setting(
    'NACRE_REQUEST_TIMEOUT_MS',
    'Longest a request may take before 503; imports excepted.',
    whole(100, 3_600_000, 60_000),
  ),
  keyUseIntervalMs: setting(
    'NACRE_KEY_USE_INTERVAL_MS',
    'How often the last use of API keys is written.',
    whole(100, 3_600_000, 10_000),
  ),
  drainTimeoutMs: setting(
    'NACRE_DRAIN_TIMEOUT_MS',
    'How long a stopping process waits for requests and jobs under way.',
    whole(0, 600_000, 10_000),
  ),
  ownerWaitMs: setting(
    'NACRE_OWNER_WAIT_MS',
    "How long a process waits for the one that owns its data folder's engines to let it in.",
    whole(0, 3_600_000, 30_000),
  ),
  databaseConnectionsMax: setting(
    'NACRE_DATABASE_CONNECTIONS_MAX',
    'Connections of one process to PostgreSQL.',
    whole(4, 200, 16),
  ),
  openShardsMax: setting(
    'NACRE_OPEN_SHARDS_MAX',
    'Qdrant Edge shards open at once in this process.',
    whole(1, 10_000, 64),
  ),
  shardIdleMs: setting(
    'NACRE_SHARD_IDLE_MS',
    'An unused shard closes after this time.',
    whole(1000, 86_400_000, 600_000),
  ),
  flushIntervalMs: setting(
    'NACRE_FLUSH_INTERVAL_MS',
    'Longest time between a write and its flush to disk.',
    whole(100, 60_000, 5_000),
  ),
  engineConcurrencyMax: setting(
    'NACRE_ENGINE_CONCURRENCY_MAX',
    'Engine calls at once in this process.',
    whole(1, 1024, 2 * availableParallelism()),
  ),
  engineQueueMax: setting(
    'NACRE_ENGINE_QUEUE_MAX',
    'Engine calls waiting for a place; 503 beyond.',
    whole(0, 100_000, 1_024),
  ),
  embeddingThreads: setting(
    'NACRE_EMBEDDING_THREADS',
    'Worker threads that run the bundled model.',
    whole(1, 64, availableParallelism()),
  ),
  embeddingQueryThreads: setting(
    'NACRE_EMBEDDING_QUERY_THREADS',
    'Threads beside them, 150 MB each, that queries have to themselves.',
    whole(0, 64, 1),
  ),
  embeddingQueueMax: setting(
    'NACRE_EMBEDDING_QUEUE_MAX',
    'Calls of one priority that wait for the bundled model; 503 beyond.',
    whole(1, 100_000, 1_024),
  ),
  embeddingTimeoutMs: setting(
    'NACRE_EMBEDDING_TIMEOUT_MS',
    'Longest one request to the embedding URL may take.',
    whole(100, 600_000, 30_000),
  ),
  embeddingCacheMax: setting(
    'NACRE_EMBEDDING_CACHE_MAX',
    'Query embeddings kept in memory.',
    whole(0, 1_000_000, 4_096),
  ),
  indexWaitMs: setting(
    'NACRE_INDEX_WAIT_MS',
    'How long a PATCH waits for a payload index before it answers with state building.',
    whole(0, 600_000, 20_000),
  ),
  indexesMax: setting(
    'NACRE_INDEXES_MAX',
    'Custom payload indexes of one namespace.',
    whole(1, 1_000, 100),
  ),
  ownVectorsMax: setting(
    'NACRE_OWN_VECTORS_MAX',
    "Vectors of a client's own in one namespace.",
    whole(1, 1_000, 32),
  ),
  scanDocumentsMax: setting(
    'NACRE_SCAN_DOCUMENTS_MAX',
    'Documents one request may read to answer what the engine cannot.',
    whole(1_000, 100_000_000, 1_000_000),
  ),
  wideSearchPercentMax: setting(
    'NACRE_WIDE_SEARCH_PERCENT_MAX',
    'Share of the documents, in percent, up to which a filtered search looks wider in the graph, for its recall; 0 never.',
    whole(0, 100, 75),
  ),
  facetValuesMax: setting(
    'NACRE_FACET_VALUES_MAX',
    'Different values of a field up to which facets and groups are counted by its index; beyond, documents are read.',
    whole(1, 100_000, 1_000),
  ),
  listRowsMax: setting(
    'NACRE_LIST_ROWS_MAX',
    'Rows one list may look through to filter, search or sort by what is no column.',
    whole(1_000, 100_000_000, 1_000_000),
  ),
  inlineBlobBytesMax: setting(
    'NACRE_INLINE_BLOB_BYTES_MAX',
    "Largest text or JSON of a blob that is kept in its object's row; larger ones go to the blob store.",
    whole(0, 1 << 20, 64 << 10),
  ),
  stageDocumentsMax: setting(
    'NACRE_STAGE_DOCUMENTS_MAX',
    'Documents that one retriever stage may hold in memory; 400 beyond.',
    whole(100, 1_000_000, 10_000),
  ),
  executionFlushMs: setting(
    'NACRE_EXECUTION_FLUSH_MS',
    'How often records of retriever executions are written.',
    whole(10, 600_000, 1_000),
  ),
  executionsPendingMax: setting(
    'NACRE_EXECUTIONS_PENDING_MAX',
    'Records of executions waiting to be written; more are not kept.',
    whole(0, 1_000_000, 10_000),
  ),
  executionDaysMax: setting(
    'NACRE_EXECUTION_DAYS_MAX',
    'Days that records of executions are kept.',
    whole(1, 3_650, 30),
  ),
  batchObjectsMax: setting(
    'NACRE_BATCH_OBJECTS_MAX',
    'Objects in one batch.',
    whole(1, 10_000_000, 100_000),
  ),
  batchSliceMs: setting(
    'NACRE_BATCH_SLICE_MS',
    'Work of one batch job before it hands over to the next.',
    whole(50, 60_000, 1_000),
  ),
  chunksPerObjectMax: setting(
    'NACRE_CHUNKS_PER_OBJECT_MAX',
    'Documents that one object may become.',
    whole(1, 1_000_000, 10_000),
  ),
  ...storageSettings,
  ...archiveSettings,
  ...collectionSettings,
  ...factsSettings,
  ...filterSettings,
  ...pluginSettings,
  ...retrieverSettings,
  ...usageSettings,
  ...gainSettings,
  ...advisorSettings,
  reconfigureRetentionMs: setting(
    'RECONFIGURE_RETENTION',
    'How long the generation before a reconfigure is kept for its undo, as 24h, 30m or 90s; 0 erases it at once.',
    duration('24h'),
  ),
  generationsRetainedMax: setting(
    'NACRE_GENERATIONS_RETAINED_MAX',
    'Earlier generations of one namespace kept for undo; the oldest goes first.',
    whole(1, 100, 2),
  ),
  reconfigurationsMax: setting(
    'NACRE_RECONFIGURATIONS_MAX',
    'Ended reconfigures of one namespace that are remembered.',
    whole(1, 10_000, 100),
  ),
  cacheEntriesMax: setting(
    'NACRE_CACHE_ENTRIES_MAX',
    'Rows of one kind kept in memory for the hot path.',
    whole(10, 1_000_000, 10_000),
  ),
  jobConcurrency: setting(
    'NACRE_JOB_CONCURRENCY',
    'Jobs of one kind at once in one process.',
    whole(1, 64, 2),
  ),
} as const

export type Settings = typeof settings
export type SettingName = keyof Settings
export type Config = { readonly [K in SettingName]: z.infer<Settings[K]['schema']> }

/**
 * Reads the environment once, at the start of a process; flags are merged into `env` by the caller.
 * Throws an Error that names every wrong setting at once.
 */
export function readConfig(env: Record<string, string | undefined>): Config {
  const wrong: string[] = []
  const entries = Object.entries(settings).map(([name, { variable, schema }]) => {
    const result = schema.safeParse(env[variable] || undefined)
    if (!result.success) wrong.push(`${variable}: ${result.error.issues[0]?.message}`)
    return [name, result.data]
  })
  if (wrong.length > 0) throw new Error(`Wrong settings:\n  ${wrong.join('\n  ')}`)
  return Object.freeze(Object.fromEntries(entries))
}
