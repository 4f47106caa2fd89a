import type { Ports } from '../../ports/ports.ts'
import { beginDeployment, deleteDeployment, findPluginRows } from '../../store/plugins.ts'
import type { Db } from '../../store/tables.ts'
import type { Collection } from '../collections/collection.ts'
import { fail } from '../failure.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { deploymentDone, queueDeployment, refuseDeployment } from './deploy-plugin.ts'
import { findScopedPlugin } from './find-plugin.ts'
import { passedManifest } from './plugin-code.ts'
import { parsePluginParameters } from './plugin-parameters.ts'
import { collectionsUsing } from './plugin-use.ts'
import type { Plugin } from './plugin.ts'
import { removeFrom } from './undeploy-plugin.ts'

export interface Enabling {
  params: Record<string, unknown>
  deploy: boolean
}

/**
 * Makes a plugin of the organization one of the namespace's, and deploys it unless told not to. Enabling it again
 * changes its parameters. One that does not load is not enabled.
 * Throws `not_found`, `bad_request`, `request_invalid`, `already_exists` where the namespace has its own of that id,
 * `conflict`, `plugin_failed`, `plugins_unavailable`.
 */
export async function enablePlugin(
  ports: Ports,
  namespace: Namespace,
  identifier: string,
  { params, deploy }: Enabling,
  signal?: AbortSignal,
): Promise<Plugin> {
  const { db, cache } = ports
  const plugin = await findOrganizationPlugin(ports, namespace, identifier)
  const { parameters } = parsePluginParameters(passedManifest(plugin), params, ['body', 'params'])
  if (deploy) await refuseDeployment(ports, namespace, plugin)
  await refuseTwin(db, namespace, plugin)
  await db.transaction().execute((tx) => write(ports, tx, namespace, plugin, parameters, deploy))
  cache.forget('plugins')
  const done = await deploymentDone(ports, namespace, plugin, signal)
  if (!deploy || done.deployment?.state !== 'failed') return done
  await deleteDeployment(db, namespace.id, plugin.id)
  cache.forget('plugins')
  const reason = done.deployment.error ?? 'it did not load'
  throw fail('plugin_failed', { pluginId: plugin.pluginId, reason })
}

/** With the collections that use it. Throws `not_found` for one that is not enabled. */
export async function disablePlugin(
  ports: Ports,
  namespace: Namespace,
  identifier: string,
): Promise<{ plugin: Plugin; collections: Collection[] }> {
  const plugin = await findOrganizationPlugin(ports, namespace, identifier)
  const { db, cache, plugins } = ports
  const wasEnabled = await db.transaction().execute(async (tx) => {
    await removeFrom(ports, tx, namespace.id, plugin)
    return await deleteDeployment(tx, namespace.id, plugin.id)
  })
  cache.forget('plugins')
  cache.forget('namespaces')
  if (!wasEnabled) {
    throw fail('not_found', { resource: 'enabled plugin', id: plugin.pluginId })
  }
  await plugins.stop(plugin.pluginId)
  return { plugin, collections: await collectionsUsing(ports, namespace.id, plugin) }
}

/** The organization's, with its deployment in this namespace. */
async function findOrganizationPlugin(
  { db }: Pick<Ports, 'db'>,
  { id, organizationId }: Namespace,
  identifier: string,
): Promise<Plugin> {
  return await findScopedPlugin({ db }, { organizationId, namespaceId: null }, identifier, id)
}

/** One that runs goes on running; its processes take the parameters with each call. */
async function write(
  ports: Ports,
  tx: Db,
  namespace: Namespace,
  plugin: Plugin,
  params: Record<string, unknown>,
  deploy: boolean,
): Promise<void> {
  const at = ports.now()
  const type = plugin.deployment?.type ?? 'realtime'
  const state = plugin.deployment?.state === 'deployed' ? 'deployed' : deploy ? 'queued' : null
  if (state === 'queued') {
    return await queueDeployment(ports, tx, namespace, plugin, { state, type, at, params })
  }
  const kept = state ?? plugin.deployment?.state ?? 'not_deployed'
  await beginDeployment(tx, namespace.id, plugin.id, { state: kept, type, at, params })
}

async function refuseTwin(db: Db, namespace: Namespace, { pluginId, name }: Plugin): Promise<void> {
  const scope = { organizationId: namespace.organizationId, namespaceId: namespace.id }
  const own = await findPluginRows(db, scope, { pluginIds: [pluginId], name })
  if (!own.some((one) => one.pluginId === pluginId)) return
  throw fail('already_exists', { resource: "the namespace's own plugin", name: pluginId })
}
