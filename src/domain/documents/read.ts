import type { Ports } from '../../ports/ports.ts'
import type {
  EngineFilter,
  QueryStep,
  ScoredPoint,
  SparseVector,
} from '../../ports/vector-engine.ts'
import { any, asEngineFilter } from '../filters/bounds.ts'
import type { Fact } from '../filters/compile-filter.ts'
import { enginePath, rootKeyOf } from '../filters/field-path.ts'
import type { DocumentIdentity } from '../filters/field-values.ts'
import type { Filter } from '../filters/filter.ts'
import { collectionOf, type Namespace } from '../namespaces/namespace.ts'
import type { DocumentRecord } from './document.ts'
import type { AskedRead } from '../query-usage/asked-read.ts'
import { recordSearches } from '../query-usage/record-searches.ts'
import { tapped, type TapPorts } from '../query-usage/tapped.ts'
import { currentFacts, knownFact } from '../payload-facts/current-facts.ts'
import { learnFact } from '../payload-facts/learn-fact.ts'
import { planRead, readBy, type PlanScan, type ReadPlan, type Scope } from './read-plan.ts'
import { pagesOf, recordMaker, selectorsOf, valuesAt } from './read-pages.ts'
import type { ReadTrace, TracedFilter } from './read-trace.ts'

/**
 * The read gate (design 7, One gate each): the only caller of the engine's query, scroll, count, retrieve and
 * facet, with read-pages.ts.
 * `plan` is the one place through which every filter goes. Reads go to the generation that the namespace's row names,
 * so that one read sees one schema from its filter to its last page, whatever is switched meanwhile
 * (docs/internals/reconfigure.md).
 */
export type ReadPorts = Pick<Ports, 'vectors' | 'config' | 'log' | 'db' | 'cache'> &
  TapPorts & {
    /** Of a call that is to be explained. */
    trace?: ReadTrace
  }

/** What of a document is answered: null everything, `[]` no payload at all, else ids and these fields. */
export interface Selection {
  select: readonly string[] | null
  withVectors: boolean | string[]
}

export interface DocumentSearch {
  /** Storage vector name. */
  using: string
  /** A vector, or the point whose own vector is meant; that point itself is left out. */
  query: Float32Array | SparseVector | string
  filter: Filter | null
  /** Documents of this search that go into the fusion. */
  limit: number
  minScore: number | null
}

export interface DocumentQuery extends Selection {
  searches: DocumentSearch[]
  /** Null with one search; with several rrf. */
  fusion: 'rrf' | 'dbsf' | null
  /** Holds for every search. */
  filter: Filter | null
  limit: number
  offset: number
  /** Of a read that a client asked for. */
  asked?: AskedRead
}

/** Documents by nearness, best first. One engine call, but for filters that the engine cannot answer alone. */
export async function queryDocuments(
  ports: ReadPorts,
  namespace: Namespace,
  scope: Scope,
  request: DocumentQuery,
  signal?: AbortSignal,
): Promise<DocumentRecord[]> {
  const { limit, offset } = request
  const startedAt = performance.now()
  if (request.searches.length === 0) return []
  const { searches, points, fusion } = await searchedOnce(ports, namespace, scope, request, signal)
  const record = recordMaker(scope)
  const durationMs = performance.now() - startedAt
  const found = points.length
  if (request.asked)
    recordSearches(ports, namespace, scope, request, request.asked, { durationMs, found })
  if (ports.trace) {
    ports.trace.told({ kind: 'search', scope, searches, fusion, limit, offset, found, durationMs })
  }
  return points.map(record)
}

interface Searched {
  searches: (TracedFilter & { step: QueryStep })[]
  points: ScoredPoint[]
  fusion: 'rrf' | 'dbsf' | null
}

/** By plans that held until the engine had answered (`readBy`). */
async function searchedOnce(
  ports: ReadPorts,
  namespace: Namespace,
  scope: Scope,
  request: DocumentQuery,
  signal: AbortSignal | undefined,
  triesLeft = 3,
): Promise<Searched> {
  const searches = await Promise.all(
    request.searches.map((search) =>
      searchStep(ports, namespace, scope, request.filter, search, signal),
    ),
  )
  const [only] = searches
  const fusion = searches.length === 1 ? null : (request.fusion ?? 'rrf')
  const step: QueryStep =
    only && fusion === null
      ? only.step
      : { prefetch: searches.map((each) => each.step), query: { fusion: fusion ?? 'rrf' } }
  const { limit, offset } = request
  const query = { ...step, ...selectorsOf(request), limit, offset }
  const points = await ports.vectors.query(collectionOf(namespace), query, signal)
  // What a residual has left is a list of ids by now, which holds whatever becomes of indexes.
  const plans = searches.map(({ plan }) => plan).filter(({ residual }) => !residual)
  const changed = triesLeft > 0 ? await Promise.all(plans.map((plan) => plan.again())) : []
  if (changed.every((next) => next === null)) return { searches, points, fusion }
  return await searchedOnce(ports, namespace, scope, request, signal, triesLeft - 1)
}

async function searchStep(
  ports: ReadPorts,
  namespace: Namespace,
  scope: Scope,
  outer: Filter | null,
  search: DocumentSearch,
  signal: AbortSignal | undefined,
): Promise<TracedFilter & { step: QueryStep }> {
  const filter = bothFilters(outer, search.filter)
  const plan = await planOf(ports, namespace, scope, filter, signal)
  const engine = await exactFilter(ports, namespace, scope, filter, plan, signal)
  const step = {
    query: { nearest: search.query },
    using: search.using,
    limit: search.limit,
    ...(engine && { filter: engine }),
    // A scope alone has its links from the start: its index is there before the graph is.
    ...(filter && graphParams(ports)),
    ...(search.minScore !== null && { score_threshold: search.minScore }),
  }
  return { filter, plan, step }
}

/** How many documents meet the filter, exactly. */
export async function countDocuments(
  ports: ReadPorts,
  namespace: Namespace,
  scope: Scope,
  filter: Filter | null,
  signal?: AbortSignal,
  asked?: AskedRead,
): Promise<number> {
  return await tapped(
    ports,
    namespace,
    asked,
    { filter, scope, limit: null },
    () => countMatches(ports, namespace, scope, filter, signal),
    (count) => ({ results: count, candidates: null }),
  )
}

async function countMatches(
  ports: ReadPorts,
  namespace: Namespace,
  scope: Scope,
  filter: Filter | null,
  signal: AbortSignal | undefined,
): Promise<number> {
  const first = await planOf(ports, namespace, scope, filter, signal)
  const startedAt = ports.trace && performance.now()
  const { answer: found, plan } = await readBy(first, async ({ engine, residual }) =>
    residual ? null : await countPoints(ports, namespace, engine, signal),
  )
  if (found !== null) {
    const durationMs = performance.now() - (startedAt ?? 0)
    ports.trace?.told({ kind: 'count', path: null, scope, filter, plan, found, durationMs })
    return found
  }
  let count = 0
  const request = { ...idsOnly, filter }
  for await (const page of pagesOf(ports, namespace, scope, plan, request, signal))
    count += page.length
  return count
}

/** The documents of these points in their order, absent ones left out, whatever collection they belong to. */
export async function retrieveDocuments(
  ports: Pick<Ports, 'vectors'>,
  namespace: Namespace,
  pointIds: readonly string[],
  selection: Selection,
  signal?: AbortSignal,
): Promise<DocumentRecord[]> {
  if (pointIds.length === 0) return []
  const request = { ids: [...pointIds], ...selectorsOf(selection) }
  const points = await ports.vectors.retrieve(collectionOf(namespace), request, signal)
  return points.map(recordMaker({ collectionIds: null }))
}

/** Every document that meets the filter, page by page in the order of ids; `limited` stops at scanDocumentsMax. */
export async function* scanDocuments(
  ports: ReadPorts,
  namespace: Namespace,
  scope: Scope,
  request: Selection & {
    filter: Filter | null
    startAt?: string
    pageSize?: number
    isLimited?: boolean
  },
  signal?: AbortSignal,
): AsyncGenerator<DocumentRecord[], void, undefined> {
  const plan = await planOf(ports, namespace, scope, request.filter, signal)
  yield* pagesOf(ports, namespace, scope, plan, request, signal)
}

/** The one place through which every filter goes to the engine. */
export async function planOf(
  ports: ReadPorts,
  namespace: Namespace,
  scope: Scope,
  filter: Filter | null,
  signal?: AbortSignal,
): Promise<ReadPlan> {
  return await planRead(ports, namespace, scope, filter, planScan(ports, namespace, signal))
}

/** How many points meet a filter of the engine's own, exactly. */
export async function countPoints(
  ports: ReadPorts,
  namespace: Namespace,
  filter: EngineFilter | undefined,
  signal?: AbortSignal,
): Promise<number> {
  const request = { exact: true, ...(filter && { filter }) }
  return await ports.vectors.count(collectionOf(namespace), request, signal)
}

/** Whether all of these are true of the stored values; looks at them where nobody has yet. */
export async function factsHold(
  ports: ReadPorts,
  namespace: Namespace,
  facts: readonly Fact[],
  signal?: AbortSignal,
): Promise<boolean> {
  const scan = planScan(ports, namespace, signal)
  for (const fact of facts) {
    let known = await currentFacts(ports, namespace)
    if (knownFact(known, fact) === null) {
      if (!(await learnFact(ports, namespace, known, fact, scan))) return false
      known = await currentFacts(ports, namespace)
    }
    if (knownFact(known, fact) !== true) return false
  }
  return true
}

const idsOnly: Selection = { select: [], withVectors: false }

/** The filter in the engine's words alone: what it cannot answer is answered here first, as a list of ids. */
async function exactFilter(
  ports: ReadPorts,
  namespace: Namespace,
  scope: Scope,
  filter: Filter | null,
  plan: ReadPlan,
  signal: AbortSignal | undefined,
): Promise<EngineFilter | undefined> {
  if (!plan.residual) return plan.engine
  const ids: string[] = []
  const request = { ...idsOnly, filter }
  for await (const page of pagesOf(ports, namespace, scope, plan, request, signal)) {
    for (const { pointId } of page) ids.push(pointId)
  }
  return { must: [{ has_id: ids }] }
}

export function identityOf(record: DocumentRecord, namespace: Namespace): DocumentIdentity {
  return { documentId: record.documentId, namespaceId: namespace.id }
}

/** How stored values are looked at for a plan. What others wait for as well ends with no caller's signal. */
function planScan(
  ports: ReadPorts,
  namespace: Namespace,
  signal: AbortSignal | undefined,
): PlanScan {
  const collection = collectionOf(namespace)
  return {
    async hasRootKey(key) {
      const path = enginePath(`"${key}"`) ?? key
      const filter = asEngineFilter(
        any([{ must_not: [{ is_empty: { key: path } }] }, { is_null: { key: path } }]),
      )
      const request = { limit: 1, with_payload: false, ...(filter && { filter }) }
      return (await ports.vectors.scroll(collection, request)).points.length > 0
    },
    valuesAt: (path) => valuesAt(ports, namespace, path),
    async payloadsOf(pointIds, path) {
      // Only what stands there: this is done for each read.
      const root = enginePath(`"${rootKeyOf(path)}"`)
      const request = { ids: [...pointIds], with_payload: root === null || [root] }
      const points = await ports.vectors.retrieve(collection, request, signal)
      return new Map(points.map(({ id, payload }) => [String(id), payload ?? {}]))
    },
  }
}

/**
 * A graph without links for the filter falls into pieces where few of its points meet it: measured, the engine then
 * finds 1 % of the nearest among a tenth of the documents, and 98 % where it looks two steps wide (ACORN).
 */
function graphParams({ config }: Pick<Ports, 'config'>): Pick<QueryStep, 'params'> {
  const { wideSearchPercentMax: percent } = config
  return percent === 0
    ? {}
    : { params: { acorn: { enable: true, max_selectivity: percent / 100 } } }
}

function bothFilters(a: Filter | null, b: Filter | null): Filter | null {
  return a && b ? { kind: 'and', filters: [a, b] } : (a ?? b)
}
