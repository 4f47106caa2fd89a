import type {
  EnginePoint,
  FacetHit,
  FacetRequest,
  Payload,
  PayloadSelector,
  PointId,
  QueryStep,
  ScoredPoint,
  ScrollRequest,
} from '../../ports/vector-engine.ts'
import { fail } from '../failure.ts'
import type { Filter } from '../filters/filter.ts'
import { collectionOf, type Namespace } from '../namespaces/namespace.ts'
import { keptInSlices } from '../slices.ts'
import { documentIdIn, documentIdOf, internalOf, type DocumentRecord } from './document.ts'
import { readBy, selectorOf, type ReadPlan, type Scope } from './read-plan.ts'
import type { ReadPorts, Selection } from './read.ts'

/** The engine's side of the read gate: what goes there has its filter compiled already (read.ts). */

/**
 * Documents of a plan, page by page in the order of ids. Throws `bad_request` where more than scanDocumentsMax would be
 * read for what the engine cannot answer.
 */
export async function* pagesOf(
  ports: ReadPorts,
  namespace: Namespace,
  scope: Scope,
  first: ReadPlan,
  request: Selection & {
    filter: Filter | null
    startAt?: string
    pageSize?: number
    isLimited?: boolean
  },
  signal: AbortSignal | undefined,
): AsyncGenerator<DocumentRecord[], void, undefined> {
  const startedAt = ports.trace && performance.now()
  const { with_payload: wanted, with_vector } = selectorsOf(request)
  const limit =
    request.pageSize ?? (wanted === true || with_vector !== false ? wholePage : slimPage)
  const record = recordMaker(scope)
  let offset: PointId | null = request.startAt ?? null
  let plan = first
  let read = 0
  let found = 0
  const pageFrom = (from: PointId | null) =>
    readBy(plan, ({ engine, residual, residualSelect }) =>
      ports.vectors.scroll(
        collectionOf(namespace),
        {
          limit,
          with_payload: residual ? bothSelectors(wanted, residualSelect) : wanted,
          with_vector,
          ...(engine && { filter: engine }),
          ...(from !== null && { offset: from }),
        },
        signal,
      ),
    )
  try {
    do {
      const { answer: page, plan: by } = await pageFrom(offset)
      plan = by
      const { residual } = plan
      read += page.points.length
      const isLimited = residual !== null || request.isLimited === true
      if (isLimited && read > ports.config.scanDocumentsMax)
        throw tooMuch(ports.config.scanDocumentsMax)
      const records = page.points.map(record)
      const kept = residual
        ? await keptInSlices(
            records,
            ({ payload, documentId }) =>
              residual(payload ?? {}, { documentId, namespaceId: namespace.id }),
            signal,
          )
        : records
      found += kept.length
      // Before it is handed over: a reader who has enough does not come back.
      offset = page.next_page_offset
      if (kept.length > 0) yield kept
    } while (offset !== null)
  } finally {
    if (ports.trace) {
      const durationMs = performance.now() - (startedAt ?? 0)
      const pass = { scope, filter: request.filter, plan, looked: read, found, durationMs }
      ports.trace.told({ kind: 'pass', ...pass, isWhole: offset === null })
    }
  }
}

/** Points a call, whole ones and slim ones: large enough to be fast, small enough not to hold up other readers. */
const wholePage = 256
const slimPage = 2_000

function tooMuch(limit: number) {
  return fail('bad_request', {
    reason: `This would read more than ${limit} documents, since the engine cannot answer it alone (NACRE_SCAN_DOCUMENTS_MAX).`,
    hint: 'Narrow it by a condition that the engine answers: eq, in, a range, exists or text.',
  })
}

/** One page as the engine gives it, in the order of ids or of an index; its filter is the engine's own. */
export async function readPoints(
  ports: ReadPorts,
  namespace: Namespace,
  scope: Scope,
  { select, ...request }: Omit<ScrollRequest, 'with_payload'> & Pick<Selection, 'select'>,
  signal?: AbortSignal,
): Promise<DocumentRecord[]> {
  const { with_payload } = selectorsOf({ select, withVectors: false })
  const scroll = { ...request, with_payload }
  const { points } = await ports.vectors.scroll(collectionOf(namespace), scroll, signal)
  return points.map(recordMaker(scope))
}

/** How many documents have each value, as an index of the engine counts them; most frequent first. */
export async function countByValue(
  ports: ReadPorts,
  namespace: Namespace,
  request: FacetRequest,
  signal?: AbortSignal,
): Promise<FacetHit[]> {
  return await ports.vectors.facet(collectionOf(namespace), request, signal)
}

/** Of some documents that have something at the payload path, what stands there; in the order of their ids. */
export async function payloadsAt(
  ports: ReadPorts,
  namespace: Namespace,
  path: string,
  limit: number,
  signal?: AbortSignal,
): Promise<Payload[]> {
  const filter = { must_not: [{ is_empty: { key: path } }] }
  const request = { filter, limit, with_payload: selectorOf([path]) }
  const { points } = await ports.vectors.scroll(collectionOf(namespace), request, signal)
  return points.map(({ payload }) => payload ?? {})
}

/** Every document that has something at the payload path, with what stands there, page by page. */
export async function* valuesAt(
  ports: Pick<ReadPorts, 'vectors'>,
  namespace: Namespace,
  path: string,
  signal?: AbortSignal,
): AsyncGenerator<{ pointId: string; payload: Payload }[], void, undefined> {
  const filter = { must_not: [{ is_empty: { key: path } }] }
  const request = { filter, limit: slimPage, with_payload: selectorOf([path]) }
  let offset: PointId | null = null
  do {
    const page = await ports.vectors.scroll(
      collectionOf(namespace),
      offset === null ? request : { ...request, offset },
      signal,
    )
    yield page.points.map(({ id, payload }) => ({ pointId: String(id), payload: payload ?? {} }))
    offset = page.next_page_offset
  } while (offset !== null)
}

/** A step that the engine was asked once, alone and changed: best first, with nothing but ids and scores. */
export async function repeatSearch(
  ports: ReadPorts,
  namespace: Namespace,
  step: QueryStep,
  limit: number,
  signal?: AbortSignal,
): Promise<{ pointId: string; score: number }[]> {
  const request = { ...step, limit, with_payload: false }
  const points = await ports.vectors.query(collectionOf(namespace), request, signal)
  return points.map(({ id, score }) => ({ pointId: String(id), score }))
}

export function selectorsOf({ select, withVectors }: Selection): {
  with_payload: PayloadSelector
  with_vector: boolean | string[]
} {
  const with_payload = select === null ? true : select.length === 0 ? false : selectorOf(select)
  return { with_payload, with_vector: withVectors }
}

function bothSelectors(a: PayloadSelector, b: PayloadSelector): PayloadSelector {
  if (a === true || b === true) return true
  return [...new Set([...(a || []), ...(b || [])])]
}

/** Makes records of points; a scope of one collection says whose they are where no payload was read. */
export function recordMaker({
  collectionIds,
}: Scope): (point: EnginePoint | ScoredPoint) => DocumentRecord {
  const sole = collectionIds?.length === 1 ? collectionIds[0] : undefined
  return (point) => {
    const pointId = String(point.id)
    const { payload } = point
    return {
      pointId,
      documentId: payload ? documentIdIn(pointId, payload) : documentIdOf(pointId),
      collectionId: internalOf(payload).collection_id ?? sole ?? '',
      payload,
      vectors: point.vector,
      score: 'score' in point ? point.score : null,
    }
  }
}
