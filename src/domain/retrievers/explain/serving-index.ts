import type { EngineCondition, EngineFilter, FieldCondition } from '../../../ports/vector-engine.ts'
import { enginePath } from '../../filters/field-path.ts'
import type { Namespace } from '../../namespaces/namespace.ts'
import type { PayloadIndex } from '../../payload-indexes/payload-index.ts'

/** Which index served a condition of the engine's, or why none did. */
export type Served = { index: PayloadIndex } | { why: string }

/**
 * Every condition on a field below a filter of the engine's, with the index that served it by the engine's own rules:
 * an index that can answer a condition is used for it, any index tells whether a value is there.
 */
export function servedConditions(namespace: Namespace, filter: EngineFilter): Served[] {
  return leavesOf(filter).map((condition) => servedBy(namespace, condition))
}

type LeafCondition =
  | FieldCondition
  | { has_id: unknown[] }
  | { has_vector: string }
  | { is_empty: { key: string } }
  | { is_null: { key: string } }

function leavesOf(filter: EngineFilter): LeafCondition[] {
  const { must = [], should = [], must_not = [] } = filter
  return [...must, ...should, ...must_not].flatMap((each) => conditionLeaves(each))
}

function conditionLeaves(condition: EngineCondition): LeafCondition[] {
  if ('nested' in condition) return leavesOf(condition.nested.filter)
  const isGroup = 'must' in condition || 'should' in condition || 'must_not' in condition
  return isGroup ? leavesOf(condition) : [condition as LeafCondition]
}

function servedBy(namespace: Namespace, condition: LeafCondition): Served {
  if ('has_id' in condition) return { why: 'ids of documents need no index' }
  if ('has_vector' in condition) return { why: 'vectors need no index' }
  const isPresence = 'is_empty' in condition || 'is_null' in condition
  const key = isPresence ? presenceKey(condition) : condition.key
  const index = namespace.payloadIndexes.find(({ path }) => enginePath(path) === key)
  if (!index) return { why: `no index on '${key}'` }
  if (index.state !== 'active') return { why: `the index on '${key}' is ${index.state}` }
  if (isPresence || answers(index, condition)) return { index }
  return { why: `the ${index.schema.type} index on '${key}' does not answer ${wordOf(condition)}` }
}

function presenceKey(
  condition: { is_empty: { key: string } } | { is_null: { key: string } },
): string {
  return 'is_empty' in condition ? condition.is_empty.key : condition.is_null.key
}

function answers({ schema }: PayloadIndex, { match, range, ...geo }: FieldCondition): boolean {
  const isGeo = Boolean(geo.geo_radius ?? geo.geo_bounding_box ?? geo.geo_polygon)
  if (geo.values_count) return true
  switch (schema.type) {
    case 'keyword':
    case 'uuid':
      return matchesKind(match, 'string')
    case 'integer':
      return (
        (schema.lookup !== false && matchesKind(match, 'number')) ||
        (schema.range !== false && range !== undefined && hasBound(range, 'number'))
      )
    case 'float':
      return range !== undefined && hasBound(range, 'number')
    case 'datetime':
      return range !== undefined && hasBound(range, 'string')
    case 'bool':
      return matchesKind(match, 'boolean')
    case 'geo':
      return isGeo
    case 'text':
      return match !== undefined && ('text' in match || 'phrase' in match)
  }
}

type Kind = 'string' | 'number' | 'boolean'

function matchesKind(match: FieldCondition['match'], kind: Kind): boolean {
  if (!match) return false
  if ('value' in match) return typeof match.value === kind
  const values = 'any' in match ? match.any : 'except' in match ? match.except : []
  return values.length > 0 && values.every((value) => typeof value === kind)
}

function hasBound(range: NonNullable<FieldCondition['range']>, kind: Kind): boolean {
  return Object.values(range).some((bound) => typeof bound === kind)
}

function wordOf({ match, range }: FieldCondition): string {
  if (range) return hasBound(range, 'string') ? 'ranges of dates' : 'ranges of numbers'
  if (!match) return 'places'
  if ('text' in match || 'phrase' in match) return 'words'
  const kind = (['string', 'number', 'boolean'] as const).find((each) => matchesKind(match, each))
  return `equal ${kind === 'number' ? 'numbers' : kind === 'boolean' ? 'booleans' : 'strings'}`
}
