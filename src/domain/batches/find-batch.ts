import type { Ports } from '../../ports/ports.ts'
import { readBatch } from '../../store/batches.ts'
import type { Bucket } from '../buckets/bucket.ts'
import { fail } from '../failure.ts'
import type { Batch } from './batch.ts'

/** Throws `not_found`, for another bucket's batch as for an absent one. */
export async function findBatch(
  { db }: Pick<Ports, 'db'>,
  bucket: Pick<Bucket, 'id'>,
  id: string,
): Promise<Batch> {
  const batch = await readBatch(db, id, bucket.id)
  if (!batch) throw fail('not_found', { resource: 'batch', id })
  return batch
}
