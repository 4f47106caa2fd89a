import { sql } from 'kysely'
import type { Ports } from '../../ports/ports.ts'
import { bucketOf } from '../../store/buckets.ts'
import { listPage, type Listed } from '../../store/listing.ts'
import type { ListRequest, ListResult } from '../listing.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { bucketAnswer } from './bucket-answer.ts'
import type { Bucket } from './bucket.ts'

/** The buckets of a namespace, those being deleted among them (contract 11: IN_PROGRESS). */
export async function listBuckets(
  ports: Pick<Ports, 'db' | 'config' | 'now'>,
  namespace: Namespace,
  request: ListRequest,
): Promise<ListResult<Bucket>> {
  const listed: Listed<'buckets', Bucket> = {
    table: 'buckets',
    where: sql`namespace_id = ${namespace.id}`,
    columns: {
      bucket_id: 'id',
      bucket_name: 'name',
      name: 'name',
      created_at: 'created_at',
      updated_at: 'updated_at',
    },
    read: (rows) => rows.map(bucketOf),
    view: (bucket) => bucketAnswer(bucket, undefined, ports.now()),
  }
  return await listPage(ports, listed, request)
}
