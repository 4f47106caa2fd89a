import type { FieldType } from '../buckets/bucket.ts'
import type { TaskStatus } from '../tasks/task.ts'

/** One original: user fields at the root, `metadata` among them, and its blobs (contract 12). */
export interface StoredObject {
  id: string
  namespaceId: string
  bucketId: string
  keyPrefix: string | null
  /** Canonical JSON of the unique key's values; null without a unique key. */
  uniqueValue: string | null
  fields: Record<string, unknown>
  status: TaskStatus
  error: string | null
  createdAt: Date
  updatedAt: Date
  blobs: StoredBlobRow[]
}

export interface StoredBlobRow {
  id: string
  /** Order in the object. */
  position: number
  property: string
  type: FieldType
  keyPrefix: string | null
  metadata: Record<string, unknown>
  /** The value itself where it is small; null where it stands in the blob store under `hash`. */
  data: unknown
  hash: string | null
  sizeBytes: number
  mimeType: string | null
  filename: string | null
}
