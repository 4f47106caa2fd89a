import type { Config } from '../config.ts'
import type { NamespaceLeases } from '../domain/namespaces/lease.ts'
import type { RowCache } from '../store/cache.ts'
import type { Db } from '../store/tables.ts'
import type { Queue } from '../store/queue.ts'
import type { BlobStore } from './blob-store.ts'
import type { DiskRoom } from './disk-room.ts'
import type { Embedder } from './embedder.ts'
import type { ExtractorRuntime } from './extractor-runtime.ts'
import type { Logger } from './logger.ts'
import type { Metrics } from './metrics.ts'
import type { PluginHost } from './plugin-host.ts'
import type { VectorEngine } from './vector-engine.ts'

/** Everything the domain may reach outside itself. Made once, in compose.ts. */
export interface Ports {
  db: Db
  queue: Queue
  cache: RowCache
  leases: NamespaceLeases
  vectors: VectorEngine
  blobs: BlobStore
  room: DiskRoom
  embedder: Embedder
  extractors: ExtractorRuntime
  plugins: PluginHost
  log: Logger
  metrics: Metrics
  config: Config
  now: () => Date
  /** A new id with the contract's prefix: `newId('ns')` → `ns_…`; `newId()` → a bare UUID. */
  newId: (prefix?: string) => string
}
