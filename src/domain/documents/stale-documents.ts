import type { EngineFilter, Write } from '../../ports/vector-engine.ts'
import type { Filter } from '../filters/filter.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { documentIdOf } from './document.ts'
import { scanDocuments } from './read.ts'
import { applyWrite, type WritePorts } from './write.ts'
import { writePlace } from './write-place.ts'

/** Extracted documents of some sources in one collection, but for those that the newest run wrote. */
export interface Stale {
  collectionId: string
  /** What `sourceIds` are: objects, or documents as `doc_…` of their points. */
  sourceField: 'source_object_id' | 'source_document_id'
  sourceIds: readonly string[]
  /** Points that stay. */
  keep: readonly string[]
}

/** Removes them (design 3). Earlier generations keep theirs: they were right then. */
export async function removeStaleDocuments(
  ports: WritePorts,
  namespace: Namespace,
  { collectionId, sourceField, sourceIds, keep }: Stale,
  signal?: AbortSignal,
): Promise<void> {
  if (sourceIds.length === 0) return
  const filter: EngineFilter = {
    must: [
      { key: '_internal.collection_id', match: { value: collectionId } },
      { key: `_internal.${sourceField}`, match: { any: [...sourceIds] } },
      { key: '_internal.origin', match: { value: 'extracted' } },
    ],
    ...(keep.length > 0 && { must_not: [{ has_id: [...keep] }] }),
  }
  await ports.leases.shared(
    namespace.id,
    async (share) => {
      const { live, pending } = await writePlace(ports, namespace, share)
      const deletion: Write = { kind: 'delete', selection: { filter } }
      await applyWrite(ports, live, deletion, signal)
      if (pending) await applyWrite(ports, pending, deletion, signal)
      share.check()
    },
    signal,
  )
}

/** The ids of those that are live, page by page. */
export async function* staleDocuments(
  ports: WritePorts,
  namespace: Namespace,
  { collectionId, sourceField, sourceIds, keep }: Stale,
  signal?: AbortSignal,
): AsyncGenerator<string[], void, undefined> {
  if (sourceIds.length === 0) return
  const leaf = (field: string, operator: 'eq' | 'in', value: unknown): Filter => ({
    kind: 'leaf',
    field,
    operator,
    value,
    caseSensitive: null,
  })
  const filter: Filter = {
    kind: 'and',
    filters: [
      leaf(`_internal.${sourceField}`, 'in', [...sourceIds]),
      leaf('_internal.origin', 'eq', 'extracted'),
      { kind: 'not', filters: [leaf('document_id', 'in', keep.map(documentIdOf))] },
    ],
  }
  const scan = { filter, select: [], withVectors: false }
  const scope = { collectionIds: [collectionId] }
  for await (const page of scanDocuments(ports, namespace, scope, scan, signal))
    yield page.map(({ pointId }) => documentIdOf(pointId))
}
