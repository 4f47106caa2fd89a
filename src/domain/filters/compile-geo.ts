import { all, any, atMost, exactly, type Bounds, type Formula } from './bounds.ts'
import type { FilterContext, IndexedPath } from './compile-filter.ts'
import type { Leaf } from './filter.ts'
import { geoShape } from './geo.ts'
import { coverOf, indexedLatMax, indexedLonMax } from './geo-cover.ts'
import { heldBy } from './held-by.ts'
import type { LeafTest } from './leaf-test.ts'

/**
 * Places in a shape. A geo index is asked for boxes around it, and for the shape itself in a double negation, below
 * which the engine tests each place and does not go by the cells that its index would look into.
 */
export function boundsOfPlaces(
  key: string,
  leaf: Leaf,
  holds: LeafTest,
  index: IndexedPath | undefined,
  context: FilterContext,
): Bounds {
  const shape = { key, ...geoShape(leaf) }
  if (index?.schema.type !== 'geo') return exactly(shape)
  const cover = any(coverOf(leaf).map((box) => ({ key, geo_bounding_box: box })))
  const isCover = leaf.operator === 'geo_bounding_box'
  const inside = isCover ? cover : all([cover, { must_not: [{ must_not: [shape] }] }])
  const bounds = heldBy(key, 'geo', inside, holds, context)
  // Of all that an index does not hold, only places at the ends of the globe could lie in a shape.
  return bounds.upper === true ? atMost(any([inside, ...placesAtEnds(key)])) : bounds
}

/** By the coordinates themselves, of which no index knows: one place, or a list of them. */
function placesAtEnds(key: string): Formula[] {
  return [`${key}.`, `${key}[].`].flatMap((path) => [
    { key: `${path}lon`, range: { gte: indexedLonMax } },
    { key: `${path}lon`, range: { lte: -indexedLonMax } },
    { key: `${path}lat`, range: { gte: indexedLatMax } },
    { key: `${path}lat`, range: { lte: -indexedLatMax } },
  ])
}
