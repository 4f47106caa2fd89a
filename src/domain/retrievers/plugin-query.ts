import type { Ports } from '../../ports/ports.ts'
import { whyAbsent } from '../extractors/absent-plugins.ts'
import { builtinExtractors } from '../extractors/catalogue.ts'
import { collectionsOf } from '../collections/find-collection.ts'
import { fail, invalid } from '../failure.ts'
import type { Namespace, VectorDefinition } from '../namespaces/namespace.ts'
import { deployedPlugins } from '../plugins/deployed-plugins.ts'
import { pluginCode } from '../plugins/plugin-code.ts'
import type { Plugin } from '../plugins/plugin.ts'
import type { Location } from './stage.ts'

/** Where a query is asked: collections of the search, null for all of the namespace. */
export interface QueryPlace {
  ports: Pick<Ports, 'db' | 'cache' | 'plugins'>
  namespace: Namespace
  collectionIds: readonly string[] | null
  location: Location
  signal: AbortSignal
}

/** Whether a plugin made the vector, so that only it can make one of a query. */
export function isPluginVector({ extractorId }: VectorDefinition): boolean {
  return extractorId !== null && !builtinExtractors.some(({ id }) => id === extractorId)
}

/**
 * The query as the plugin sees it: by its realtime service, else by its pipeline on one row (plugin-contract 5).
 * Throws `request_invalid` where the plugin is not deployed, `plugin_failed` where no such vector comes out.
 */
export async function pluginQuery(
  place: QueryPlace,
  vector: VectorDefinition,
  inputs: Readonly<Record<string, unknown>>,
): Promise<Float32Array> {
  const { ports, namespace, signal } = place
  const plugin = await pluginOf(place, vector)
  const answer = await ports.plugins.realtime(
    pluginCode(plugin, namespace.id),
    { inputs, parameters: await parametersOf(place, plugin), vector: vector.name },
    signal,
  )
  if (answer.vector?.length === vector.dimensions) return answer.vector
  const reason =
    answer.vector === null
      ? (answer.error ?? 'it answered no vector')
      : `it answered ${answer.vector.length} dimensions; ${vector.featureUri} has ${vector.dimensions}`
  throw fail('plugin_failed', { pluginId: plugin.pluginId, reason })
}

async function pluginOf(
  { ports, namespace, location }: QueryPlace,
  { extractorId, featureUri }: VectorDefinition,
): Promise<Plugin> {
  const plugins = await deployedPlugins(ports, namespace)
  const plugin = plugins.find(({ pluginId }) => pluginId === extractorId)
  if (plugin) return plugin
  const reason = await whyAbsent(ports, namespace, extractorId ?? '')
  const message = `${featureUri} takes a text through its plugin only. ${reason ?? `${extractorId} is gone.`} Deploy it, or send a vector or a document`
  throw invalid([...location, 'query'], message, 'not_enabled')
}

/**
 * What enabling it set, with the searched collections' over it (plugin-contract 5.2). Collections that differ in
 * their parameters have no common ones: then the plugin goes by its own.
 */
async function parametersOf(
  { ports, namespace, collectionIds }: QueryPlace,
  { pluginId, deployment }: Plugin,
): Promise<Record<string, unknown>> {
  const all = await collectionsOf(ports, namespace.id)
  const given = all
    .filter(({ id }) => collectionIds === null || collectionIds.includes(id))
    .filter(({ extractor }) => extractor.feature_extractor_id === pluginId)
    .map(({ extractor }) => extractor.parameters)
  const isOne = new Set(given.map((parameters) => JSON.stringify(parameters))).size === 1
  return { ...deployment?.params, ...(isOne && given[0]) }
}
