import type { Ports } from '../../ports/ports.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { Collection } from './collection.ts'
import { isOpen } from './discover-fields.ts'
import { createCollection, type CollectionSpec } from './create-collection.ts'

/** A new collection of the same configuration, changed where the body says so; documents stay (contract 15.3). */
export async function cloneCollection(
  ports: Pick<Ports, 'db' | 'cache' | 'config' | 'now' | 'newId'>,
  namespace: Namespace,
  original: Collection,
  change: CollectionSpec,
): Promise<Collection> {
  const keepsSource = change.source === undefined || change.source === null
  const { collection } = await createCollection(ports, namespace, {
    ...change,
    description: change.description ?? original.description,
    source: keepsSource ? original.source : change.source,
    feature_extractor: change.feature_extractor ?? original.extractor,
    enabled: change.enabled ?? original.enabled,
    metadata: change.metadata ?? original.metadata,
    ...(keepsSource &&
      !isOpen(original.inputSchema) && {
        input_schema: { properties: original.inputSchema },
      }),
  })
  return collection
}
