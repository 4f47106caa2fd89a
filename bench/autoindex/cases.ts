import { boxOf, degrees, hoursTotal, hourText, type Box, type GeoPoint } from './data.ts'

export type Fields = Readonly<Record<string, unknown>>

/** A filter that is asked again and again, with other values each time where its kind has any. */
export interface Case {
  name: string
  fields: readonly string[]
  /** Of the documents, about: `1 %`. */
  selectivity: string
  /** `at` in [0, 1) chooses the values. */
  ask: (at: number) => Asked
}

export interface Asked {
  filter: object
  /** Whether a document with these fields is meant. */
  matches: (fields: Fields) => boolean
}

const selectivities = [0.001, 0.01, 0.1, 0.5]

/** How a field of one type is asked for a share of the documents. */
interface Kind {
  name: string
  field: string
  ask: (share: number, at: number) => { leaves: object[]; matches: (value: unknown) => boolean }
}

const leaf = (field: string, operator: string, value: unknown) => ({ field, operator, value })

const brandOf: Readonly<Record<number, string>> = {
  0.001: 'rare',
  0.01: 'scarce',
  0.1: 'common',
  0.5: 'plenty',
}

const keyword: Kind = {
  name: 'keyword eq',
  field: 'brand',
  ask: (share) => ({
    leaves: [leaf('brand', 'eq', brandOf[share])],
    matches: (value) => value === brandOf[share],
  }),
}

/** Texts of one length are ranged over as their letters are, which suits ISO 8601. */
function ranges<T extends number | string>(
  name: string,
  field: string,
  total: number,
  shown: (value: number) => T,
): Kind {
  return {
    name,
    field,
    ask(share, at) {
      const from = at * total * (1 - share)
      const [first, last] = [shown(from), shown(from + total * share)]
      return {
        leaves: [leaf(field, 'gte', first), leaf(field, 'lt', last)],
        matches: (value) => (value as T) >= first && (value as T) < last,
      }
    },
  }
}

const integer = ranges('integer range', 'year', 10_000, Math.round)
const float = ranges('float range', 'price', 100, (value) => Math.round(value * 1e4) / 1e4)
const datetime = ranges('datetime range', 'made_at', hoursTotal, (hour) =>
  hourText(Math.round(hour)),
)

const geo: Kind = {
  name: 'geo box',
  field: 'place',
  ask(share, at) {
    const side = Math.sqrt(share) * degrees
    const box = boxOf(at * (degrees - side), side)
    return {
      leaves: [leaf('place', 'geo_bounding_box', box)],
      matches: (value) => isWithin(value as GeoPoint, box),
    }
  },
}

function isWithin({ lat, lon }: GeoPoint, { top_left: nw, bottom_right: se }: Box): boolean {
  return lat <= nw.lat && lat >= se.lat && lon >= nw.lon && lon <= se.lon
}

function ofKind(kind: Kind, share: number): Case {
  return {
    name: kind.name,
    fields: [kind.field],
    selectivity: percent(share),
    ask(at) {
      const { leaves, matches } = kind.ask(share, at)
      return { filter: { AND: leaves }, matches: (fields) => matches(fields[kind.field]) }
    },
  }
}

function flag(field: string, selectivity: string): Case {
  const filter = { AND: [leaf(field, 'eq', true)] }
  const asked: Asked = { filter, matches: (fields) => fields[field] === true }
  return { name: 'bool eq', fields: [field], selectivity, ask: () => asked }
}

/** No field knows of another: `selectivity` is the product. */
function both(first: Kind, shareOfFirst: number, second: Kind, shareOfSecond: number): Case {
  const parts = [ofKind(first, shareOfFirst), ofKind(second, shareOfSecond)]
  return {
    name: parts.map(({ name, selectivity }) => `${name} ${selectivity}`).join(' AND '),
    fields: parts.flatMap(({ fields }) => fields),
    selectivity: percent(shareOfFirst * shareOfSecond),
    ask(at) {
      const asked = parts.map((part) => part.ask(at))
      return {
        filter: { AND: asked.map(({ filter }) => filter) },
        matches: (fields) => asked.every(({ matches }) => matches(fields)),
      }
    },
  }
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(2))} %`
}

/** Type × selectivity. */
export const ofOneField: readonly Case[] = [
  ...[keyword, integer, float, datetime, geo].flatMap((kind) =>
    selectivities.map((share) => ofKind(kind, share)),
  ),
  flag('is_scarce', '1 %'),
  flag('is_plenty', '50 %'),
]

export const ofTwoFields: readonly Case[] = [
  both(keyword, 0.1, integer, 0.1),
  both(keyword, 0.5, float, 0.01),
  both(integer, 0.1, datetime, 0.1),
  both(float, 0.5, geo, 0.1),
]
