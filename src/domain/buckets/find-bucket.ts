import type { Ports } from '../../ports/ports.ts'
import { readBucket } from '../../store/buckets.ts'
import { fail } from '../failure.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { Bucket } from './bucket.ts'

/** By id or name, the id winning; from memory on the hot path. Throws `not_found`, for a foreign one too. */
export async function findBucket(
  ports: Pick<Ports, 'db' | 'cache'>,
  namespace: Pick<Namespace, 'id'>,
  identifier: string,
): Promise<Bucket> {
  const found = await ports.cache.get('buckets', `one ${namespace.id} ${identifier}`, () =>
    readBucket(ports.db, namespace.id, identifier),
  )
  if (!found) throw fail('not_found', { resource: 'bucket', id: identifier })
  return found
}

/** As `findBucket`, and throws `conflict` where the bucket is being deleted: nothing may come in. */
export async function findActiveBucket(
  ports: Pick<Ports, 'db' | 'cache'>,
  namespace: Pick<Namespace, 'id'>,
  identifier: string,
): Promise<Bucket> {
  const bucket = await findBucket(ports, namespace, identifier)
  if (bucket.state === 'active') return bucket
  throw fail('conflict', { reason: `Bucket '${bucket.name}' is being deleted.` })
}
