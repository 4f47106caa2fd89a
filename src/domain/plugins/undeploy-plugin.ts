import type { Ports } from '../../ports/ports.ts'
import { changeNamespaceExtractors } from '../../store/namespaces.ts'
import { changeDeployment } from '../../store/plugins.ts'
import type { Db } from '../../store/tables.ts'
import type { Collection } from '../collections/collection.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { findPlugin } from './find-plugin.ts'
import { collectionsUsing } from './plugin-use.ts'
import { unfinishedStates, type Plugin } from './plugin.ts'

/**
 * Takes a plugin out of the namespace's extractors; its archive, its vectors and what it has made stay. With the
 * collections that use it. Throws `not_found`.
 */
export async function undeployPlugin(
  ports: Ports,
  namespace: Namespace,
  identifier: string,
): Promise<{ plugin: Plugin; collections: Collection[] }> {
  const plugin = await findPlugin(ports, namespace, identifier)
  const { db, cache, plugins } = ports
  await db.transaction().execute((tx) => removeFrom(ports, tx, namespace.id, plugin))
  cache.forget('plugins')
  cache.forget('namespaces')
  await plugins.stop(plugin.pluginId)
  return { plugin, collections: await collectionsUsing(ports, namespace.id, plugin) }
}

/** Both in one transaction: the deployment's state, and its place among the extractors. */
export async function removeFrom(
  { now }: Pick<Ports, 'now'>,
  tx: Db,
  namespaceId: string,
  { id, pluginId }: Pick<Plugin, 'id' | 'pluginId'>,
): Promise<void> {
  const at = now()
  const states = [...unfinishedStates, 'deployed', 'failed'] as const
  const removed = { state: 'not_deployed', deployedAt: null, at } as const
  await changeDeployment(tx, namespaceId, id, states, removed)
  await changeNamespaceExtractors(tx, namespaceId, at, (extractors) => {
    const others = extractors.filter((one) => one.feature_extractor_id !== pluginId)
    return others.length === extractors.length ? null : others
  })
}
