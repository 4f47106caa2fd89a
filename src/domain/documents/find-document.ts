import type { Ports } from '../../ports/ports.ts'
import { collectionsOf } from '../collections/find-collection.ts'
import type { Collection } from '../collections/collection.ts'
import { fail } from '../failure.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { pointIdIn, pointIdOf, type DocumentRecord } from './document.ts'
import { retrieveDocuments, type Selection } from './read.ts'

/** Everything of a document but its vectors. */
export const everything: Selection = { select: null, withVectors: false }

/** One document of a collection. Throws `not_found`, for one of another collection too. */
export async function findDocument(
  ports: Pick<Ports, 'vectors'>,
  namespace: Namespace,
  collection: Pick<Collection, 'id'>,
  documentId: string,
  selection: Selection = everything,
  signal?: AbortSignal,
): Promise<DocumentRecord> {
  const ids = [pointIdIn(collection.id, documentId)]
  const [record] = await retrieveDocuments(ports, namespace, ids, selection, signal)
  if (record?.collectionId !== collection.id) throw absent(documentId)
  return record
}

/**
 * One document of a namespace, whatever its collection; an id in a client's own words is looked for in each
 * collection, the oldest first. Throws `not_found`.
 */
export async function findNamespaceDocument(
  ports: Pick<Ports, 'vectors' | 'db' | 'cache'>,
  namespace: Namespace,
  documentId: string,
  selection: Selection = everything,
  signal?: AbortSignal,
): Promise<DocumentRecord> {
  const point = pointIdOf(documentId)
  const collections = await collectionsOf(ports, namespace.id)
  const ids = point ? [point] : collections.map(({ id }) => pointIdIn(id, documentId))
  const records = await retrieveDocuments(ports, namespace, ids, selection, signal)
  // A collection that is being deleted takes its documents with it.
  const known = new Set(collections.map(({ id }) => id))
  const record = records.find(({ collectionId }) => known.has(collectionId))
  if (!record) throw absent(documentId)
  return record
}

function absent(id: string) {
  return fail('not_found', { resource: 'document', id })
}
