import type { Ports } from '../../ports/ports.ts'
import { readCollection, readCollections } from '../../store/collections.ts'
import { fail } from '../failure.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { Collection } from './collection.ts'

/** By id or name, the id winning; from memory on the hot path. Throws `not_found`, for a foreign one too. */
export async function findCollection(
  ports: Pick<Ports, 'db' | 'cache'>,
  namespace: Pick<Namespace, 'id'>,
  identifier: string,
): Promise<Collection> {
  const found = await ports.cache.get('collections', `one ${namespace.id} ${identifier}`, () =>
    readCollection(ports.db, namespace.id, identifier),
  )
  if (!found) throw fail('not_found', { resource: 'collection', id: identifier })
  return found
}

/** Every collection of the namespace, oldest first; from memory on the hot path. */
export async function collectionsOf(
  ports: Pick<Ports, 'db' | 'cache'>,
  namespaceId: string,
): Promise<Collection[]> {
  return await ports.cache.get('collections', `all ${namespaceId}`, () =>
    readCollections(ports.db, namespaceId),
  )
}
