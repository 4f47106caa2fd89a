import { sql } from 'kysely'
import type { Ports } from '../../ports/ports.ts'
import { listPage, type Listed } from '../../store/listing.ts'
import { withBlobs } from '../../store/objects.ts'
import type { Bucket } from '../buckets/bucket.ts'
import type { ListRequest, ListResult } from '../listing.ts'
import { objectAnswer } from './object-answer.ts'
import type { StoredObject } from './object.ts'

/** The objects of a bucket with their blobs. */
export async function listObjects(
  ports: Pick<Ports, 'db' | 'config'>,
  bucket: Bucket,
  request: ListRequest,
): Promise<ListResult<StoredObject>> {
  const listed: Listed<'objects', StoredObject> = {
    table: 'objects',
    where: sql`bucket_id = ${bucket.id}`,
    columns: {
      object_id: 'id',
      status: 'status',
      created_at: 'created_at',
      updated_at: 'updated_at',
    },
    read: async (rows) => await withBlobs(ports.db, rows),
    view: objectAnswer,
  }
  return await listPage(ports, listed, request)
}
