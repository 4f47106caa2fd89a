import { internalOf, type DocumentRecord } from '../documents/document.ts'
import { scanDocuments, type ReadPorts } from '../documents/read.ts'
import type { Filter } from '../filters/filter.ts'
import type { Namespace } from '../namespaces/namespace.ts'

/** Sources that one filter names. */
const sourcesMax = 500

export type SourceField = 'source_object_id' | 'source_document_id'

/** Which field of an extracted document names its source, and what stands there; null for any other document. */
export function sourceOf({ payload }: DocumentRecord): { field: SourceField; id: string } | null {
  const { origin, source_type, source_object_id, source_document_id } = internalOf(payload)
  if (origin !== 'extracted') return null
  if (source_type === 'collection' && source_document_id !== undefined)
    return { field: 'source_document_id', id: source_document_id }
  return source_object_id === undefined ? null : { field: 'source_object_id', id: source_object_id }
}

/** The extracted documents of one collection that were made of these sources, by source. */
export async function documentsOfSources(
  ports: ReadPorts,
  namespace: Namespace,
  collectionId: string,
  field: SourceField,
  sourceIds: readonly string[],
): Promise<Map<string, DocumentRecord[]>> {
  const found = new Map<string, DocumentRecord[]>()
  for (let i = 0; i < sourceIds.length; i += sourcesMax) {
    const filter = anyOf(field, sourceIds.slice(i, i + sourcesMax))
    const scan = { filter, select: ['_internal'], withVectors: false }
    const scope = { collectionIds: [collectionId] }
    for await (const page of scanDocuments(ports, namespace, scope, scan)) {
      for (const record of page) {
        const id = sourceOf(record)?.id
        if (id !== undefined) found.set(id, [...(found.get(id) ?? []), record])
      }
    }
  }
  return found
}

/** Of these documents those whose source has documents of their collection in another generation. */
export async function withSiblings(
  ports: ReadPorts,
  namespace: Namespace,
  records: readonly DocumentRecord[],
): Promise<Set<string>> {
  const groups = Map.groupBy(
    records,
    (record) => `${record.collectionId} ${sourceOf(record)?.field}`,
  )
  const siblings = new Set<string>()
  for (const group of groups.values()) {
    const [first] = group
    const field = first && sourceOf(first)?.field
    if (!first || !field) continue
    const ids = group.map((record) => sourceOf(record)?.id ?? '')
    const { collectionId } = first
    const found = await documentsOfSources(ports, namespace, collectionId, field, [...new Set(ids)])
    for (const [i, { pointId }] of group.entries())
      if (found.has(ids[i] ?? '')) siblings.add(pointId)
  }
  return siblings
}

function anyOf(field: SourceField, ids: readonly string[]): Filter {
  return {
    kind: 'leaf',
    field: `_internal.${field}`,
    operator: 'in',
    value: [...ids],
    caseSensitive: null,
  }
}
