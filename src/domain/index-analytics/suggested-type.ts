import type { FieldUsage } from '../../store/query-usage.ts'
import type { IndexDecision } from '../index-advisor/decision.ts'
import type { IndexType } from '../payload-indexes/payload-index.ts'
import type { ServingIndex } from './serving-index.ts'

/**
 * The type of index for a field: that of its decision, which looked at every value, else that of the index it has,
 * else what is asked of it lets guess. Null where no index serves what is asked.
 */
export function suggestedType(
  usage: Pick<FieldUsage, 'operators' | 'kinds' | 'uses'>,
  { index }: Pick<ServingIndex, 'index'>,
  decision: Pick<IndexDecision, 'schema'> | null,
): IndexType | null {
  return decision?.schema?.type ?? index?.schema.type ?? typeOfUse(usage)
}

/** Operators that say by themselves which index serves them; the others go by the kind of value. */
const typeOfOperator: Readonly<Record<string, IndexType>> = {
  text: 'text',
  phrase: 'text',
  geo_radius: 'geo',
  geo_bounding_box: 'geo',
  geo_polygon: 'geo',
}
const byValue: ReadonlySet<string> = new Set(['eq', 'ne', 'in', 'nin', 'gt', 'gte', 'lt', 'lte'])
const ranges: ReadonlySet<string> = new Set(['gt', 'gte', 'lt', 'lte'])

/** Kind of value, as the tap names it, to the index that holds it. */
const typeOfKind: Readonly<Record<string, IndexType>> = {
  boolean: 'bool',
  integer: 'integer',
  fraction: 'float',
  date: 'datetime',
  text: 'keyword',
}

/** By what most conditions are; a field that was only sorted or grouped by has no conditions that would tell. */
function typeOfUse({
  operators,
  kinds,
  uses,
}: Parameters<typeof suggestedType>[0]): IndexType | null {
  const asked = sum(operators, (operator) => byValue.has(operator))
  const [special] = most(operators, (operator) => operator in typeOfOperator)
  const bySpecial = sum(operators, (operator) => operator in typeOfOperator)
  if (special !== undefined && bySpecial > asked) return typeOfOperator[special] ?? null
  if (asked > 0) return typeOfValues(operators, kinds)
  if (uses.group + uses.facet > 0) return 'keyword'
  return null
}

/** Where some number is no whole one, only a float index holds them all; dates count as such where they are ranged over. */
function typeOfValues(
  operators: Readonly<Record<string, number>>,
  kinds: Readonly<Record<string, number>>,
): IndexType | null {
  const [kind] = most(kinds, (name) => name in typeOfKind)
  if (kind === undefined) return null
  if (kind === 'integer' && (kinds['fraction'] ?? 0) > 0) return 'float'
  if (kind === 'date' && sum(operators, (operator) => ranges.has(operator)) === 0) return 'keyword'
  return typeOfKind[kind] ?? null
}

function most(
  counts: Readonly<Record<string, number>>,
  isMeant: (name: string) => boolean,
): string[] {
  return Object.entries(counts)
    .filter(([name]) => isMeant(name))
    .toSorted(([, a], [, b]) => b - a)
    .map(([name]) => name)
}

function sum(counts: Readonly<Record<string, number>>, isMeant: (name: string) => boolean): number {
  return Object.entries(counts)
    .filter(([name]) => isMeant(name))
    .reduce((total, [, count]) => total + count, 0)
}
