import type { Collection } from '../collections/collection.ts'

/**
 * Collections tier by tier (contract 14): what reads a bucket is tier 0, what reads collections comes one tier after
 * the last of them. Tiers nobody is in are left out, so a restricted batch has as many tiers as it has work for.
 */
export function planTiers(selected: readonly Collection[]): Collection[][] {
  const byId = new Map(selected.map((collection) => [collection.id, collection]))
  const depths = new Map<string, number>()
  const tiers = new Map<number, Collection[]>()
  for (const collection of selected) {
    const depth = depthOf(collection, byId, depths)
    tiers.set(depth, [...(tiers.get(depth) ?? []), collection])
  }
  return [...tiers.keys()].toSorted((a, b) => a - b).map((depth) => tiers.get(depth) ?? [])
}

/** Enabled collections that a bucket's objects reach, directly or through other collections. */
export function reachedFromBucket(all: readonly Collection[], bucketId: string): Collection[] {
  const direct = all.filter(
    ({ enabled, source }) => enabled && source.bucket_ids?.includes(bucketId),
  )
  return reachedFrom(all, direct)
}

/** These, and every enabled collection downstream of them, in the order of `all`. */
export function reachedFrom(
  all: readonly Collection[],
  first: readonly Collection[],
): Collection[] {
  const reached = new Set(first.map(({ id }) => id))
  // Each round adds a tier; sources form no cycle, so rounds end with the collections.
  for (let grew = true; grew;) {
    const next = all.filter(
      ({ id, enabled, source }) =>
        enabled &&
        !reached.has(id) &&
        source.collection_ids?.some((upstream) => reached.has(upstream)),
    )
    for (const { id } of next) reached.add(id)
    grew = next.length > 0
  }
  return all.filter(({ id }) => reached.has(id))
}

function depthOf(
  collection: Collection,
  byId: ReadonlyMap<string, Collection>,
  depths: Map<string, number>,
): number {
  const known = depths.get(collection.id)
  if (known !== undefined) return known
  const upstream = (collection.source.collection_ids ?? []).map((id) => {
    const source = byId.get(id)
    // An upstream that is not part of the batch has its documents already.
    return source ? depthOf(source, byId, depths) : 0
  })
  const depth = upstream.length === 0 ? 0 : 1 + Math.max(...upstream)
  depths.set(collection.id, depth)
  return depth
}
