import type { Ports } from '../../ports/ports.ts'
import { countDocuments } from '../documents/read.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { reconfigureRequest } from '../namespaces/reconfigure-request.ts'
import type { Plugin } from './plugin.ts'
import { isAlike } from './vector-conflicts.ts'

/** What the namespace's collection lacks for a plugin to write into it. */
export interface SchemaGap {
  missing: string[]
  /** There, but with another dimension or distance. */
  changed: string[]
}

/** Compares what the plugin declares with the schema as it is. */
export function schemaGap(
  { vectors }: Pick<Namespace, 'vectors'>,
  { manifest }: Pick<Plugin, 'manifest'>,
): SchemaGap {
  const features = manifest?.features ?? []
  const known = features.filter(({ name }) => Object.hasOwn(vectors, name))
  return {
    missing: features.filter((feature) => !known.includes(feature)).map(({ name }) => name),
    changed: known.flatMap((feature) => {
      const definition = vectors[feature.name]
      return definition && isAlike(definition, feature) ? [] : [feature.name]
    }),
  }
}

export function isComplete({ missing, changed }: SchemaGap): boolean {
  return missing.length + changed.length === 0
}

/** The request that closes a gap, as an answer shows it; null where there is none. */
export function gapRequest(namespace: Pick<Namespace, 'id'>, gap: SchemaGap) {
  return isComplete(gap) ? null : reconfigureRequest(namespace, gap.changed.length > 0)
}

/** What the schema lacks, and what a reconfigure would do about it; empty where nothing lacks. */
export async function gapMessage(
  ports: Pick<Ports, 'db' | 'cache' | 'vectors' | 'config' | 'log'>,
  namespace: Namespace,
  gap: SchemaGap,
): Promise<string> {
  const request = gapRequest(namespace, gap)
  if (request === null) return ''
  const documents = await countDocuments(ports, namespace, { collectionIds: null }, null)
  const parts = [
    ...(gap.missing.length > 0 ? [`lacks ${gap.missing.join(', ')}`] : []),
    ...(gap.changed.length > 0 ? [`has another definition of ${gap.changed.join(', ')}`] : []),
  ]
  return (
    `The schema of namespace '${namespace.name}' (${documents} documents) ${parts.join(' and ')}. ` +
    `${request.method} ${request.path} ${whatItDoes(gap)}`
  )
}

function whatItDoes({ changed }: SchemaGap): string {
  const recreate =
    '{"confirm": true} recreates the collection with every vector and lists the collections to trigger again'
  const look = '; {"dry_run": true} shows the plan.'
  if (changed.length > 0) return `${recreate}${look}`
  return `{"confirm": true, "strategy": "online"} adds them beside the documents, none lost; ${recreate}${look}`
}
