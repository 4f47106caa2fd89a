import type { PluginFeature } from '../../ports/plugin-host.ts'
import type { Ports } from '../../ports/ports.ts'
import { readNamespaceById } from '../../store/namespaces.ts'
import { builtinExtractors } from '../extractors/catalogue.ts'
import type { Namespace, VectorDefinition } from '../namespaces/namespace.ts'
import { deployedPlugins } from './deployed-plugins.ts'
import type { Plugin, PluginScope } from './plugin.ts'

export interface VectorConflict {
  vector: string
  /** Who has it: a plugin, a built-in extractor, or the client. */
  owner: string
  message: string
}

/**
 * Features whose vector another plugin that runs in the namespace, a built-in extractor or the client declares
 * differently. A version of the same plugin that no longer runs is no hindrance: then the vector changes.
 */
export function vectorConflicts(
  namespace: Pick<Namespace, 'vectors'>,
  deployed: readonly Plugin[],
  { pluginId }: Pick<Plugin, 'pluginId'>,
  features: readonly PluginFeature[],
): VectorConflict[] {
  const others = deployed.filter((one) => one.pluginId !== pluginId)
  return features.flatMap((feature) => {
    const owner = ownerAmong(others, feature) ?? ownerInSchema(namespace, others, feature)
    if (owner === null) return []
    const message = `the vector '${feature.name}' is ${shown(owner.definition)} in ${owner.name} and ${shown(feature)} in ${pluginId}`
    return [{ vector: feature.name, owner: owner.name, message }]
  })
}

/** The same as errors of a validation; none for a plugin of the organization, which meets no namespace yet. */
export async function vectorErrors(
  ports: Pick<Ports, 'db' | 'cache'>,
  { namespaceId }: PluginScope,
  claim: Pick<Plugin, 'pluginId' | 'name'>,
  features: readonly PluginFeature[],
): Promise<string[]> {
  const namespace = namespaceId === null ? null : await readNamespaceById(ports.db, namespaceId)
  if (namespace === null) return []
  // An earlier version that runs is told of when this one is deployed beside it.
  const others = (await deployedPlugins(ports, namespace)).filter(({ name }) => name !== claim.name)
  return vectorConflicts(namespace, others, claim, features).map(
    ({ message }) => `${message}; rename it, or make both alike`,
  )
}

type Definition = Pick<PluginFeature, 'dimensions' | 'distance'>
interface Owner {
  name: string
  definition: Definition | VectorDefinition
}

function ownerAmong(others: readonly Plugin[], feature: PluginFeature): Owner | null {
  for (const plugin of others) {
    const definition = plugin.manifest?.features.find(({ name }) => name === feature.name)
    if (definition && !isAlike(definition, feature)) return { name: plugin.pluginId, definition }
  }
  return null
}

/** A vector of the schema that stays whatever is deployed: a built-in extractor's, or the client's own. */
function ownerInSchema(
  { vectors }: Pick<Namespace, 'vectors'>,
  others: readonly Plugin[],
  feature: PluginFeature,
): Owner | null {
  const definition = Object.hasOwn(vectors, feature.name) ? vectors[feature.name] : undefined
  if (!definition || isAlike(definition, feature)) return null
  const { extractorId } = definition
  if (extractorId === null) return { name: "the client's own vectors", definition }
  const isKept =
    others.some(({ pluginId }) => pluginId === extractorId) ||
    builtinExtractors.some(({ id }) => id === extractorId)
  return isKept ? { name: extractorId, definition } : null
}

/** Whether a vector of the schema can hold what the feature makes. */
export function isAlike(
  a: Pick<VectorDefinition, 'dimensions' | 'distance'>,
  b: Definition,
): boolean {
  return a.dimensions === b.dimensions && a.distance === b.distance
}

function shown({
  dimensions,
  distance,
}: Pick<VectorDefinition, 'dimensions' | 'distance'>): string {
  return `${dimensions ?? 'sparse'}${dimensions === null ? '' : '-d'} ${distance}`
}
