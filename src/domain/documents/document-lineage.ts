import { collectionsOf } from '../collections/find-collection.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { readObjects } from '../../store/objects.ts'
import { internalOf, lineageKeys, pointIdIn, type DocumentRecord } from './document.ts'
import { retrieveDocuments, type ReadPorts } from './read.ts'

/** Something that a document was made of. */
export interface LineageStep {
  type: 'object' | 'document'
  id: string
  /** The bucket's of an object, the collection's of a document. */
  containerId: string | null
  /** False where it is gone; what it was made of itself is known to its documents no more. */
  isThere: boolean
}

/** Sources one answer follows: as many as a chain of collections is ever long. */
const stepsMax = 100

/** What a document was made of, step by step, its source first and the object at the end. */
export async function documentLineage(
  ports: ReadPorts,
  namespace: Namespace,
  record: DocumentRecord,
  signal?: AbortSignal,
): Promise<LineageStep[]> {
  const steps: LineageStep[] = []
  const seen = new Set([record.pointId])
  let at: DocumentRecord | null = record
  while (at && steps.length < stepsMax) {
    const source = sourceOf(at)
    if (!source || seen.has(source.pointId)) break
    seen.add(source.pointId)
    at = await readSource(ports, namespace, source.pointId, signal)
    const { id, containerId } = source
    steps.push({ type: 'document', id, containerId, isThere: at !== null })
  }
  const object = await rootOf(ports, namespace, record)
  return object ? [...steps, object] : steps
}

/** The lineage of a document's own, as `_internal.lineage` has it: every key, null where it is unknown. */
export function lineageAnswer({ payload }: DocumentRecord): Record<string, unknown> {
  const internal = internalOf(payload)
  return Object.fromEntries(lineageKeys.map((key) => [key, internal[key] ?? null]))
}

function sourceOf({ payload }: DocumentRecord) {
  const { source_collection_id: collectionId, source_document_id: id } = internalOf(payload)
  if (id === undefined) return null
  return { id, containerId: collectionId ?? null, pointId: pointIdIn(collectionId ?? '', id) }
}

/** Null where it is gone, or its collection is. */
async function readSource(
  ports: ReadPorts,
  namespace: Namespace,
  pointId: string,
  signal: AbortSignal | undefined,
): Promise<DocumentRecord | null> {
  const selection = { select: ['_internal'], withVectors: false }
  const [found] = await retrieveDocuments(ports, namespace, [pointId], selection, signal)
  if (!found) return null
  const collections = await collectionsOf(ports, namespace.id)
  return collections.some(({ id }) => id === found.collectionId) ? found : null
}

async function rootOf(
  { db }: Pick<ReadPorts, 'db'>,
  namespace: Namespace,
  { payload }: DocumentRecord,
): Promise<LineageStep | null> {
  const { root_object_id: id, root_bucket_id: bucketId } = internalOf(payload)
  if (id === undefined) return null
  const [object] = await readObjects(db, namespace.id, null, [id])
  const containerId = object?.bucketId ?? bucketId ?? null
  return { type: 'object', id, containerId, isThere: object !== undefined }
}
