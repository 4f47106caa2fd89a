/**
 * What a filter means, written a second time from the rules alone: it shares no code with the product, and takes the
 * filter as a client sends it. Only for the fields, dates and shapes that filter-cases.ts makes.
 */

export interface NaiveDocument {
  payload: Record<string, unknown>
  documentId: string
}

type Node = Record<string, unknown>

interface Moment {
  at: number
  isLeap: boolean
}

/** Every form of a date that tests use: where it lies, in microseconds since 1970; a leap second is after the last one. */
export const dateForms: ReadonlyMap<string, Moment> = new Map([
  date('2024-01-01', Date.UTC(2024, 0, 1)),
  date('2024-01-01T00:00:00Z', Date.UTC(2024, 0, 1)),
  date('2024-01-01T00:00:00.000Z', Date.UTC(2024, 0, 1)),
  date('2024-01-01T00:00:00.000001Z', Date.UTC(2024, 0, 1), 1),
  date('2024-01-01T00:00:00.5Z', Date.UTC(2024, 0, 1), 500_000),
  date('2024-01-01 10:00:00', Date.UTC(2024, 0, 1, 10)),
  date('2024-01-01T10:00', Date.UTC(2024, 0, 1, 10)),
  date('2024-1-1', Date.UTC(2024, 0, 1)),
  date('2024-01-01T12:00:00+0200', Date.UTC(2024, 0, 1, 10)),
  date('2023-12-31T23:59:59.123456-02:00', Date.UTC(2024, 0, 1, 1, 59, 59), 123_456),
  date('2023-12-31T23:59:59.999999Z', Date.UTC(2023, 11, 31, 23, 59, 59), 999_999),
  date('1969-12-31T23:59:59Z', -1_000),
  date('9999-12-31T23:59:59.999999Z', Date.UTC(9999, 11, 31, 23, 59, 59), 999_999),
  leap('2023-12-31T23:59:60Z', Date.UTC(2023, 11, 31, 23, 59, 59)),
  leap('2023-12-31T23:59:60.25Z', Date.UTC(2023, 11, 31, 23, 59, 59)),
])

/** Inputs of an execution, for dynamic values. */
export const naiveInputs: Record<string, unknown> = {
  five: 5,
  red: 'red',
  day: '2024-01-01',
  flag: true,
  some: ['red', 5],
  deep: { half: 5.5 },
}

type Step = string | number | null

/** Where the values of a field may stand; the first place that holds something counts. Null is every element. */
export const naiveFields: Readonly<Record<string, readonly Step[][]>> = {
  n: [['n']],
  s: [['s']],
  at: [['at']],
  list: [['list']],
  'list[]': [['list', null]],
  'list[0]': [['list', 0]],
  'list[][]': [['list', null, null]],
  'deep.x': [['deep', 'x']],
  'deep.list[]': [['deep', 'list', null]],
  'deep.list[].x': [['deep', 'list', null, 'x']],
  '"a.b"': [['a.b']],
  m: [['m']],
  'metadata.m': [['metadata', 'm'], ['m']],
  created_at: [['created_at'], ['_internal', 'created_at']],
  'metadata.created_at': [['metadata', 'created_at'], ['created_at'], ['_internal', 'created_at']],
  collection_id: [['_internal', 'collection_id']],
  missing: [['missing']],
}

export function naiveAnswer(filter: unknown, document: NaiveDocument): boolean {
  return holds(asNode(filter), document, false)
}

function holds(node: Node, document: NaiveDocument, isSensitive: boolean): boolean {
  if ('field' in node && ('operator' in node || 'value' in node))
    return leafHolds(node, document, isSensitive)
  const inside = isSensitive || node['case_sensitive'] === true
  return Object.entries(node).every(([key, value]) => {
    if (key === 'case_sensitive') return true
    const nodes = (Array.isArray(value) ? value : [value]).map(
      (each) => () => holds(asNode(each), document, inside),
    )
    if (key === 'AND' || key === 'and') return nodes.every((each) => each())
    if (key === 'OR' || key === 'or') return nodes.some((each) => each())
    if (key === 'NOT' || key === 'not') return !nodes.some((each) => each())
    return leafHolds({ field: key, operator: 'eq', value }, document, inside)
  })
}

function leafHolds(leaf: Node, document: NaiveDocument, isSensitive: boolean): boolean {
  const operator = (typeof leaf['operator'] === 'string' ? leaf['operator'] : 'eq').toLowerCase()
  const given =
    operator === 'exists' || operator === 'is_null' ? (leaf['value'] ?? true) : leaf['value']
  const sensitive = leaf['case_sensitive'] ?? (isSensitive ? true : undefined)
  const values = valuesOf(String(leaf['field']), document)
  const elements = values.flatMap((value): unknown[] => (Array.isArray(value) ? value : [value]))
  return answer(operator, resolved(given), sensitive, values, elements)
}

function answer(
  operator: string,
  given: unknown,
  sensitive: unknown,
  values: readonly unknown[],
  elements: readonly unknown[],
): boolean {
  const texts = elements.filter((each) => typeof each === 'string')
  const exactly = (each: unknown, other: unknown) =>
    sensitive === false ? folded(each) === folded(other) : each === other
  const loose = (each: unknown) => (sensitive === true ? each : folded(each))
  const found = (test: (text: string, part: string) => boolean) =>
    texts.some((text) => test(String(loose(text)), String(loose(given))))
  switch (operator) {
    case 'eq':
      return elements.some((each) => exactly(each, given))
    case 'ne':
      return !elements.some((each) => exactly(each, given))
    case 'in':
      return elements.some((each) => asList(given).some((one) => exactly(each, one)))
    case 'nin':
      return !elements.some((each) => asList(given).some((one) => exactly(each, one)))
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      return elements.some((each) => isBeyond(operator, each, given))
    case 'contains':
      return values.some((value) =>
        Array.isArray(value)
          ? value.some((each) => loose(each) === loose(given))
          : typeof value === 'string' &&
            typeof given === 'string' &&
            String(loose(value)).includes(String(loose(given))),
      )
    case 'starts_with':
      return found((text, part) => text.startsWith(part))
    case 'ends_with':
      return found((text, part) => text.endsWith(part))
    case 'regex': {
      const regex = new RegExp(String(given), sensitive === true ? 'u' : 'iu')
      return texts.some((text) => regex.test(text))
    }
    case 'exists':
      return values.some((value) => !Array.isArray(value) || value.length > 0) === given
    case 'is_null':
      return (values.includes(null) || elements.includes(null)) === given
    case 'text': {
      const stored = texts.flatMap(words)
      return words(given).length > 0 && words(given).every((word) => stored.includes(word))
    }
    case 'phrase': {
      const wanted = words(given).join(' ')
      return (
        wanted !== '' && texts.some((text) => ` ${words(text).join(' ')} `.includes(` ${wanted} `))
      )
    }
    case 'geo_radius':
    case 'geo_bounding_box':
    case 'geo_polygon':
      return elements.some((each) => isInside(operator, asNode(given), each))
    default:
      throw new Error(`no such operator: ${operator}`)
  }
}

function valuesOf(field: string, { payload, documentId }: NaiveDocument): unknown[] {
  if (field === 'document_id') return [documentId]
  for (const steps of naiveFields[field] ?? []) {
    const values = steps.reduce<unknown[]>(
      (found, step) => found.flatMap((value) => stepInto(value, step)),
      [payload],
    )
    if (values.some((value) => !Array.isArray(value) || value.length > 0)) return values
  }
  return []
}

function stepInto(value: unknown, step: Step): unknown[] {
  if (typeof step !== 'string') {
    if (!Array.isArray(value)) return []
    return step === null ? value : value.slice(step, step + 1)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
  return step in value ? [(value as Node)[step]] : []
}

/** Numbers beyond numbers, dates beyond dates. A leap second lies after the second before it, and before the next. */
function isBeyond(operator: string, value: unknown, bound: unknown): boolean {
  if (typeof bound === 'number') {
    return (
      typeof value === 'number' && isOrdered(operator, value < bound ? -1 : value > bound ? 1 : 0)
    )
  }
  const stored = typeof value === 'string' ? momentOf(value) : undefined
  const wanted = momentOf(String(bound))
  if (!stored || !wanted) return false
  return isOrdered(operator, Math.sign(stored.at - wanted.at) || (stored.isLeap ? 1 : 0))
}

/** Beside the forms there are the system's own times. */
function momentOf(text: string): Moment | undefined {
  const isStamp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text)
  return (
    dateForms.get(text) ?? (isStamp ? { at: Date.parse(text) * 1_000, isLeap: false } : undefined)
  )
}

function isOrdered(operator: string, order: number): boolean {
  if (order === 0) return operator === 'gte' || operator === 'lte'
  return operator.startsWith('g') ? order > 0 : order < 0
}

interface Place {
  lon: number
  lat: number
}

function isInside(operator: string, shape: Node, value: unknown): boolean {
  if (!isPlace(value)) return false
  if (operator === 'geo_radius')
    return metres(shape['center'] as Place, value) < Number(shape['radius'])
  if (operator === 'geo_bounding_box') {
    const [top, bottom] = [shape['top_left'] as Place, shape['bottom_right'] as Place]
    const isBetween =
      top.lon > bottom.lon
        ? value.lon > top.lon || value.lon < bottom.lon
        : value.lon > top.lon && value.lon < bottom.lon
    return isBetween && value.lat < top.lat && value.lat > bottom.lat
  }
  const rings = [shape['exterior'], ...asList(shape['interiors'] ?? [])].map(
    (ring) => (ring as { points: Place[] }).points,
  )
  if (rings.some((ring) => isOnRing(ring, value))) return false
  const [outer = [], ...holes] = rings
  return turns(outer, value) !== 0 && holes.every((hole) => turns(hole, value) === 0)
}

function isPlace(value: unknown): value is Place {
  const { lon, lat } = (value ?? {}) as Partial<Place>
  return typeof lon === 'number' && typeof lat === 'number'
}

/** The great circle between two places, by the haversine of its angle. */
function metres(a: Place, b: Place): number {
  const [latA = 0, latB = 0, lon = 0] = [a.lat, b.lat, b.lon - a.lon].map(
    (each) => (each * Math.PI) / 180,
  )
  const h =
    Math.sin((latB - latA) / 2) ** 2 + Math.cos(latA) * Math.cos(latB) * Math.sin(lon / 2) ** 2
  return 2 * 6_371_008.8 * Math.asin(Math.sqrt(h))
}

/** How often a ring goes round a place, by the sum of the angles under which its sides are seen. */
function turns(ring: readonly Place[], at: Place): number {
  const sum = sidesOf(ring).reduce((angle, [a, b]) => {
    const [ax, ay, bx, by] = [a.lon - at.lon, a.lat - at.lat, b.lon - at.lon, b.lat - at.lat]
    return angle + Math.atan2(ax * by - ay * bx, ax * bx + ay * by)
  }, 0)
  return Math.round(sum / (2 * Math.PI))
}

function isOnRing(ring: readonly Place[], at: Place): boolean {
  return sidesOf(ring).some(([a, b]) => {
    const cross = (b.lon - a.lon) * (at.lat - a.lat) - (b.lat - a.lat) * (at.lon - a.lon)
    const isWithin = (x: number, y: number, z: number) => Math.min(x, y) <= z && z <= Math.max(x, y)
    return cross === 0 && isWithin(a.lon, b.lon, at.lon) && isWithin(a.lat, b.lat, at.lat)
  })
}

function sidesOf(ring: readonly Place[]): [Place, Place][] {
  return ring.slice(1).map((to, i) => [ring[i] ?? to, to])
}

/** Letter by letter, so that no letter's neighbours change it; both small sigmas are one letter. */
function folded(value: unknown): unknown {
  if (typeof value !== 'string') return value
  return Array.from(value, (letter) => (letter === 'ς' ? 'σ' : letter.toLowerCase())).join('')
}

function words(text: unknown): string[] {
  const found = String(text).split(/[^\p{Alphabetic}\p{N}]+/u)
  return found.filter((word) => word !== '').map((word) => word.toLowerCase())
}

function resolved(value: unknown): unknown {
  if (Array.isArray(value)) return value.flatMap(resolved)
  const path =
    typeof value === 'string'
      ? /^\{\{INPUT\.(.+)\}\}$/.exec(value)?.[1]
      : isNode(value) && value['type'] === 'dynamic'
        ? String(value['field']).replace('inputs.', '')
        : undefined
  if (path === undefined) return value
  return path.split('.').reduce<unknown>((at, key) => asNode(at)[key], naiveInputs)
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function asNode(value: unknown): Node {
  if (!isNode(value)) throw new Error(`no object: ${JSON.stringify(value)}`)
  return value
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null
}

function date(text: string, ms: number, microseconds = 0): [string, Moment] {
  return [text, { at: ms * 1_000 + microseconds, isLeap: false }]
}

/** As a bound it is the last microsecond before it, since nothing says more exactly where it lies. */
function leap(text: string, ms: number): [string, Moment] {
  return [text, { at: ms * 1_000 + 999_999, isLeap: true }]
}
