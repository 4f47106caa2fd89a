import type { EngineFilter, PayloadFieldSchema } from '../../ports/vector-engine.ts'
import type { Filter } from '../filters/filter.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { planOf, type ReadPorts } from './read.ts'
import { countByValue } from './read-pages.ts'
import type { Scope } from './read-plan.ts'
import { servedIndex, unlessRefused } from './served-index.ts'

export type FacetValue = string | number | boolean

/** How many documents have each value of a field, as an index of the engine counts them. */
export interface ServedValues {
  /** The field's path in the engine's words. */
  key: string
  /** What the filter has become for the engine; undefined: every document. */
  engine: EngineFilter | undefined
  counts: Map<FacetValue, number>
}

/**
 * The values of a field with their exact counts, from an index that is known to hold all of them; null where the
 * documents have to be read instead (design 7: facets fall back to a streaming pass). The engine counts each value
 * by itself, which beats reading the documents only while there are few: beyond facetValuesMax it is null as well.
 */
export async function servedValues(
  ports: ReadPorts,
  namespace: Namespace,
  scope: Scope,
  request: { field: string; filter: Filter | null },
  signal?: AbortSignal,
): Promise<ServedValues | null> {
  const options = { mayHaveLists: true }
  const index = await servedIndex(ports, namespace, request.field, countsValues, options, signal)
  if (!index) return null
  const { filter } = request
  const plan = await planOf(ports, namespace, scope, filter, signal)
  if (plan.residual) return null
  const startedAt = ports.trace && performance.now()
  const { key } = index
  const { engine } = plan
  const most = ports.config.facetValuesMax
  const facet = { key, limit: most + 1, ...(engine && { filter: engine }) }
  const hits = await unlessRefused(async () => {
    // Cheap, and not exact while points move between segments: it only says whether counting pays.
    const roughly = await countByValue(ports, namespace, { ...facet, exact: false }, signal)
    if (roughly.length > most) return null
    return await countByValue(ports, namespace, { ...facet, exact: true }, signal)
  })
  if (!hits || hits.length > most || !(await index.stillHolds())) return null
  const counts = new Map(hits.filter(({ count }) => count > 0).map((hit) => [hit.value, hit.count]))
  if (ports.trace) {
    const durationMs = performance.now() - (startedAt ?? 0)
    const told = { scope, filter, plan, found: counts.size, durationMs }
    ports.trace.told({ kind: 'values', path: key, ...told })
  }
  return { key, engine, counts }
}

/** A uuid index would answer one spelling for all; the other types have no list of their values. */
function countsValues(schema: PayloadFieldSchema): boolean {
  switch (schema.type) {
    case 'keyword':
    case 'bool':
      return true
    case 'integer':
      return schema.lookup !== false
    case 'float':
    case 'geo':
    case 'datetime':
    case 'text':
    case 'uuid':
      return false
  }
}
