import type { DocumentRecord } from '../documents/document.ts'
import { filterTest } from '../filters/evaluate-filter.ts'
import type { Filter } from '../filters/filter.ts'
import type { Namespace } from '../namespaces/namespace.ts'

/** Those of the documents in memory for which the filter holds, with the meaning it has in the engine. */
export function keptBy<T extends DocumentRecord>(
  filter: Filter,
  documents: readonly T[],
  namespace: Pick<Namespace, 'id'>,
): T[] {
  const holds = filterTest(filter)
  return documents.filter(({ payload, documentId }) =>
    holds(payload ?? {}, { documentId, namespaceId: namespace.id }),
  )
}
