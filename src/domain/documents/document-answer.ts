import { z } from 'zod'
import type { Namespace } from '../namespaces/namespace.ts'
import { internalOf, lineageKeys, type DocumentRecord } from './document.ts'

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
  { payload, documentId, collectionId }: DocumentRecord,
  namespace: Pick<Namespace, 'id'>,
): Record<string, unknown> {
  // Loops and no lists of entries: an answer makes hundreds of these.
  const internal = internalOf(payload)
  const lineage: Record<string, unknown> = {}
  for (const key of lineageKeys) lineage[key] = internal[key] ?? null
  const answer: Record<string, unknown> = {}
  for (const key of Object.keys(internal)) {
    const place = elsewhere.get(key)
    if (place === undefined) answer[key] = internal[key]
    else if (place !== null) lineage[place] = internal[key]
  }
  answer['namespace_id'] = namespace.id
  answer['document_id'] = documentId
  answer['collection_id'] = collectionId
  answer['lineage'] = lineage
  return answer
}

/** Stored flat, answered under `lineage`: by another name there, or null where it is there already. */
const elsewhere: ReadonlyMap<string, string | null> = new Map<string, string | null>([
  ...lineageKeys.map((key) => [key, null] as const),
  ['lineage_path', 'path'],
  ['lineage_chain', 'chain'],
])
