import { fieldValues } from '../filters/field-values.ts'
import type { Filter } from '../filters/filter.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { AskedRead } from '../query-usage/asked-read.ts'
import { tapped } from '../query-usage/tapped.ts'
import type { DocumentRecord } from './document.ts'
import { identityOf, scanDocuments, type ReadPorts } from './read.ts'
import type { Scope } from './read-plan.ts'
import { servedValues, type FacetValue } from './served-values.ts'

export interface ValueCount {
  value: FacetValue
  count: number
}

/**
 * The values of a field with the exact number of documents that have each, most frequent first, equal ones in the
 * order of their texts. A list counts for each of its elements. Counted by an index that is known to hold every value,
 * else by a pass over the documents that meet the filter. Throws `bad_request` where those are more than
 * scanDocumentsMax.
 */
export async function countValues(
  ports: ReadPorts,
  namespace: Namespace,
  scope: Scope,
  request: { field: string; filter: Filter | null; limit: number; asked?: AskedRead },
  signal?: AbortSignal,
): Promise<ValueCount[]> {
  const { field, filter, limit, asked } = request
  return await tapped(
    ports,
    namespace,
    asked && { ...asked, kind: 'facet', fields: [{ field, use: 'facet' }] },
    { filter, scope, limit },
    () => countedValues(ports, namespace, scope, request, signal),
    (counts) => ({ results: counts.length, candidates: null }),
  )
}

async function countedValues(
  ports: ReadPorts,
  namespace: Namespace,
  scope: Scope,
  request: { field: string; filter: Filter | null; limit: number },
  signal: AbortSignal | undefined,
): Promise<ValueCount[]> {
  const served = await servedValues(ports, namespace, scope, request, signal)
  const counts = served?.counts ?? (await passOver(ports, namespace, scope, request, signal))
  return mostFrequent([...counts].map(([value, count]) => ({ value, count }))).slice(
    0,
    request.limit,
  )
}

/** Most frequent first, equal ones in the order of their texts. */
export function mostFrequent<T extends ValueCount>(counts: T[]): T[] {
  return counts.sort((a, b) => b.count - a.count || (String(a.value) < String(b.value) ? -1 : 1))
}

/** The different scalars that a document has in a field. */
export function distinctScalars(
  record: DocumentRecord,
  field: string,
  namespace: Namespace,
): Set<FacetValue> {
  const values = fieldValues(record.payload ?? {}, field, identityOf(record, namespace)).flat()
  return new Set(
    values.filter(
      (value) =>
        typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean',
    ),
  )
}

async function passOver(
  ports: ReadPorts,
  namespace: Namespace,
  scope: Scope,
  { field, filter }: { field: string; filter: Filter | null },
  signal: AbortSignal | undefined,
): Promise<Map<FacetValue, number>> {
  const counts = new Map<FacetValue, number>()
  const scan = { filter, select: [field], withVectors: false, isLimited: true }
  for await (const page of scanDocuments(ports, namespace, scope, scan, signal)) {
    for (const record of page) {
      for (const value of distinctScalars(record, field, namespace))
        counts.set(value, (counts.get(value) ?? 0) + 1)
    }
  }
  return counts
}
