import type { FieldCondition, GeoPoint } from '../../ports/vector-engine.ts'
import type { Leaf } from './filter.ts'

/** Mean radius of the earth in metres, as the engine has it. */
const earthRadius = 6_371_008.8

type Shape = Pick<FieldCondition, 'geo_radius' | 'geo_bounding_box' | 'geo_polygon'>

/** The shape of a geo leaf in the engine's words; its value was checked when it was parsed. */
export function geoShape(leaf: Leaf): Shape {
  return { [leaf.operator]: leaf.value }
}

/** Whether a value is a point `{lon, lat}` inside of the leaf's shape. */
export function geoTest(leaf: Leaf): (value: unknown) => boolean {
  const { geo_radius: circle, geo_bounding_box: box, geo_polygon: polygon } = geoShape(leaf)
  return (value) => {
    const point = pointOf(value)
    if (!point) return false
    if (circle) return distance(circle.center, point) <= circle.radius
    if (box) return isInBox(box, point)
    if (!polygon) return false
    const holes = polygon.interiors ?? []
    return isInRing(polygon.exterior.points, point) && !holes.some((h) => isInRing(h.points, point))
  }
}

function pointOf(value: unknown): GeoPoint | null {
  if (typeof value !== 'object' || value === null || !('lon' in value) || !('lat' in value))
    return null
  const { lon, lat } = value
  return typeof lon === 'number' && typeof lat === 'number' ? { lon, lat } : null
}

/** A box whose left side lies east of its right one crosses the 180th meridian. */
function isInBox(
  box: { top_left: GeoPoint; bottom_right: GeoPoint },
  { lon, lat }: GeoPoint,
): boolean {
  const { top_left: topLeft, bottom_right: bottomRight } = box
  if (lat > topLeft.lat || lat < bottomRight.lat) return false
  if (topLeft.lon > bottomRight.lon) return lon >= topLeft.lon || lon <= bottomRight.lon
  return lon >= topLeft.lon && lon <= bottomRight.lon
}

/** Counts the edges that a ray to the east crosses. */
function isInRing(points: readonly GeoPoint[], { lon, lat }: GeoPoint): boolean {
  let isInside = false
  points.forEach((a, i) => {
    const b = points[i + 1] ?? points[0] ?? a
    const crosses = a.lat > lat !== b.lat > lat
    if (crosses && lon < ((b.lon - a.lon) * (lat - a.lat)) / (b.lat - a.lat) + a.lon)
      isInside = !isInside
  })
  return isInside
}

/** Haversine, in metres. */
function distance(a: GeoPoint, b: GeoPoint): number {
  const radians = Math.PI / 180
  const dLat = (b.lat - a.lat) * radians
  const dLon = (b.lon - a.lon) * radians
  const h =
    Math.sin(dLat / 2) ** 2 +
    Math.cos(a.lat * radians) * Math.cos(b.lat * radians) * Math.sin(dLon / 2) ** 2
  return 2 * earthRadius * Math.asin(Math.min(1, Math.sqrt(h)))
}
