import type { ColumnType, Generated, Kysely } from 'kysely'
import type { BucketField, UniqueKey } from '../domain/buckets/bucket.ts'
import type { CollectionExtractor, CollectionSource } from '../domain/collections/collection.ts'
import type {
  NamespaceExtractor,
  NamespaceState,
  VectorDefinition,
} from '../domain/namespaces/namespace.ts'
import type { EmbeddingModel } from '../ports/embedder.ts'
import type {
  IndexBefore,
  IndexOrigin,
  IndexState,
  IndexType,
} from '../domain/payload-indexes/payload-index.ts'
import type { StageConfig } from '../domain/retrievers/retriever.ts'
import type { TaskStatus } from '../domain/tasks/task.ts'
import type { Json, Obj, Time } from './column-types.ts'
import type { ExportFileTable } from './export-files.ts'
import type { FilterLinkTable } from './filter-links.ts'
import type { PayloadFactEpochTable, PayloadFactTable } from './fact-tables.ts'
import type {
  IndexCheckTable,
  IndexDecisionTable,
  IndexEventTable,
} from './index-decision-tables.ts'
import type { JobPlaceTable } from './job-places.ts'
import type { LoadPartTable, LoadTable } from './load-tables.ts'
import type { ObjectErasureTable } from './object-erasures.ts'
import type { ReconfigurationTable } from './reconfiguration-tables.ts'
import type { PluginDeploymentTable, PluginTable, PluginUploadTable } from './plugin-tables.ts'
import type {
  QuerySampleTable,
  QueryUsageFieldTable,
  QueryUsageShapeTable,
  SlowReadTable,
} from './query-usage-tables.ts'

/** An open database, or a transaction on it: queries take either. */
export type Db = Kysely<Tables>

/** PostgreSQL is the truth about everything but documents (design 3). Migrations hold the SQL. */
export interface Tables {
  organizations: OrganizationTable
  users: UserTable
  api_keys: ApiKeyTable
  namespaces: NamespaceTable
  namespace_leases: NamespaceLeaseTable
  namespace_lease_shares: NamespaceLeaseShareTable
  payload_indexes: PayloadIndexTable
  payload_facts: PayloadFactTable
  payload_fact_epochs: PayloadFactEpochTable
  index_decisions: IndexDecisionTable
  index_events: IndexEventTable
  index_checks: IndexCheckTable
  filter_links: FilterLinkTable
  reconfigurations: ReconfigurationTable
  buckets: BucketTable
  objects: ObjectTable
  object_blobs: ObjectBlobTable
  object_erasures: ObjectErasureTable
  unused_blobs: UnusedBlobTable
  collections: CollectionTable
  export_files: ExportFileTable
  batches: BatchTable
  batch_objects: BatchObjectTable
  ingest_ledger: IngestLedgerTable
  tasks: TaskTable
  retrievers: RetrieverTable
  executions: ExecutionTable
  plugins: PluginTable
  plugin_deployments: PluginDeploymentTable
  plugin_uploads: PluginUploadTable
  signing_keys: SigningKeyTable
  query_usage_fields: QueryUsageFieldTable
  query_usage_shapes: QueryUsageShapeTable
  slow_reads: SlowReadTable
  query_samples: QuerySampleTable
  job_places: JobPlaceTable
  loads: LoadTable
  load_parts: LoadPartTable
}

interface OrganizationTable {
  id: string
  /** Opaque, never exposed but in key models (contract 6.3). */
  internal_id: string
  name: string
  account_type: 'free' | 'pro' | 'team' | 'enterprise'
  /** Logo, billing e-mail, rate limits: kept and told, nothing acts on them. */
  profile: ColumnType<Record<string, unknown>, string | undefined, string>
  metadata: Obj
  created_at: Time
  updated_at: Time
}

interface UserTable {
  id: string
  organization_id: string
  email: string
  name: string
  role: 'admin' | 'member' | 'viewer'
  status: 'active' | 'suspended' | 'pending'
  avatar_url: string | null
  metadata: Obj
  created_at: Time
  updated_at: Time
}

interface ApiKeyTable {
  id: string
  organization_id: string
  user_id: string
  name: string
  /** SHA-256 of the key, hex; the key itself is stored nowhere. */
  hash: string
  prefix: string
  description: string
  permissions: Json<('read' | 'write' | 'delete' | 'admin')[]>
  scopes: Json<Record<string, unknown>[]>
  status: 'active' | 'revoked' | 'expired'
  rate_limit_override: number | null
  expires_at: Time | null
  last_used_at: Time | null
  created_at: Time
  created_by: string | null
  revoked_at: Time | null
  revoked_by: string | null
}

interface NamespaceTable {
  id: string
  organization_id: string
  name: string
  description: string | null
  namespace_type: 'standard' | 'marketplace'
  state: NamespaceState
  generation: number
  /** The highest number that a generation of it ever had: none is given out twice. */
  last_generation: Generated<number>
  feature_extractors: Json<NamespaceExtractor[]>
  /** Storage vector name → definition: what the collection of `generation` holds. */
  vectors: Json<Record<string, VectorDefinition>>
  embedding: Json<EmbeddingModel>
  auto_create_indexes: boolean
  infrastructure: Obj
  expires_at: Time | null
  created_at: Time
  updated_at: Time
}

interface NamespaceLeaseTable {
  namespace_id: string
  /** Grows with each exclusive holder: effects carry it, an older one is refused. */
  token: ColumnType<string, string | number | bigint, string | number | bigint>
  holder: string | null
  purpose: string | null
  expires_at: Time | null
}

interface NamespaceLeaseShareTable {
  namespace_id: string
  holder: string
  expires_at: Time
}

interface PayloadIndexTable {
  namespace_id: string
  /** As the client named it, and as answers echo it. */
  field_name: string
  /** The physical payload path that the engine indexes; unique in the namespace. */
  path: string
  type: IndexType
  field_schema: Obj
  origin: IndexOrigin
  is_protected: boolean
  state: IndexState
  error: string | null
  /** While a change is under way: what stood here before it, so that a failed build can be taken back. */
  before: Json<IndexBefore | null> | null
  position: number
  created_at: Time
  updated_at: Time
}

interface BucketTable {
  id: string
  namespace_id: string
  name: string
  description: string | null
  fields: Json<Record<string, BucketField>>
  unique_key: Json<UniqueKey | null> | null
  metadata: Obj
  state: 'active' | 'deleting'
  created_at: Time
  updated_at: Time
}

interface ObjectTable {
  id: string
  namespace_id: string
  bucket_id: string
  key_prefix: string | null
  /** Canonical JSON of the unique key's values; unique in the bucket. */
  unique_value: string | null
  /** User fields at the root, `metadata` among them. */
  fields: Obj
  status: TaskStatus
  error: string | null
  created_at: Time
  updated_at: Time
}

interface ObjectBlobTable {
  id: string
  object_id: string
  bucket_id: string
  position: number
  property: string
  type: string
  key_prefix: string | null
  metadata: Obj
  /** Small JSON data is kept here; larger text and bytes under `hash` in the blob store. */
  data: Json<unknown> | null
  hash: string | null
  size_bytes: number
  mime_type: string | null
  filename: string | null
}

interface UnusedBlobTable {
  hash: string
  due_at: Time
}

interface CollectionTable {
  id: string
  namespace_id: string
  name: string
  description: string | null
  source: Json<CollectionSource>
  feature_extractor: Json<CollectionExtractor>
  input_schema: Json<Record<string, BucketField>>
  output_schema: Json<Record<string, BucketField>>
  schema_version: Generated<number>
  schema_synced_at: Time | null
  enabled: boolean
  metadata: Obj
  state: 'active' | 'deleting'
  created_at: Time
  updated_at: Time
}

interface BatchTable {
  id: string
  namespace_id: string
  bucket_id: string
  name: string | null
  type: 'BUCKET' | 'COLLECTION'
  status: TaskStatus
  /** Null until submit: discovered from the bucket, or named by the caller. */
  collection_ids: Json<string[]> | null
  /** Collections tier by tier, fixed at submit. */
  tiers: Json<string[][]>
  current_tier: number
  task_id: string | null
  /** Grows with each job that works on the batch: an older job's effects are refused. */
  fence: Generated<number>
  metadata: Obj
  error: string | null
  created_at: Time
  updated_at: Time
}

interface BatchObjectTable {
  batch_id: string
  object_id: string
  position: number
}

/** One row an object × collection of a batch: accepted = written + failed + skipped + pending. */
interface IngestLedgerTable {
  batch_id: string
  collection_id: string
  object_id: string
  tier: number
  /** `extracted` counts as pending; `written` only after a flush that covers it. */
  state: 'pending' | 'extracted' | 'written' | 'failed' | 'skipped'
  documents: number
  error_type: string | null
  reason: string | null
  attempts: number
  updated_at: Time
}

interface TaskTable {
  id: string
  organization_id: string
  namespace_id: string | null
  type: string
  status: TaskStatus
  inputs: Json<unknown[]>
  outputs: Json<unknown[]>
  additional_data: Obj
  error: string | null
  created_at: Time
  updated_at: Time
  finished_at: Time | null
}

interface RetrieverTable {
  id: string
  namespace_id: string
  name: string
  description: string | null
  stages: Json<StageConfig[]>
  collection_ids: Json<string[]>
  input_schema: Obj
  budget_limits: Obj
  tags: Json<string[]>
  display_config: Json<unknown> | null
  visibility: 'private' | 'public' | 'marketplace'
  version: number
  created_at: Time
  updated_at: Time
  created_by: string | null
}

interface ExecutionTable {
  id: string
  namespace_id: string
  retriever_id: string | null
  status: 'completed' | 'failed'
  detail: Obj
  total_returned: number
  duration_ms: number
  created_at: Time
}

interface SigningKeyTable {
  name: string
  secret: string
  created_at: Generated<Date>
}
