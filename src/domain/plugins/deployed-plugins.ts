import type { Ports } from '../../ports/ports.ts'
import { readDeployedPlugins } from '../../store/plugins.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { Plugin } from './plugin.ts'

/**
 * The plugins that are extractors of the namespace now: its own and the organization's that it enabled, as far as
 * they are deployed, by plugin id. From memory on the hot path.
 */
export async function deployedPlugins(
  { db, cache }: Pick<Ports, 'db' | 'cache'>,
  namespace: Pick<Namespace, 'id'>,
): Promise<Plugin[]> {
  return await cache.get('plugins', `deployed ${namespace.id}`, () =>
    readDeployedPlugins(db, namespace.id),
  )
}
