import type { BucketField } from '../buckets/bucket.ts'

export interface CollectionSource {
  type: 'bucket' | 'collection'
  bucket_ids?: string[]
  collection_ids?: string[]
  /** As the client sent it; parsed again where it is applied. */
  source_filters?: unknown
}

/** Canonical form: mappings are `extractor input → source path`, passthrough entries are objects. */
export interface CollectionExtractor {
  feature_extractor_name: string
  version: string
  feature_extractor_id: string
  parameters: Record<string, unknown>
  input_mappings: Record<string, string>
  field_passthrough: Passthrough[]
  include_all_source_fields: boolean
}

export interface Passthrough {
  source_path: string
  /** Absent: the last segment of `source_path` (contract 15.1). */
  target_path?: string
  default?: unknown
  required?: boolean
}

/** One source and exactly one extractor; its documents carry `_internal.collection_id`. */
export interface Collection {
  id: string
  namespaceId: string
  name: string
  description: string | null
  source: CollectionSource
  extractor: CollectionExtractor
  inputSchema: Record<string, BucketField>
  outputSchema: Record<string, BucketField>
  /** Grows with each field that documents turned out to hold (sync-schema.ts); 1 as it was made. */
  schemaVersion: number
  schemaSyncedAt: Date | null
  enabled: boolean
  metadata: Record<string, unknown>
  state: 'active' | 'deleting'
  createdAt: Date
  updatedAt: Date
}
