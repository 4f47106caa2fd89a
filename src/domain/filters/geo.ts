import type { FieldCondition, GeoPoint } from '../../ports/vector-engine.ts'
import type { Leaf } from './filter.ts'

/** Mean radius of the earth in metres, as the engine has it. */
export const earthRadius = 6_371_008.8

type Shape = Pick<FieldCondition, 'geo_radius' | 'geo_bounding_box' | 'geo_polygon'>

/** The shape of a geo leaf in the engine's words; its value was checked when it was parsed. */
export function geoShape(leaf: Leaf): Shape {
  return { [leaf.operator]: leaf.value }
}

/** Whether a value is a place `{lon, lat}` inside of the leaf's shape. What lies on its edge is outside. */
export function geoTest(leaf: Leaf): (value: unknown) => boolean {
  const { geo_radius: circle, geo_bounding_box: box, geo_polygon: polygon } = geoShape(leaf)
  return (value) => {
    const point = pointOf(value)
    if (!point) return false
    if (circle) return distance(circle.center, point) < circle.radius
    if (box) return isInBox(box, point)
    if (!polygon || sideOf(polygon.exterior.points, point) !== 'inside') return false
    const holes = polygon.interiors ?? []
    return holes.every(({ points }) => sideOf(points, point) === 'outside')
  }
}

/** Two numbers are a place, even where there is none on the globe: the engine looks no closer. */
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
  if (lat >= topLeft.lat || lat <= bottomRight.lat) return false
  if (topLeft.lon > bottomRight.lon) return lon > topLeft.lon || lon < bottomRight.lon
  return lon > topLeft.lon && lon < bottomRight.lon
}

/** By how often the ring winds around the point, as the engine does: it matters where a ring crosses itself. */
function sideOf(points: readonly GeoPoint[], point: GeoPoint): 'inside' | 'outside' | 'edge' {
  let windings = 0
  for (const [i, from] of points.entries()) {
    const to = points[i + 1]
    if (!to) break
    const isUp = from.lat <= point.lat
    if (isUp ? to.lat < point.lat : to.lat > point.lat) continue
    const turn = turnOf(from, to, point)
    if (turn === 0 && isBetween(point.lon, from.lon, to.lon)) return 'edge'
    if (isUp && turn > 0 && to.lat !== point.lat) windings += 1
    if (!isUp && turn < 0) windings -= 1
  }
  return windings === 0 ? 'outside' : 'inside'
}

/** Positive where the point lies to the left of the way, 0 where it lies on it. */
function turnOf(from: GeoPoint, to: GeoPoint, point: GeoPoint): number {
  return (to.lon - from.lon) * (point.lat - from.lat) - (to.lat - from.lat) * (point.lon - from.lon)
}

function isBetween(value: number, a: number, b: number): boolean {
  return value >= Math.min(a, b) && value <= Math.max(a, b)
}

/** Haversine, in metres. */
function distance(a: GeoPoint, b: GeoPoint): number {
  const radians = Math.PI / 180
  const dLat = (b.lat - a.lat) * radians
  const dLon = (b.lon - a.lon) * radians
  const h =
    Math.sin(dLat / 2) ** 2 +
    Math.cos(a.lat * radians) * Math.cos(b.lat * radians) * Math.sin(dLon / 2) ** 2
  return 2 * earthRadius * Math.asin(Math.sqrt(h))
}
