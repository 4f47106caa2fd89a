import type { Ports } from '../../ports/ports.ts'
import { markCollectionDeleting, removeCollection } from '../../store/collections.ts'
import { deleteDocuments } from '../documents/delete-documents.ts'
import { fail, isFailure } from '../failure.ts'
import type { Filter } from '../filters/filter.ts'
import { findNamespace } from '../namespaces/find-namespace.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { Collection } from './collection.ts'
import { collectionsOf } from './find-collection.ts'

/** How long the request that deletes has the collection to itself before the job looks after it. */
const jobDelaySeconds = 60

const everything: Filter = { kind: 'and', filters: [] }

/**
 * Its documents, then itself; the number of documents that went (contract 15.3). From the mark on nobody finds it,
 * and where this process dies, the job ends it. Throws `conflict` while another collection reads from it.
 */
export async function deleteCollection(
  ports: Ports,
  namespace: Namespace,
  collection: Collection,
): Promise<number> {
  const all = await collectionsOf(ports, namespace.id)
  const reader = all.find(({ source }) => source.collection_ids?.includes(collection.id))
  if (reader) {
    throw fail('conflict', {
      reason: `Collection '${reader.name}' reads from '${collection.name}'.`,
      hint: `Delete '${reader.name}' first.`,
    })
  }
  await ports.db.transaction().execute(async (tx) => {
    await markCollectionDeleting(tx, collection.id)
    const payload = {
      organization_id: namespace.organizationId,
      namespace_id: namespace.id,
      collection_id: collection.id,
    }
    await ports.queue.add(tx, 'collection.delete', payload, { delaySeconds: jobDelaySeconds })
  })
  ports.cache.forget('collections')
  return await eraseCollection(ports, namespace, collection.id)
}

/**
 * The job: ends a deletion whose request did not, and takes along what a batch that was under way wrote after it.
 */
export async function finishCollectionDelete(
  ports: Ports,
  place: { organizationId: string; namespaceId: string; collectionId: string },
): Promise<void> {
  try {
    const namespace = await findNamespace(ports, place.organizationId, place.namespaceId)
    await eraseCollection(ports, namespace, place.collectionId)
  } catch (error) {
    // The namespace is gone, and with it every collection.
    if (!isFailure(error, 'not_found')) throw error
  }
}

async function eraseCollection(ports: Ports, namespace: Namespace, id: string): Promise<number> {
  const deleted = await deleteDocuments(ports, namespace, {
    filter: everything,
    collectionIds: [id],
  })
  await removeCollection(ports.db, id)
  return deleted
}
