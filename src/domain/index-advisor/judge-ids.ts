import type { DocumentRecord } from '../documents/document.ts'
import { identityOf, retrieveDocuments, scanDocuments, type ReadPorts } from '../documents/read.ts'
import { filterTest } from '../filters/evaluate-filter.ts'
import type { Filter } from '../filters/filter.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { isUpTo } from './point-ids.ts'

export interface Judged {
  pointId: string
  /** Whether the engine, asked the whole query again, finds it. */
  engine: boolean
  /** Whether the filter holds for its payload; null where that changed during each look. */
  naive: boolean | null
}

interface JudgedQuery {
  filter: Filter
  collectionIds: string[] | null
}

/** Looks at documents that are written all the time; then they stay unjudged. */
const looksMax = 3

/**
 * What the engine and the filter's meaning say of these documents. Each is read, the whole query asked, and each read
 * again: only what was the same before and after the query is judged, so that no write in between counts.
 */
export async function judgeIds(
  ports: ReadPorts,
  namespace: Namespace,
  query: JudgedQuery,
  pointIds: readonly string[],
  signal?: AbortSignal,
): Promise<Judged[]> {
  const settled: Judged[] = []
  const fields = fieldsOf(query.filter)
  let open = [...pointIds]
  for (let look = 0; look < looksMax && open.length > 0; look++) {
    const before = await stored(ports, namespace, open, fields, signal)
    const found = await foundAmong(ports, namespace, query, open, signal)
    const after = await stored(ports, namespace, open, fields, signal)
    const isStill = (id: string) => JSON.stringify(before.get(id)) === JSON.stringify(after.get(id))
    for (const pointId of open.filter(isStill)) {
      const naive = holds(namespace, query, before.get(pointId))
      settled.push({ pointId, engine: found.has(pointId), naive })
    }
    open = open.filter((id) => !isStill(id))
  }
  return [...settled, ...open.map((pointId) => ({ pointId, engine: false, naive: null }))]
}

/** A document that is gone meets no filter. */
function holds(
  namespace: Namespace,
  { filter, collectionIds }: JudgedQuery,
  record: DocumentRecord | undefined,
): boolean {
  if (!record) return false
  if (collectionIds !== null && !collectionIds.includes(record.collectionId)) return false
  return filterTest(filter)(record.payload ?? {}, identityOf(record, namespace))
}

/** What the filter reads of them, and `_internal`: its `updated_at` tells of every write. */
async function stored(
  ports: ReadPorts,
  namespace: Namespace,
  pointIds: readonly string[],
  fields: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Map<string, DocumentRecord>> {
  const selection = { select: fields, withVectors: false }
  const records = await retrieveDocuments(ports, namespace, pointIds, selection, signal)
  return new Map(records.map((record) => [record.pointId, record]))
}

function fieldsOf(filter: Filter): string[] {
  return filter.kind === 'leaf' ? [filter.field] : filter.filters.flatMap(fieldsOf)
}

/** The whole query, up to the last of the ids: an engine answers a list of ids by another way than a filter. */
async function foundAmong(
  ports: ReadPorts,
  namespace: Namespace,
  { filter, collectionIds }: JudgedQuery,
  pointIds: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Set<string>> {
  const wanted = new Set(pointIds)
  const found = new Set<string>()
  const last = pointIds.toSorted().at(-1) ?? null
  const request = { filter, select: [], withVectors: false }
  for await (const page of scanDocuments(ports, namespace, { collectionIds }, request, signal)) {
    for (const { pointId } of page) if (wanted.has(pointId)) found.add(pointId)
    const end = page.at(-1)
    if (end && !isUpTo(end.pointId, last)) break
  }
  return found
}
