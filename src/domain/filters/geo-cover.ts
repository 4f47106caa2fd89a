import type { FieldCondition } from '../../ports/vector-engine.ts'
import type { Leaf } from './filter.ts'
import { earthRadius, geoShape } from './geo.ts'

/**
 * What a geo index of the engine is asked. It files places by cells of the globe, and finds the cells of a shape wrongly in
 * some cases, seen in qdrant-edge 0.9.0: what lies at 90° or 180° it files at the other end of the globe, so that a box of
 * the whole world finds nothing, and a circle around the north pole not the pole; a box across the 180th meridian whose
 * sides lie in one cell has that cell only. (By its code it may also leave out a cell of a circle in the south, where it
 * takes the corner nearer to the pole for the one that is farthest from a cell's middle; not seen.) Boxes that keep away
 * from the ends and do not cross the meridian are right.
 */

type GeoBox = NonNullable<FieldCondition['geo_bounding_box']>

/** A tenth of a millimetre: places as near to an end of the globe count as not held by an index. */
const edge = 1e-9
export const indexedLonMax = 180 - edge
export const indexedLatMax = 90 - edge

/** Boxes that hold every place of the leaf's shape that an index holds; of a box itself, no other one. */
export function coverOf(leaf: Leaf): GeoBox[] {
  const { geo_radius: circle, geo_bounding_box: box, geo_polygon: polygon } = geoShape(leaf)
  if (box) {
    const { top_left: topLeft, bottom_right: bottomRight } = box
    return boxes(topLeft.lon, bottomRight.lon, bottomRight.lat, topLeft.lat)
  }
  if (circle) return aroundCircle(circle)
  const points = polygon?.exterior.points ?? []
  const [lons, lats] = [points.map(({ lon }) => lon), points.map(({ lat }) => lat)]
  return boxes(smallest(lons), largest(lons), smallest(lats), largest(lats))
}

/** In degrees; rounding of distances is smaller by far. */
const margin = 1e-6

function aroundCircle({ center, radius }: NonNullable<FieldCondition['geo_radius']>): GeoBox[] {
  const degree = Math.PI / 180
  const angle = radius / earthRadius
  const [south, north] = [-1, 1].map((sign) => center.lat + sign * (angle / degree + margin))
  if (south === undefined || north === undefined) return []
  // A circle around a pole has every longitude.
  if (south <= -90 || north >= 90) return boxes(-180, 180, south, north)
  const reach =
    Math.asin(Math.min(1, Math.sin(angle) / Math.cos(center.lat * degree))) / degree + margin
  const [west, east] = [center.lon - reach, center.lon + reach]
  if (west < -180) return boxes(west + 360, east, south, north)
  return boxes(west, east > 180 ? east - 360 : east, south, north)
}

/** One box, or two where it crosses the 180th meridian; none where it holds nothing. */
function boxes(west: number, east: number, south: number, north: number): GeoBox[] {
  if (west > east) return [...boxes(west, 180, south, north), ...boxes(-180, east, south, north)]
  const [left, right] = [Math.max(west, -indexedLonMax), Math.min(east, indexedLonMax)]
  const [bottom, top] = [Math.max(south, -indexedLatMax), Math.min(north, indexedLatMax)]
  if (left >= right || bottom >= top) return []
  return [{ top_left: { lon: left, lat: top }, bottom_right: { lon: right, lat: bottom } }]
}

function smallest(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => Math.min(a, b), Infinity)
}

function largest(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => Math.max(a, b), -Infinity)
}
