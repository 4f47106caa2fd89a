import type { StoredBlobRow, StoredObject } from './object.ts'

/** An object as the wire shows it (contract 12): user fields at the root beside ours. */
export function objectAnswer(object: StoredObject) {
  return {
    ...object.fields,
    object_id: object.id,
    bucket_id: object.bucketId,
    namespace_id: object.namespaceId,
    key_prefix: object.keyPrefix,
    blobs: object.blobs.map(blobAnswer),
    source_details: [{ type: 'bucket' as const, source_id: object.bucketId }],
    status: object.status,
    error: object.error,
    created_at: object.createdAt.toISOString(),
    updated_at: object.updatedAt.toISOString(),
  }
}

function blobAnswer(blob: StoredBlobRow) {
  return {
    blob_id: blob.id,
    property: blob.property,
    type: blob.type,
    key_prefix: blob.keyPrefix,
    properties: { ...dataProperties(blob), ...blob.metadata },
    details: {
      filename: blob.filename,
      size_bytes: blob.sizeBytes,
      mime_type: blob.mimeType,
      hash: blob.hash,
    },
  }
}

/** Data and metadata are one object on the wire; content that stands in the blob store is named by its hash only. */
function dataProperties({ type, data }: StoredBlobRow): Record<string, unknown> {
  if (data === null) return {}
  if (type === 'text') return { text: data }
  return typeof data === 'object' && !Array.isArray(data) ? { ...data } : { value: data }
}
