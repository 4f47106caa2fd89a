import type { Filter } from '../filters/filter.ts'
import { hasText } from '../has-text.ts'
import type { SortOption } from '../listing.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { AskedRead } from '../query-usage/asked-read.ts'
import { tapped } from '../query-usage/tapped.ts'
import type { DocumentRecord } from './document.ts'
import {
  comparePlaces,
  cursorOf,
  firstPlaces,
  placeOf,
  sortKeys,
  type Place,
} from './document-order.ts'
import {
  countDocuments,
  identityOf,
  retrieveDocuments,
  scanDocuments,
  type ReadPorts,
  type Selection,
} from './read.ts'
import type { Scope } from './read-plan.ts'
import { servedPlaces } from './served-order.ts'

export interface DocumentListRequest extends Selection {
  filter: Filter | null
  /** Empty: in the order of ids, which is the cheapest. */
  sort: readonly SortOption[]
  limit: number
  offset: number
  /** Of an earlier page; wins over `offset`. */
  cursor: string | null
  /** Substring of any text of the document, or of its id (contract 4). */
  search?: string | null
  includeTotal?: boolean
  /** Of a read that a client asked for; `kind` and `fields` follow from the sort. */
  asked?: AskedRead
}

export interface DocumentList {
  records: DocumentRecord[]
  nextCursor: string | null
  /** Null where nobody asked and it was not found on the way. */
  total: number | null
}

/**
 * One page of documents. Sorting goes by an index that is known to hold every value; else it reads what is sorted by
 * of every document that meets the filter, so that it needs no index and leaves nothing out (design 7). Throws
 * `bad_request` where that is more than scanDocumentsMax.
 */
export async function listDocuments(
  ports: ReadPorts,
  namespace: Namespace,
  scope: Scope,
  request: DocumentListRequest,
  signal?: AbortSignal,
): Promise<DocumentList> {
  const { sort, filter, limit } = request
  return await tapped(
    ports,
    namespace,
    request.asked && askedList(request.asked, sort),
    { filter, scope, limit },
    () =>
      sort.length > 0
        ? sortedPage(ports, namespace, scope, request, signal)
        : plainPage(ports, namespace, scope, request, signal),
    ({ records, total }) => ({ results: records.length, candidates: total }),
  )
}

function askedList(asked: AskedRead, sort: readonly SortOption[]): AskedRead {
  if (sort.length === 0) return asked
  const fields = sort.map(({ field }) => ({ field, use: 'sort' as const }))
  return { ...asked, kind: asked.kind === 'list' ? 'sort' : asked.kind, fields }
}

async function plainPage(
  ports: ReadPorts,
  namespace: Namespace,
  scope: Scope,
  request: DocumentListRequest,
  signal: AbortSignal | undefined,
): Promise<DocumentList> {
  const { cursor, limit, filter } = request
  const startAt = cursor === null ? null : placeOf(cursor, 0).pointId
  const skip = startAt === null ? request.offset : 0
  const found: DocumentRecord[] = []
  let passed = 0
  // One more than the page shows where the next one begins.
  const pageSize = skip === 0 && !request.search ? limit + 1 : undefined
  const scan = {
    ...request,
    isLimited: Boolean(request.search),
    ...(startAt !== null && { startAt }),
    ...(pageSize && { pageSize }),
  }
  for await (const page of scanDocuments(ports, namespace, scope, scan, signal)) {
    for (const record of page) {
      if (!isFound(record, request.search)) continue
      if (passed++ < skip) continue
      found.push(record)
      if (found.length > limit) break
    }
    if (found.length > limit) break
  }
  const next = found[limit]
  const total = request.includeTotal
    ? await totalOf(ports, namespace, scope, filter, request, signal)
    : null
  return {
    records: found.slice(0, limit),
    nextCursor: next ? cursorOf({ pointId: next.pointId, keys: [] }) : null,
    total,
  }
}

async function totalOf(
  ports: ReadPorts,
  namespace: Namespace,
  scope: Scope,
  filter: Filter | null,
  { search }: DocumentListRequest,
  signal: AbortSignal | undefined,
): Promise<number> {
  if (!search) return await countDocuments(ports, namespace, scope, filter, signal)
  let total = 0
  const scan = { filter, select: null, withVectors: false, isLimited: true }
  for await (const page of scanDocuments(ports, namespace, scope, scan, signal)) {
    total += page.filter((record) => isFound(record, search)).length
  }
  return total
}

async function sortedPage(
  ports: ReadPorts,
  namespace: Namespace,
  scope: Scope,
  request: DocumentListRequest,
  signal: AbortSignal | undefined,
): Promise<DocumentList> {
  const { sort, limit, cursor } = request
  const after = cursor === null ? null : placeOf(cursor, sort.length)
  const skip = after ? 0 : request.offset
  const { places: all, total } = await firstInOrder(ports, namespace, scope, request, {
    after,
    count: skip + limit + 1,
    signal,
  })
  const places = all.slice(skip)
  const shown = places.slice(0, limit)
  const last = shown.at(-1)
  const ids = shown.map(({ pointId }) => pointId)
  return {
    records: await retrieveDocuments(ports, namespace, ids, request, signal),
    nextCursor: last && places.length > limit ? cursorOf(last) : null,
    total,
  }
}

/** By an index where it is known to hold everything, else by a pass, which counts on its way. */
async function firstInOrder(
  ports: ReadPorts,
  namespace: Namespace,
  scope: Scope,
  request: DocumentListRequest,
  range: { after: Place | null; count: number; signal: AbortSignal | undefined },
): Promise<{ places: Place[]; total: number | null }> {
  const { sort, filter, search } = request
  const { signal } = range
  const wanted = { sort, filter, ...range }
  const places = search ? null : await servedPlaces(ports, namespace, scope, wanted, signal)
  if (!places) return await passInOrder(ports, namespace, scope, request, range)
  const total = request.includeTotal
    ? await countDocuments(ports, namespace, scope, filter, signal)
    : null
  return { places, total }
}

async function passInOrder(
  ports: ReadPorts,
  namespace: Namespace,
  scope: Scope,
  { sort, filter, search }: DocumentListRequest,
  range: { after: Place | null; count: number; signal: AbortSignal | undefined },
): Promise<{ places: Place[]; total: number }> {
  const { after, count, signal } = range
  const compare = comparePlaces(sort)
  const first = firstPlaces(count, compare)
  let total = 0
  const select = search ? null : sort.map(({ field }) => field)
  const scan = { filter, select, withVectors: false, isLimited: true }
  for await (const page of scanDocuments(ports, namespace, scope, scan, signal)) {
    for (const record of page) {
      if (!isFound(record, search)) continue
      total += 1
      const keys = sortKeys(record.payload ?? {}, sort, identityOf(record, namespace))
      const place = { keys, pointId: record.pointId }
      if (!after || compare(place, after) > 0) first.add(place)
    }
  }
  return { places: first.sorted(), total }
}

function isFound(record: DocumentRecord, search: string | null | undefined): boolean {
  if (!search) return true
  const wanted = search.toLowerCase()
  if (record.documentId.toLowerCase().includes(wanted)) return true
  return Object.entries(record.payload ?? {}).some(
    ([key, value]) => key !== '_internal' && hasText(value, wanted),
  )
}
