import { randomOf } from '../support/statistics.ts'
import { vectorNear, vectorText } from '../support/vectors.ts'

export const documentsTotal = 100_000
export const dimensions = 128

/** Of `made_at`: the hours from here on. */
export const firstHour = Date.UTC(2026, 0, 1)
export const hoursTotal = 10_000
const hourMs = 3_600_000
/** Of `place`: a square of so many degrees from the origin. */
export const degrees = 10

/** ISO 8601 of the nth hour. */
export function hourText(hour: number): string {
  return new Date(firstHour + hour * hourMs).toISOString()
}

export interface GeoPoint {
  lat: number
  lon: number
}
export interface Box {
  top_left: GeoPoint
  bottom_right: GeoPoint
}

/** A square of the earth's degrees whose corner nearest to the origin lies on the diagonal. */
export function boxOf(corner: number, side: number): Box {
  const far = corner + side
  return { top_left: { lat: far, lon: corner }, bottom_right: { lat: corner, lon: far } }
}

/** In [0, 1): the same for the same arguments; different names know nothing of each other. */
export function share(n: number, name: string): number {
  let sum = 0x811c9dc5 ^ n
  for (let i = 0; i < name.length; i++) sum = Math.imul(sum ^ name.charCodeAt(i), 0x01000193) >>> 0
  sum = Math.imul(sum ^ (sum >>> 16), 0x85ebca6b)
  sum = Math.imul(sum ^ (sum >>> 13), 0xc2b2ae35)
  return ((sum ^ (sum >>> 16)) >>> 0) / 4_294_967_296
}

const brands: readonly (readonly [below: number, brand: string])[] = [
  [0.001, 'rare'],
  [0.011, 'scarce'],
  [0.111, 'common'],
  [0.611, 'plenty'],
]

/** The nth document's fields. Those of the last group are what a rule that counts filters alone falls for. */
export function fieldsOf(n: number): Record<string, unknown> {
  const at = (name: string) => share(n, name)
  const whole = (name: string, below: number) => Math.floor(at(name) * below)
  const brand = brands.find(([below]) => at('brand') < below)?.[1]
  return {
    n,
    fresh: whole('fresh', 10_000),
    fresh_beside_writes: whole('fresh_beside_writes', 10_000),

    brand: brand ?? `other ${whole('brand', 1_000)}`,
    year: whole('year', 10_000),
    price: Math.round(at('price') * 1e6) / 1e4,
    made_at: hourText(whole('made_at', hoursTotal)),
    place: { lat: at('lat') * degrees, lon: at('lon') * degrees },
    is_scarce: at('is_scarce') < 0.01,
    is_plenty: at('is_plenty') < 0.5,

    score: at('half') < 0.02 ? whole('score', 100) + 0.5 : whole('score', 100),
    rating: at('unrated') < 0.005 ? 'n/a' : whole('rating', 100),
    size: at('worded') < 0.3 ? `${whole('size', 100)}` : whole('size', 100),
    title: `part ${whole('title', 100_000)} of the ${brand ?? 'others'}`,
    is_listed: at('is_listed') < 0.97,
  }
}

/** The same for the same number. */
export function vectorOf(n: number): Float32Array {
  return vectorNear(n, dimensions, randomOf(n * 31 + 7))
}

export async function* importLines(): AsyncIterable<string> {
  const perPart = 250
  for (let from = 0; from < documentsTotal; from += perPart) {
    const numbers = Array.from({ length: perPart }, (_, i) => from + i)
    const lines = numbers.map((n) => {
      const vectors = { own: vectorText(vectorOf(n)) }
      return `${JSON.stringify({ ...fieldsOf(n), vectors })}\n`
    })
    yield lines.join('')
  }
}
