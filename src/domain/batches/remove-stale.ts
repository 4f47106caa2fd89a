import type { Ports } from '../../ports/ports.ts'
import type { Collection } from '../collections/collection.ts'
import { collectionsOf } from '../collections/find-collection.ts'
import { removeStaleDocuments, staleDocuments, type Stale } from '../documents/stale-documents.ts'
import { earlierOf } from '../documents/write.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { ExtractedSource } from './extract-chunk.ts'

/** Rows of one collection, with the documents that this run made of them: none, where it makes nothing of them now. */
type Made = Pick<ExtractedSource, 'row' | 'source' | 'documents'>

/**
 * Removes what earlier runs made of these sources and this one does not (design 3), and what other collections made of
 * that, the last of a chain first: wherever it is killed, what is left is found again by the next run.
 */
export async function removeStale(
  ports: Ports,
  namespace: Namespace,
  rows: readonly Made[],
): Promise<void> {
  const [first] = rows
  if (!first) return
  const { collectionId } = first.row
  const isObject = first.source.lineage.source_type === 'bucket'
  const stale: Stale = {
    collectionId,
    sourceField: isObject ? 'source_object_id' : 'source_document_id',
    sourceIds: rows.map(({ row }) => row.sourceId),
    keep: rows.flatMap(({ documents }) => documents.map(({ id }) => id)),
  }
  await removeWithDerived(ports, namespace, await collectionsOf(ports, namespace.id), stale)
}

/**
 * The same for objects that were deleted and made again under their unique key: their documents have the ids of the
 * earlier object's, by which that one is known. To be done before those are overwritten, which nothing could tell after.
 */
export async function removeOfPredecessors(
  ports: Ports,
  namespace: Namespace,
  rows: readonly Made[],
): Promise<void> {
  const keyed = rows.filter(
    ({ row, source }) => source.lineage.source_type === 'bucket' && source.key !== row.sourceId,
  )
  const [first] = keyed
  if (!first) return
  const own = new Set(keyed.map(({ row }) => row.sourceId))
  const documents = keyed.flatMap((row) => row.documents)
  const earlier = await earlierOf(ports, namespace, documents)
  const ids = [...earlier.values()].flatMap(({ source_object_id: id }) => id ?? [])
  const sourceIds = [...new Set(ids)].filter((id) => !own.has(id))
  if (sourceIds.length === 0) return
  await removeWithDerived(ports, namespace, await collectionsOf(ports, namespace.id), {
    collectionId: first.row.collectionId,
    sourceField: 'source_object_id',
    sourceIds,
    keep: documents.map(({ id }) => id),
  })
}

async function removeWithDerived(
  ports: Ports,
  namespace: Namespace,
  all: readonly Collection[],
  stale: Stale,
): Promise<void> {
  const readers = all.filter(({ source }) => source.collection_ids?.includes(stale.collectionId))
  // Without a reader nobody has to know which they are.
  if (readers.length > 0) {
    for await (const sourceIds of staleDocuments(ports, namespace, stale)) {
      for (const { id: collectionId } of readers) {
        const derived: Stale = {
          collectionId,
          sourceField: 'source_document_id',
          sourceIds,
          keep: [],
        }
        await removeWithDerived(ports, namespace, all, derived)
      }
    }
  }
  await removeStaleDocuments(ports, namespace, stale)
}
