import type { Ports } from '../../ports/ports.ts'
import { readObjects } from '../../store/objects.ts'
import type { Bucket } from '../buckets/bucket.ts'
import { fail } from '../failure.ts'
import type { StoredObject } from './object.ts'

/** Throws `not_found`, for another bucket's object as for an absent one. */
export async function findObject(
  { db }: Pick<Ports, 'db'>,
  bucket: Bucket,
  id: string,
): Promise<StoredObject> {
  const [object] = await readObjects(db, bucket.namespaceId, bucket.id, [id])
  if (!object) throw fail('not_found', { resource: 'object', id })
  return object
}
