import { sql, type RawBuilder } from 'kysely'
import type { Tables } from './tables.ts'

/** A table of which rows stand in an archive. */
export interface ArchiveTable {
  name: keyof Tables
  /** Columns of its primary key: the order of its rows in an archive. */
  key: readonly string[]
  /** Which rows belong to the server as a whole; absent: none. */
  ofServer?: RawBuilder<boolean>
  /** Which rows belong to a namespace; absent: none. */
  ofNamespace?: (namespaceId: string) => RawBuilder<boolean>
  /** What an archived row `r` (jsonb) becomes on its way in, where that is not what it was. */
  loadedAs?: RawBuilder<unknown>
  /** Rows that may be there already, by another part of the archive or by a first start: those stay. */
  isShared?: boolean
}

const whole = sql<boolean>`true`
const byNamespace = (id: string) => sql<boolean>`namespace_id = ${id}`
const byBatch = (id: string) =>
  sql<boolean>`batch_id in (select id from batches where namespace_id = ${id})`

/**
 * In an order in which each row finds those that it refers to. A new table is decided about here or below; a test
 * compares both with the schema.
 */
export const archiveTables: readonly ArchiveTable[] = [
  { name: 'organizations', key: ['id'], ofServer: whole, isShared: true },
  { name: 'users', key: ['id'], ofServer: whole },
  { name: 'api_keys', key: ['id'], ofServer: whole },
  {
    name: 'namespaces',
    key: ['id'],
    ofNamespace: (id) => sql<boolean>`id = ${id}`,
    // Nobody sees it before the whole archive is there.
    loadedAs: sql`r || '{"state": "loading"}'`,
  },
  {
    name: 'plugins',
    key: ['id'],
    ofServer: sql<boolean>`namespace_id is null`,
    ofNamespace: (id) => sql<boolean>`namespace_id = ${id} or
      id in (select plugin_row_id from plugin_deployments where namespace_id = ${id})`,
    isShared: true,
  },
  { name: 'plugin_deployments', key: ['plugin_row_id'], ofNamespace: byNamespace },
  {
    name: 'payload_indexes',
    key: ['path'],
    ofNamespace: byNamespace,
    // The engine of the archive's server had it; the one here builds it.
    loadedAs: sql`case when r ->> 'state' in ('active', 'building')
      then r || '{"state": "pending", "before": null}' else r end`,
  },
  { name: 'index_decisions', key: ['id'], ofNamespace: byNamespace },
  { name: 'index_events', key: ['id'], ofNamespace: byNamespace },
  {
    name: 'reconfigurations',
    key: ['id'],
    ofNamespace: byNamespace,
    // Only the live generation stands in an archive.
    loadedAs: sql`r || case
      when r ->> 'state' in ('retained', 'erasing') then '{"state": "erased"}'
      when r ->> 'state' = 'discarding' then '{"state": "undone"}'
      when r ->> 'state' in ('done', 'erased', 'undone', 'cancelled') then '{}'
      else '{"state": "cancelled", "error": "It was under way where the archive was made; begin it again."}'
      end::jsonb`,
  },
  { name: 'buckets', key: ['id'], ofNamespace: byNamespace },
  { name: 'objects', key: ['id'], ofNamespace: byNamespace },
  {
    name: 'object_blobs',
    key: ['id'],
    ofNamespace: (id) =>
      sql<boolean>`bucket_id in (select id from buckets where namespace_id = ${id})`,
  },
  { name: 'collections', key: ['id'], ofNamespace: byNamespace },
  { name: 'batches', key: ['id'], ofNamespace: byNamespace },
  { name: 'batch_objects', key: ['batch_id', 'object_id'], ofNamespace: byBatch },
  { name: 'ingest_ledger', key: ['batch_id', 'collection_id', 'object_id'], ofNamespace: byBatch },
  {
    name: 'tasks',
    key: ['id'],
    // Among them those that tell of namespaces which are gone.
    ofServer: sql<boolean>`namespace_id is null or namespace_id not in (select id from namespaces)`,
    ofNamespace: byNamespace,
  },
  { name: 'retrievers', key: ['id'], ofNamespace: byNamespace },
  { name: 'executions', key: ['id'], ofNamespace: byNamespace },
  { name: 'query_usage_fields', key: ['hour', 'path'], ofNamespace: byNamespace },
  { name: 'query_usage_shapes', key: ['hour', 'shape_hash'], ofNamespace: byNamespace },
  { name: 'slow_reads', key: ['id'], ofNamespace: byNamespace },
]

/** Tables of which nothing stands in an archive, and why. */
export const leftOutTables: Readonly<Record<string, string>> = {
  nacre_migrations: 'The number of the last one stands in the manifest.',
  namespace_leases: 'Who holds a namespace is true of running processes only.',
  namespace_lease_shares: 'Who writes to a namespace is true of running processes only.',
  job_places: 'Which jobs run is true of running processes only.',
  payload_facts: 'Found again in the documents.',
  payload_fact_epochs: 'Begins with its namespace.',
  filter_links: 'Made again for the graphs that are built anew.',
  index_checks: 'The advisor plans its next look by itself.',
  query_samples:
    'Values of queries are personal data, kept for 48 hours; new queries bring new ones.',
  object_erasures:
    'The job that ends such a deletion stands in an archive, and finds what is left without them.',
  unused_blobs: 'Only originals that a row names stand in an archive.',
  signing_keys: 'A secret of the server; each makes its own.',
  plugin_uploads: 'An upload under way is begun again; its signed URL would be worth nothing.',
  export_files: 'They expire within hours, and are made again of the documents.',
  loads: "What was loaded into the archive's server says nothing of another.",
  load_parts: "What was loaded into the archive's server says nothing of another.",
}
