import type {
  CountRequest,
  EngineFilter,
  FacetRequest,
  GroupsRequest,
  PayloadSelector,
  QueryExpression,
  QueryRequest,
  QueryStep,
  RetrieveRequest,
  ScrollRequest,
} from '../../ports/vector-engine.ts'
import { engineFilter } from './engine-filter.ts'
import { engineKey } from './key-path.ts'

/** How a dense query vector stands in the JSON: an array for a server, a reference for the addon. */
export type DenseEncoder = (vector: Float32Array) => unknown

/** Qdrant's own default where a step names no limit; said aloud, so that both adapters agree. */
const stepLimit = 10

/** A query as Qdrant's REST body. */
export function engineQuery(request: QueryRequest, encode: DenseEncoder): object {
  return { ...engineStep(request, encode), offset: request.offset, ...selectors(request) }
}

/** A grouped query as Qdrant's REST body. */
export function engineGroups(request: GroupsRequest, encode: DenseEncoder): object {
  const { group_by, group_size } = request
  return {
    ...engineStep(request, encode),
    group_by: engineKey(group_by),
    group_size,
    ...selectors(request),
  }
}

/** A scroll as Qdrant's REST body. */
export function engineScroll(request: ScrollRequest): object {
  const { filter, offset, limit, order_by } = request
  return {
    filter: optionalFilter(filter),
    offset,
    limit,
    order_by: order_by && { ...order_by, key: engineKey(order_by.key) },
    ...selectors(request),
  }
}

/** A retrieve as Qdrant's REST body. */
export function engineRetrieve(request: RetrieveRequest): object {
  return { ids: request.ids, ...selectors(request) }
}

/** A count as Qdrant's REST body; exact unless told otherwise. */
export function engineCount(request: CountRequest): { filter?: EngineFilter; exact: boolean } {
  const { filter, exact = true } = request
  return { ...(filter && { filter: engineFilter(filter) }), exact }
}

/** A facet as Qdrant's REST body. */
export function engineFacet(request: FacetRequest): object {
  const { key, filter, limit, exact } = request
  return { key: engineKey(key), filter: optionalFilter(filter), limit, exact: exact ?? false }
}

function engineStep(step: QueryStep, encode: DenseEncoder): object {
  const { prefetch, query, using, filter, params, score_threshold, limit = stepLimit } = step
  return {
    prefetch: prefetch?.map((inner) => engineStep(inner, encode)),
    query: query && engineExpression(query, encode),
    using,
    filter: optionalFilter(filter),
    params,
    score_threshold,
    limit,
  }
}

function engineExpression(query: QueryExpression, encode: DenseEncoder): object {
  if ('order_by' in query) {
    return { order_by: { ...query.order_by, key: engineKey(query.order_by.key) } }
  }
  if (!('nearest' in query)) return query
  const { nearest } = query
  if (nearest instanceof Float32Array) return { nearest: encode(nearest) }
  // A multi-vector travels as JSON: rare and small.
  if (Array.isArray(nearest)) return { nearest: nearest.map((row) => Array.from(row)) }
  return { nearest }
}

function optionalFilter(filter: EngineFilter | undefined): EngineFilter | undefined {
  return filter && engineFilter(filter)
}

function selectors(request: {
  with_payload?: PayloadSelector
  with_vector?: boolean | string[]
}): object {
  const { with_payload = true, with_vector = false } = request
  return {
    with_payload: Array.isArray(with_payload) ? with_payload.map(engineKey) : with_payload,
    with_vector,
  }
}
