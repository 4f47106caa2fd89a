import type { Ports } from '../../ports/ports.ts'
import { readObjects } from '../../store/objects.ts'
import { fail } from '../failure.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { StoredObject } from './object.ts'

/** An object whatever its bucket. Throws `not_found`, for another namespace's object as for an absent one. */
export async function findNamespaceObject(
  { db }: Pick<Ports, 'db'>,
  namespace: Namespace,
  id: string,
): Promise<StoredObject> {
  const [object] = await readObjects(db, namespace.id, null, [id])
  if (!object) throw fail('not_found', { resource: 'object', id })
  return object
}
