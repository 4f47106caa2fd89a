import type { Ports } from '../../ports/ports.ts'
import type { EngineFilter, PayloadSelector } from '../../ports/vector-engine.ts'
import { all, asEngineFilter, type Formula } from '../filters/bounds.ts'
import {
  compileFilter,
  type Fact,
  type FilterContext,
  type IndexedPath,
} from '../filters/compile-filter.ts'
import { filterTest, type FilterTest } from '../filters/evaluate-filter.ts'
import { enginePath, fieldPaths, rootKeyOf, storedPath } from '../filters/field-path.ts'
import type { Filter } from '../filters/filter.ts'
import { collectionOf, type Namespace } from '../namespaces/namespace.ts'
import { knownFact, learnFact, payloadFacts, type FactScan } from './payload-facts.ts'

/** Which documents of a namespace are read: those of some collections, or null: of all. */
export interface Scope {
  collectionIds: readonly string[] | null
}

/** A filter as it is carried out: by the engine, and what is left on each of its answers. */
export interface ReadPlan {
  engine: EngineFilter | undefined
  residual: FilterTest | null
  /** What the residual reads of a payload. */
  residualSelect: PayloadSelector
}

/**
 * Compiles a filter for one read. What has to be known of the stored values first, and is not, is looked at now;
 * what would only make the read faster is looked at in the background, for the next one.
 */
export async function planRead(
  ports: Pick<Ports, 'vectors' | 'log'>,
  namespace: Namespace,
  scope: Scope,
  filter: Filter | null,
  scan: FactScan,
): Promise<ReadPlan> {
  if (filter === null) {
    return { engine: asEngineFilter(scopeFormula(scope)), residual: null, residualSelect: false }
  }
  const facts = payloadFacts(ports.vectors, collectionOf(namespace))
  const context: FilterContext = {
    namespaceId: namespace.id,
    collectionIds: scope.collectionIds,
    indexes: indexedPaths(namespace),
    engineFindsWords: ports.vectors.kind === 'qdrant-edge',
    knows: (fact) => knownFact(facts, fact),
  }
  let compiled = compileFilter(filter, context)
  for (let look = 0; look < looksMax && compiled.unknown.some(isNeeded); look++) {
    await Promise.all(compiled.unknown.filter(isNeeded).map((fact) => learnFact(facts, fact, scan)))
    compiled = compileFilter(filter, context)
  }
  for (const fact of compiled.unknown) {
    learnFact(facts, fact, scan).catch((error: unknown) => {
      ports.log.warn(
        { err: error, namespaceId: namespace.id, fact },
        'looking at stored values failed',
      )
    })
  }
  const { residual } = compiled
  return {
    engine: asEngineFilter(all([scopeFormula(scope), compiled.engine ?? true])),
    residual: residual && filterTest(residual),
    residualSelect: residual ? selectorOf(fieldsOf(residual)) : false,
  }
}

/** One look may show that another is needed; more rounds than this would be a mistake of ours. */
const looksMax = 3

function isNeeded(fact: Fact): boolean {
  return fact.kind !== 'single'
}

function scopeFormula({ collectionIds }: Scope): Formula {
  if (collectionIds === null) return true
  const key = '_internal.collection_id'
  const [only] = collectionIds
  if (only === undefined) return false
  if (collectionIds.length === 1) return { key, match: { value: only } }
  return { key, match: { any: [...collectionIds] } }
}

const indexesByNamespace = new WeakMap<Namespace, ReadonlyMap<string, IndexedPath>>()

/** The physical paths with an index, or with one that may be there. */
export function indexedPaths(namespace: Namespace): ReadonlyMap<string, IndexedPath> {
  const known = indexesByNamespace.get(namespace)
  if (known) return known
  const built = namespace.payloadIndexes.filter(({ state }) => state !== 'virtual')
  const indexes = new Map(
    built.map(({ path, schema, state }) => [path, { schema, isActive: state === 'active' }]),
  )
  indexesByNamespace.set(namespace, indexes)
  return indexes
}

/** Payload selector for whole root fields; everything where a name cannot be said in a path. */
export function selectorOf(fields: Iterable<string>): PayloadSelector {
  const roots = new Set<string>(['_internal'])
  for (const field of fields) {
    for (const path of fieldPaths(field)) roots.add(rootKeyOf(storedPath(path)))
  }
  const paths = [...roots].map((root) => enginePath(`"${root}"`))
  return paths.includes(null) ? true : paths.filter((path) => path !== null)
}

function fieldsOf(filter: Filter): string[] {
  return filter.kind === 'leaf' ? [filter.field] : filter.filters.flatMap(fieldsOf)
}
