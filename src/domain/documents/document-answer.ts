import { z } from 'zod'
import type { Namespace } from '../namespaces/namespace.ts'
import { documentIdIn, internalOf, lineageKeys, type DocumentRecord } from './document.ts'

/** Contract 16.1: ids, user fields at the root, ours under `_internal`. Extra keys are the document's own. */
export const DocumentAnswer = z.looseObject({
  document_id: z.string(),
  collection_id: z.string(),
  _internal: z.looseObject({}).optional(),
  _vectors: z.array(z.string()).optional(),
})
export type DocumentAnswer = z.infer<typeof DocumentAnswer>

export interface DocumentAnswerOptions {
  namespace: Pick<Namespace, 'id'>
  /** The vectors themselves, at the root under their storage names; they must have been read. */
  vectors?: boolean
  /** `_vectors`: which vectors there are. */
  vectorNames?: boolean
}

/** A document as it goes over the wire; with `score` where it came from a search. */
export function documentAnswer(
  record: DocumentRecord,
  { namespace, vectors = false, vectorNames = vectors }: DocumentAnswerOptions,
): DocumentAnswer {
  const { payload, collectionId, documentId, score } = record
  const { _internal: _, ...fields } = payload ?? {}
  return {
    ...fields,
    document_id: documentId,
    collection_id: collectionId,
    ...(score !== null && { score }),
    ...(vectors && record.vectors),
    ...(vectorNames && { _vectors: Object.keys(record.vectors ?? {}) }),
    ...(payload && { _internal: internalAnswer(record, namespace) }),
  }
}

function internalAnswer(
  record: DocumentRecord,
  namespace: Pick<Namespace, 'id'>,
): Record<string, unknown> {
  const internal = internalOf(record.payload)
  const { lineage_path: path, lineage_chain: chain, ...rest } = internal
  const own = Object.entries(rest).filter(([key]) => !isLineageKey(key))
  const lineage = Object.fromEntries(lineageKeys.map((key) => [key, internal[key] ?? null]))
  return {
    ...Object.fromEntries(own),
    namespace_id: namespace.id,
    document_id: documentIdIn(record.pointId, record.payload),
    collection_id: record.collectionId,
    lineage: {
      ...lineage,
      ...(path !== undefined && { path }),
      ...(chain !== undefined && { chain }),
    },
  }
}

function isLineageKey(key: string): boolean {
  return lineageKeys.some((known) => known === key)
}
