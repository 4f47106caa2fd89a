import type { CollectionDescription, QueryStep } from '../../../ports/vector-engine.ts'
import type { Ports } from '../../../ports/ports.ts'
import { all, asEngineFilter } from '../../filters/bounds.ts'
import { countPoints } from '../../documents/read.ts'
import { repeatSearch } from '../../documents/read-pages.ts'
import type { TracedSearch } from '../../documents/read-trace.ts'
import { collectionOf } from '../../namespaces/namespace.ts'
import type { ExplainCall } from './explain-conditions.ts'
import { explainFilter } from './explain-filter.ts'
import type { ExplainedSearch } from './explanation.ts'
import { searchMethod } from './search-method.ts'

/** What was measured of one search, for the reasons of a short answer. */
export interface MeasuredSearch {
  explained: ExplainedSearch
  /** Documents that meet the filter and have the vector. */
  withVector: number
  /** Found by this search alone, and by the same without its `min_score`, and without the graph. */
  found: number
  foundBelow: number
  foundExactly: number
  /** The best score that `min_score` shut out. */
  bestBelow: number | null
}

/** One search of a query, asked again alone: without its threshold, and without the graph. */
export async function explainSearch(
  call: ExplainCall & { ports: Pick<Ports, 'vectors'> },
  query: TracedSearch,
  { step, ...traced }: TracedSearch['searches'][number],
  tested: number,
): Promise<MeasuredSearch> {
  const { namespace } = call
  const name = step.using ?? ''
  const vector = namespace.vectors[name]
  if (!vector) throw new Error(`the vector ${name} was searched and is not defined`)
  const collection = await call.ports.vectors.describeCollection(collectionOf(namespace))
  const filter = await explainFilter(call, query.scope, traced, { tested, exact: step.filter })
  const counts = await vectorCounts(call, step, name)
  const isFiltered = step.filter !== undefined
  const again = await searchedAgain(call, step, limitOf(query, step))
  return {
    explained: {
      vector: name,
      vector_type: vector.type,
      top_k: step.limit ?? null,
      min_score: step.score_threshold ?? null,
      ...searchMethod(vector, collection satisfies CollectionDescription | null, {
        withVector: counts.inAll,
        candidates: counts.candidates,
        isFiltered,
      }),
      compared_with_exact: vector.type === 'sparse' ? null : again.comparison,
      filter,
    },
    withVector: counts.candidates,
    found: again.found,
    foundBelow: again.foundBelow,
    foundExactly: again.foundExactly,
    bestBelow: again.bestBelow,
  }
}

/** Documents that have the vector, in the whole collection and among the candidates. */
async function vectorCounts(
  { ports, namespace, signal }: ExplainCall,
  step: QueryStep,
  name: string,
): Promise<{ inAll: number; candidates: number }> {
  const hasVector = { has_vector: name }
  const candidates = asEngineFilter(all([step.filter ?? true, hasVector]))
  return {
    inAll: await countPoints(ports, namespace, { must: [hasVector] }, signal),
    candidates: await countPoints(ports, namespace, candidates, signal),
  }
}

/** How many of a search's documents can come into the answer. */
function limitOf({ searches, limit, offset }: TracedSearch, step: QueryStep): number {
  return searches.length === 1 ? limit + offset : (step.limit ?? limit)
}

async function searchedAgain(
  { ports, namespace, signal }: ExplainCall,
  step: QueryStep,
  limit: number,
): Promise<
  Pick<MeasuredSearch, 'found' | 'foundBelow' | 'foundExactly' | 'bestBelow'> & {
    comparison: { same: number; of: number }
  }
> {
  const { score_threshold: minScore, ...open } = step
  const found = await repeatSearch(ports, namespace, step, limit, signal)
  const exactStep = { ...step, params: { ...step.params, exact: true } }
  const exactly = await repeatSearch(ports, namespace, exactStep, limit, signal)
  const below =
    minScore === undefined ? found : await repeatSearch(ports, namespace, open, limit, signal)
  const ids = new Set(found.map(({ pointId }) => pointId))
  return {
    found: found.length,
    foundBelow: below.length,
    foundExactly: exactly.length,
    bestBelow: below.find(({ pointId }) => !ids.has(pointId))?.score ?? null,
    comparison: {
      same: exactly.filter(({ pointId }) => ids.has(pointId)).length,
      of: exactly.length,
    },
  }
}
