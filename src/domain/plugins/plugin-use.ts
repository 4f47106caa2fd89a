import type { Ports } from '../../ports/ports.ts'
import { collectionsOf } from '../collections/find-collection.ts'
import type { Collection } from '../collections/collection.ts'
import type { Plugin } from './plugin.ts'

/** The collections of the namespace that the plugin fills. */
export async function collectionsUsing(
  ports: Pick<Ports, 'db' | 'cache'>,
  namespaceId: string,
  { pluginId }: Pick<Plugin, 'pluginId'>,
): Promise<Collection[]> {
  const collections = await collectionsOf(ports, namespaceId)
  return collections.filter(({ extractor }) => extractor.feature_extractor_id === pluginId)
}

/** `; collections films, plots use it …`, or nothing. */
export function useNote(collections: readonly Collection[]): string {
  if (collections.length === 0) return ''
  const names = collections.map(({ name }) => `'${name}'`).join(', ')
  return ` Collections that use it: ${names}. Their documents stay; new batches and text queries on them answer that the plugin is disabled.`
}
