import type { Collection } from '../collections/collection.ts'

type Placed = Pick<Collection, 'id' | 'enabled' | 'source'>

/**
 * Of the collections that have something to make again those that have to be triggered: one whose every source is
 * triggered anyway, and makes all of its documents anew, comes along (design 4).
 */
export function collectionsToReprocess(
  all: readonly Placed[],
  affected: ReadonlySet<string>,
  carriesOver: (collectionId: string) => boolean,
): string[] {
  const comesAlong = ({ enabled, source }: Placed) =>
    enabled &&
    source.type === 'collection' &&
    (source.collection_ids ?? []).length > 0 &&
    (source.collection_ids ?? []).every((id) => affected.has(id) && !carriesOver(id))
  return all
    .filter((collection) => affected.has(collection.id) && !comesAlong(collection))
    .map(({ id }) => id)
}
