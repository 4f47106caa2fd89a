import type { DocumentRecord } from '../documents/document.ts'
import { filterTest } from '../filters/evaluate-filter.ts'
import type { Filter } from '../filters/filter.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { keptInSlices } from '../slices.ts'

/** Those of the documents in memory for which the filter holds, with the meaning it has in the engine. */
export async function keptBy<T extends DocumentRecord>(
  filter: Filter,
  documents: readonly T[],
  namespace: Pick<Namespace, 'id'>,
  signal?: AbortSignal,
): Promise<T[]> {
  const holds = filterTest(filter)
  return await keptInSlices(
    documents,
    ({ payload, documentId }) => holds(payload ?? {}, { documentId, namespaceId: namespace.id }),
    signal,
  )
}
