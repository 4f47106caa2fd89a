import type { Ports } from '../../ports/ports.ts'
import { changeNamespaceExtractors, readNamespaceById } from '../../store/namespaces.ts'
import { changeDeployment, readPluginRow } from '../../store/plugins.ts'
import { countDocuments } from '../documents/read.ts'
import { builtinExtractors } from '../extractors/catalogue.ts'
import { isFailure } from '../failure.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { addMissingVectors } from '../reconfiguration/add-missing-vectors.ts'
import { deployedPlugins } from './deployed-plugins.ts'
import { pluginCode } from './plugin-code.ts'
import { pluginExtractor } from './plugin-extractor.ts'
import { unfinishedStates, type Plugin } from './plugin.ts'
import { schemaGap } from './schema-gap.ts'
import { vectorConflicts } from './vector-conflicts.ts'

/**
 * The job of a deployment: loads the plugin, gives an empty namespace its vectors, and makes it one of the
 * namespace's extractors. Documents are never touched. Safe to run again from any point; a plugin that does not load
 * is `failed` with its own error.
 */
export async function finishDeployment(
  ports: Ports,
  { namespaceId, pluginRowId }: { namespaceId: string; pluginRowId: string },
  signal?: AbortSignal,
): Promise<void> {
  const { db } = ports
  const namespace = await readNamespaceById(db, namespaceId)
  const plugin = await readPluginRow(db, pluginRowId, namespaceId)
  if (namespace?.state !== 'ready' || !plugin) return
  const started = { state: 'in_progress', at: ports.now() } as const
  if (!(await changeDeployment(db, namespaceId, pluginRowId, unfinishedStates, started))) return
  const problem = await bringUp(ports, namespace, plugin, signal)
  if (problem === null) return await register(ports, namespace, plugin)
  ports.log.warn({ namespaceId, pluginId: plugin.pluginId, problem }, 'a plugin did not load')
  const failed = { state: 'failed', error: problem, at: ports.now() } as const
  await changeDeployment(db, namespaceId, pluginRowId, unfinishedStates, failed)
  ports.cache.forget('plugins')
}

/** Why the plugin cannot run in the namespace; null where it is loaded, and an empty namespace has its vectors. */
export async function bringUp(
  ports: Ports,
  namespace: Namespace,
  plugin: Plugin,
  signal?: AbortSignal,
): Promise<string | null> {
  const features = plugin.manifest?.features ?? []
  const others = await deployedPlugins(ports, namespace)
  const [conflict] = vectorConflicts(namespace, others, plugin, features)
  if (conflict) return conflict.message
  try {
    await ports.plugins.warm(pluginCode(plugin, namespace.id), signal)
  } catch (error) {
    if (isFailure(error, 'plugin_failed')) return error.detail.reason
    if (isFailure(error, 'plugins_unavailable')) return error.message
    throw error
  }
  await fillSchema(ports, namespace, plugin, others)
  return null
}

/**
 * Without documents there is nothing to lose: the vectors are added at once (contract 10.3, deploy). Those that are
 * there, left by a plugin that no longer runs, are this one's from now on; in the engine nothing changes.
 */
async function fillSchema(
  ports: Ports,
  { id }: Namespace,
  plugin: Plugin,
  others: readonly Plugin[],
): Promise<void> {
  const namespace = await readNamespaceById(ports.db, id)
  if (!namespace) return
  const { missing, changed } = schemaGap(namespace, plugin)
  const isEmpty =
    missing.length > 0 &&
    (await countDocuments(ports, namespace, { collectionIds: null }, null)) === 0
  const wanted = pluginExtractor(plugin)
    .vectors(namespace.embedding)
    .filter(({ name }) =>
      missing.includes(name)
        ? isEmpty
        : !changed.includes(name) && isLeft(namespace, others, name, plugin.pluginId),
    )
  if (wanted.length === 0) return
  await addMissingVectors(
    ports,
    namespace,
    Object.fromEntries(wanted.map((one) => [one.name, one])),
  )
}

/** Whether the vector is that of an extractor that is neither built in nor deployed any more. */
function isLeft(
  { vectors }: Namespace,
  others: readonly Plugin[],
  name: string,
  pluginId: string,
): boolean {
  const owner = vectors[name]?.extractorId ?? null
  if (owner === null || owner === pluginId) return false
  const running = [...builtinExtractors.map((one) => one.id), ...others.map((one) => one.pluginId)]
  return !running.includes(owner)
}

/** Deployed, and named among the namespace's extractors: both or, where it was undeployed meanwhile, neither. */
async function register(ports: Ports, { id }: Namespace, plugin: Plugin): Promise<void> {
  const at = ports.now()
  await ports.db.transaction().execute(async (tx) => {
    const done = { state: 'deployed', deployedAt: at, at } as const
    if (!(await changeDeployment(tx, id, plugin.id, unfinishedStates, done))) return
    const { pluginId, name, version } = plugin
    await changeNamespaceExtractors(tx, id, at, (extractors) =>
      extractors.some(({ feature_extractor_id }) => feature_extractor_id === pluginId)
        ? null
        : [
            ...extractors,
            { feature_extractor_name: name, version, feature_extractor_id: pluginId },
          ],
    )
  })
  ports.cache.forget('plugins')
  ports.cache.forget('namespaces')
}
