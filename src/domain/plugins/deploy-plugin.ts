import { setTimeout as sleep } from 'node:timers/promises'
import type { Ports } from '../../ports/ports.ts'
import { beginDeployment, readPluginRow, type NewDeployment } from '../../store/plugins.ts'
import type { Db } from '../../store/tables.ts'
import { fail } from '../failure.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { deployedPlugins } from './deployed-plugins.ts'
import { bringUp } from './finish-deployment.ts'
import { findPlugin } from './find-plugin.ts'
import { passedManifest } from './plugin-code.ts'
import { unfinishedStates, type DeploymentType, type Plugin } from './plugin.ts'
import { vectorConflicts } from './vector-conflicts.ts'

export const deployJobName = 'plugin.deploy'

/** How often a deploy that waits looks whether the worker is done. */
const lookMs = 50

/**
 * Deploys a plugin in the namespace as a job, and waits for it a while: the plugin as it is then, `queued` or
 * `in_progress` where it takes longer. One that runs already is loaded again and goes on running meanwhile.
 * Throws `not_found`, `bad_request` for one that has not passed, `conflict` where another plugin declares one of its
 * vectors differently, `plugins_unavailable`.
 */
export async function deployPlugin(
  ports: Ports,
  namespace: Namespace,
  identifier: string,
  type: DeploymentType,
  signal?: AbortSignal,
): Promise<Plugin> {
  const plugin = await findPlugin(ports, namespace, identifier)
  await refuseDeployment(ports, namespace, plugin)
  if (plugin.deployment?.state === 'deployed') return await reload(ports, namespace, plugin, signal)
  const at = ports.now()
  await ports.db
    .transaction()
    .execute((tx) => queueDeployment(ports, tx, namespace, plugin, { state: 'queued', type, at }))
  ports.cache.forget('plugins')
  return await deploymentDone(ports, namespace, plugin, signal)
}

/** What runs is not taken away by an error. Throws `plugin_failed`. */
async function reload(
  ports: Ports,
  namespace: Namespace,
  plugin: Plugin,
  signal?: AbortSignal,
): Promise<Plugin> {
  const reason = await bringUp(ports, namespace, plugin, signal)
  if (reason !== null) throw fail('plugin_failed', { pluginId: plugin.pluginId, reason })
  return plugin
}

/** The row and the job in one transaction. */
export async function queueDeployment(
  { queue }: Pick<Ports, 'queue'>,
  tx: Db,
  namespace: Pick<Namespace, 'id'>,
  plugin: Pick<Plugin, 'id'>,
  deployment: NewDeployment,
): Promise<void> {
  await beginDeployment(tx, namespace.id, plugin.id, deployment)
  if (deployment.state === 'not_deployed') return
  await addDeployment({ queue }, tx, { namespaceId: namespace.id, pluginRowId: plugin.id })
}

/** At most one waits for each plugin of a namespace. */
export async function addDeployment(
  { queue }: Pick<Ports, 'queue'>,
  db: Db,
  { namespaceId, pluginRowId }: { namespaceId: string; pluginRowId: string },
): Promise<void> {
  const payload = { namespace_id: namespaceId, plugin_row_id: pluginRowId }
  await queue.add(db, deployJobName, payload, { singletonKey: `${namespaceId} ${pluginRowId}` })
}

/** Throws what makes a deployment pointless before anything is written. */
export async function refuseDeployment(
  ports: Pick<Ports, 'db' | 'cache' | 'plugins'>,
  namespace: Namespace,
  plugin: Plugin,
): Promise<void> {
  const { features } = passedManifest(plugin)
  const { problem } = await ports.plugins.describe()
  if (problem !== null) throw fail('plugins_unavailable', { reason: problem })
  const deployed = await deployedPlugins(ports, namespace)
  const conflicts = vectorConflicts(namespace, deployed, plugin, features)
  const [first] = conflicts
  if (!first) return
  throw fail('conflict', {
    reason: `${plugin.pluginId} cannot run beside ${first.owner}: ${first.message}.`,
    hint: `Undeploy ${first.owner}, or give the vector another name.`,
    details: { vectors: conflicts.map(({ vector }) => vector), conflicts_with: first.owner },
  })
}

/** Waits until the job has ended, at most pluginDeployWaitMs; then the plugin as it is. */
export async function deploymentDone(
  { db, config }: Pick<Ports, 'db' | 'config'>,
  namespace: Pick<Namespace, 'id'>,
  { id, pluginId }: Pick<Plugin, 'id' | 'pluginId'>,
  signal?: AbortSignal,
): Promise<Plugin> {
  const until = performance.now() + config.pluginDeployWaitMs
  for (;;) {
    const plugin = await readPluginRow(db, id, namespace.id)
    if (!plugin) throw fail('not_found', { resource: 'plugin', id: pluginId })
    const isUnderWay = plugin.deployment && unfinishedStates.includes(plugin.deployment.state)
    if (!isUnderWay || performance.now() > until) return plugin
    await sleep(lookMs, undefined, signal ? { signal } : {})
  }
}
