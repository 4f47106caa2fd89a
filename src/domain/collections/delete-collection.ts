import type { Ports } from '../../ports/ports.ts'
import { markCollectionDeleting, removeCollection } from '../../store/collections.ts'
import type { Db } from '../../store/tables.ts'
import { deleteDocuments } from '../documents/delete-documents.ts'
import { fail, isFailure } from '../failure.ts'
import type { Filter } from '../filters/filter.ts'
import { findNamespace } from '../namespaces/find-namespace.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { Collection } from './collection.ts'
import { collectionsOf } from './find-collection.ts'

export const collectionDeleteJobName = 'collection.delete'

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
    const { organizationId, id: namespaceId } = namespace
    const place = { organizationId, namespaceId, collectionId: collection.id }
    await addCollectionDeletion(ports, tx, place, jobDelaySeconds)
  })
  ports.cache.forget('collections')
  return await eraseCollection(ports, namespace, collection.id)
}

export interface CollectionPlace {
  organizationId: string
  namespaceId: string
  collectionId: string
}

/** At most one waits for each collection; without a delay the one that waits is brought forward. */
export async function addCollectionDeletion(
  { queue }: Pick<Ports, 'queue'>,
  db: Db,
  { organizationId, namespaceId, collectionId }: CollectionPlace,
  delaySeconds = 0,
): Promise<void> {
  const payload = {
    organization_id: organizationId,
    namespace_id: namespaceId,
    collection_id: collectionId,
  }
  const options = { singletonKey: collectionId, ...(delaySeconds > 0 && { delaySeconds }) }
  await queue.add(db, collectionDeleteJobName, payload, options)
}

/**
 * The job: ends a deletion whose request did not, and takes along what a batch that was under way wrote after it.
 */
export async function finishCollectionDelete(ports: Ports, place: CollectionPlace): Promise<void> {
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
