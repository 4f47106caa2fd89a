import type { Ports } from '../../ports/ports.ts'
import { deletePluginRow, readNamespacesOf } from '../../store/plugins.ts'
import { fail } from '../failure.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { addBlobSweep } from '../objects/remove-unused-blobs.ts'
import { findPlugin, findScopedPlugin } from './find-plugin.ts'
import { collectionsUsing } from './plugin-use.ts'
import { unfinishedStates, type Plugin } from './plugin.ts'
import { removeFrom } from './undeploy-plugin.ts'

export interface Deleted {
  plugin: Plugin
  /** Whether it ran anywhere. */
  wasDeployed: boolean
}

/**
 * Deletes a namespace's own plugin with its archive; what it has made stays. Throws `not_found`, and `conflict` for
 * one of the organization, or one that collections use unless `force`.
 */
export async function deletePlugin(
  ports: Ports,
  namespace: Namespace,
  identifier: string,
  { force }: { force: boolean },
): Promise<Deleted> {
  const plugin = await findPlugin(ports, namespace, identifier)
  if (plugin.namespaceId === null) {
    throw fail('conflict', {
      reason: `Plugin ${plugin.pluginId} is the organization's.`,
      hint: `POST /v1/namespaces/${namespace.id}/plugins/org/${plugin.pluginId}/disable takes it out of this namespace; DELETE /v1/plugins/${plugin.pluginId} deletes it.`,
    })
  }
  if (!force) await refuseUsed(ports, [namespace.id], plugin)
  return await remove(ports, plugin, [namespace.id])
}

/**
 * Deletes a plugin of the organization. Throws `not_found`, and `conflict` with the namespaces where it runs unless
 * `force`, which undeploys it in each of them.
 */
export async function deleteOrganizationPlugin(
  ports: Ports,
  organizationId: string,
  identifier: string,
  { force }: { force: boolean },
): Promise<Deleted> {
  const plugin = await findScopedPlugin(ports, { organizationId, namespaceId: null }, identifier)
  const states = [...unfinishedStates, 'deployed', 'failed', 'not_deployed'] as const
  const enabledIn = await readNamespacesOf(ports.db, plugin.id, states)
  if (enabledIn.length > 0 && !force) {
    throw fail('conflict', {
      reason: `Plugin ${plugin.pluginId} is enabled in ${enabledIn.join(', ')}.`,
      hint: 'Disable it there first, or send force=true.',
      details: { namespaces: enabledIn },
    })
  }
  return await remove(ports, plugin, enabledIn)
}

async function refuseUsed(
  ports: Ports,
  namespaceIds: readonly string[],
  plugin: Plugin,
): Promise<void> {
  const uses = await Promise.all(namespaceIds.map((id) => collectionsUsing(ports, id, plugin)))
  const collections = uses.flat()
  if (collections.length === 0) return
  throw fail('conflict', {
    reason: `Plugin ${plugin.pluginId} is used by the collections ${collections.map(({ name }) => `'${name}'`).join(', ')}.`,
    hint: 'Delete these collections first, or send force=true: their documents stay, new batches fail.',
    details: { collections: collections.map(({ id }) => id) },
  })
}

async function remove(
  ports: Ports,
  plugin: Plugin,
  namespaceIds: readonly string[],
): Promise<Deleted> {
  const { db, cache, plugins } = ports
  const running = await readNamespacesOf(db, plugin.id, ['deployed'])
  await db.transaction().execute(async (tx) => {
    for (const id of namespaceIds) await removeFrom(ports, tx, id, plugin)
    await deletePluginRow(tx, plugin.id)
  })
  cache.forget('plugins')
  cache.forget('namespaces')
  await plugins.stop(plugin.pluginId)
  await addBlobSweep(ports)
  return { plugin, wasDeployed: running.length > 0 }
}
