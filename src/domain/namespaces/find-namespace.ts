import type { Ports } from '../../ports/ports.ts'
import { readNamespace } from '../../store/namespaces.ts'
import { fail } from '../failure.ts'
import type { Namespace } from './namespace.ts'

/**
 * By id or name, the id winning; from memory on the hot path. Throws `not_found` for one that is absent, of another
 * organization, not finished yet, or being deleted: callers cannot tell these apart.
 */
export async function findNamespace(
  { db, cache }: Pick<Ports, 'db' | 'cache'>,
  organizationId: string,
  identifier: string,
): Promise<Namespace> {
  const found = await cache.get('namespaces', `one ${organizationId} ${identifier}`, () =>
    readNamespace(db, organizationId, identifier),
  )
  if (!found) throw fail('not_found', { resource: 'namespace', id: identifier })
  return found
}
