import type { PayloadFieldSchema } from '../../ports/vector-engine.ts'
import { isKindHeld, type ValueKind } from '../filters/value-profile.ts'
import type { Census } from '../payload-facts/census.ts'

/** What may stand beside what an index holds: it becomes the index's exceptions. */
export interface ExceptionLimits {
  /** Documents in all: more cannot be kept. */
  exceptionsMax: number
  /** Of a thousand documents that have a value. */
  permilleMax: number
}

export type SchemaChoice =
  | { schema: PayloadFieldSchema; exceptions: number; reason: string }
  /** No index would keep the answers, or serve them. */
  | { schema: null; cause: 'nothing_stored' | 'mixed_kinds' | 'not_indexable'; reason: string }

/**
 * The schema that holds every value exactly, but for a few exceptions: any number that is not whole → float, whole
 * ones → integer, strings that are all dates and compared by ranges → datetime, other strings → keyword, booleans →
 * bool, places → geo. Mixed kinds get none, and text and uuid never make themselves (I-1). `listed`: the only schema
 * that comes into question, of a system index that is listed but not built.
 */
export function chooseSchema(
  census: Census,
  operators: Readonly<Record<string, number>>,
  limits: ExceptionLimits,
  listed?: PayloadFieldSchema,
): SchemaChoice {
  const counts = countsOf(census)
  if (counts.size === 0) {
    const reason = `No document of ${census.documents} has a value at '${census.path}'.`
    return { schema: null, cause: 'nothing_stored', reason }
  }
  const schemas = listed ? [listed] : candidates(counts, operators)
  const options = schemas.map((schema) => ({
    schema,
    exceptions: sum(counts, (kind) => !isKindHeld(schema.type, kind)),
  }))
  const best = options.toSorted((a, b) => a.exceptions - b.exceptions)[0]
  if (!best) {
    const reason = `What stands at '${census.path}' can be kept by no index: ${kindsTold(census)}.`
    return { schema: null, cause: 'not_indexable', reason }
  }
  if (best.exceptions > exceptionsAllowed(census, limits)) {
    const reason = `The values at '${census.path}' are of different kinds (${kindsTold(census)}): an index of type ${best.schema.type} would lose ${best.exceptions} of them.`
    return { schema: null, cause: 'mixed_kinds', reason }
  }
  const reason = `Of ${census.documents} documents ${census.withValue} have a value (${kindsTold(census)}): ${best.schema.type} holds ${best.exceptions === 0 ? 'all of them' : `all but ${best.exceptions}, its exceptions`}.`
  return { ...best, reason }
}

/** `90000 integer, 12 text`: what the census counted, most first; no value, since reasons are for everybody. */
export function kindsTold({ kinds }: Census): string {
  return Object.entries(kinds)
    .toSorted(([, a], [, b]) => b.documents - a.documents)
    .map(([kind, { documents }]) => `${documents} ${kind}`)
    .join(', ')
}

function candidates(
  counts: ReadonlyMap<ValueKind, number>,
  operators: Readonly<Record<string, number>>,
): PayloadFieldSchema[] {
  const has = (...kinds: ValueKind[]) => kinds.some((kind) => counts.has(kind))
  const strings: PayloadFieldSchema = prefersDates(counts, operators)
    ? { type: 'datetime' }
    : { type: 'keyword' }
  return [
    ...(has('integer', 'fraction') ? [numbersOf(counts)] : []),
    ...(has('text', 'date') ? [strings] : []),
    ...(has('boolean') ? [{ type: 'bool' } as const] : []),
    ...(has('geo') && usesGeo(operators) ? [{ type: 'geo' } as const] : []),
  ]
}

/** A float index answers the same of whole numbers, but knows no lookup: it is taken where it has to be. */
function numbersOf(counts: ReadonlyMap<ValueKind, number>): PayloadFieldSchema {
  return counts.has('fraction') ? { type: 'float' } : { type: 'integer', lookup: true, range: true }
}

/** One string that is no date would be lost to every range, so all of them have to be. */
function prefersDates(
  counts: ReadonlyMap<ValueKind, number>,
  operators: Readonly<Record<string, number>>,
): boolean {
  return !counts.has('text') && countOf(operators, rangeOperators) > countOf(operators, equalities)
}

function usesGeo(operators: Readonly<Record<string, number>>): boolean {
  return countOf(operators, geoOperators) > 0
}

const equalities = ['eq', 'ne', 'in', 'nin']
const rangeOperators = ['gt', 'gte', 'lt', 'lte']
const geoOperators = ['geo_radius', 'geo_bounding_box', 'geo_polygon']
const presences = ['exists', 'is_null']

/** Conditions of these operators are answered by an index; of the others it only says who has a value at all. */
export const servedOperators: readonly string[] = [
  ...equalities,
  ...rangeOperators,
  ...geoOperators,
  ...presences,
]

/** How many of the counted conditions have one of these operators. */
export function countOf(
  operators: Readonly<Record<string, number>>,
  of: readonly string[],
): number {
  return of.reduce((total, operator) => total + (operators[operator] ?? 0), 0)
}

function exceptionsAllowed(
  census: Census,
  { exceptionsMax, permilleMax }: ExceptionLimits,
): number {
  return Math.min(exceptionsMax, Math.floor((census.withValue * permilleMax) / 1000))
}

function sum(counts: ReadonlyMap<ValueKind, number>, of: (kind: ValueKind) => boolean): number {
  return [...counts].reduce((total, [kind, count]) => total + (of(kind) ? count : 0), 0)
}

/** Null is kept beside each index: no schema has to hold it. */
function countsOf({ kinds }: Census): Map<ValueKind, number> {
  const counted = Object.entries(kinds).map(([kind, { documents }]) => [kind, documents] as const)
  return new Map(
    counted.filter(([kind, documents]) => kind !== 'null' && documents > 0) as [
      ValueKind,
      number,
    ][],
  )
}
