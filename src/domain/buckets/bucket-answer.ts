import type { BucketStats } from '../../store/bucket-stats.ts'
import type { Bucket } from './bucket.ts'

/** A bucket as the wire shows it (contract 11): every figure is a whole number. */
export function bucketAnswer(bucket: Bucket, stats: BucketStats | undefined, at: Date) {
  const objects = stats?.objects ?? 0
  const size = stats?.sizeBytes ?? 0
  return {
    bucket_id: bucket.id,
    bucket_name: bucket.name,
    namespace_id: bucket.namespaceId,
    description: bucket.description,
    bucket_schema: { properties: bucket.fields },
    unique_key: bucket.uniqueKey,
    metadata: bucket.metadata,
    object_count: objects,
    total_size_bytes: size,
    created_at: bucket.createdAt.toISOString(),
    updated_at: bucket.updatedAt.toISOString(),
    last_upload_at: stats?.lastUploadAt?.toISOString() ?? null,
    stats_updated_at: at.toISOString(),
    status: bucket.state === 'deleting' ? ('IN_PROGRESS' as const) : ('ACTIVE' as const),
    is_locked: bucket.state === 'deleting',
    batch_stats: {
      total: stats?.batches ?? 0,
      active: stats?.activeBatches ?? 0,
      completed: stats?.completedBatches ?? 0,
      failed: stats?.failedBatches ?? 0,
    },
    storage_stats: {
      total_size_bytes: size,
      avg_size_bytes: objects === 0 ? 0 : Math.round(size / objects),
      max_size_bytes: stats?.sizeBytesMax ?? 0,
      min_size_bytes: stats?.sizeBytesMin ?? 0,
    },
  }
}
