import type { Ports } from '../../ports/ports.ts'
import { readObjectIdsAfter } from '../../store/objects.ts'
import type { Collection } from '../collections/collection.ts'
import { documentIdOf, type DocumentRecord } from '../documents/document.ts'
import { scanDocuments, type ReadPorts } from '../documents/read.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { SourceField } from './documents-of-sources.ts'

/** The field of a collection's documents that names their source. */
export function sourceFieldOf({ source }: Collection): SourceField {
  return source.type === 'bucket' ? 'source_object_id' : 'source_document_id'
}

export interface SourcePage {
  sourceIds: string[]
  /** Where the next page begins after; null: this is the last. */
  after: string | null
}

/**
 * Some of a collection's sources, in a fixed order, after the one given: objects of its buckets, or documents that its
 * upstream collections have in the coming generation, which are addressed by their points.
 */
export async function nextSources(
  ports: ReadPorts & Pick<Ports, 'db'>,
  coming: Namespace,
  { source }: Collection,
  after: string | null,
  limit: number,
): Promise<SourcePage> {
  if (source.type === 'bucket') {
    const ids = await readObjectIdsAfter(ports.db, source.bucket_ids ?? [], after, limit)
    return { sourceIds: ids, after: ids.length < limit ? null : (ids.at(-1) ?? null) }
  }
  const page = await documentsFrom(ports, coming, source.collection_ids ?? [], after, limit)
  const isLast = page.length < limit
  return {
    // As lineages name them: a client's own words name a document within its collection only.
    sourceIds: page.map(({ pointId }) => documentIdOf(pointId)),
    after: isLast ? null : (page.at(-1)?.pointId ?? null),
  }
}

async function documentsFrom(
  ports: ReadPorts,
  coming: Namespace,
  collectionIds: readonly string[],
  after: string | null,
  limit: number,
): Promise<DocumentRecord[]> {
  const scan = {
    filter: null,
    select: ['_internal'],
    withVectors: false,
    // The first of the page is the one after which it goes on.
    pageSize: limit + 1,
    ...(after !== null && { startAt: after }),
  }
  for await (const page of scanDocuments(ports, coming, { collectionIds }, scan)) {
    return page.filter(({ pointId }) => pointId !== after).slice(0, limit)
  }
  return []
}
