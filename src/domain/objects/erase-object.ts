import type { Ports } from '../../ports/ports.ts'
import { hasActiveBatch, insertErasure, removeErasure } from '../../store/object-erasures.ts'
import { madeOf } from '../documents/decompose-object.ts'
import { deleteDocuments } from '../documents/delete-documents.ts'
import { isFailure } from '../failure.ts'
import { findNamespace } from '../namespaces/find-namespace.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { deleteObjects } from './delete-objects.ts'

export const objectEraseJobName = 'object.erase'

/** How long the request that deletes has the object to itself before the job looks after it. */
const jobDelaySeconds = 60
/** How often the job looks whether batches that may know the object have ended. */
const lookAgainSeconds = 10

/**
 * The object with every document made of it, directly or by way of others (contract 12, `cascade`). From the intent on
 * a batch that writes one takes it back; where this process dies, the job ends it. Documents go first: an object that
 * is there can be asked for again, lost documents' object cannot.
 */
export async function eraseObject(
  ports: Ports,
  namespace: Namespace,
  objectId: string,
): Promise<void> {
  await ports.db.transaction().execute(async (tx) => {
    await insertErasure(tx, objectId, namespace.id)
    await addErasing(ports, tx, placeOf(namespace, objectId))
  })
  await eraseAll(ports, namespace, objectId)
}

export interface ErasurePlace {
  organizationId: string
  namespaceId: string
  objectId: string
}

/**
 * The job: ends an erasure whose request did not, and takes along what batches under way wrote after it. The intent
 * goes when none of them can write any more.
 */
export async function finishErasing(ports: Ports, place: ErasurePlace): Promise<void> {
  try {
    const namespace = await findNamespace(ports, place.organizationId, place.namespaceId)
    // Before the documents go: a batch that ends meanwhile has written before them.
    const isOver = !(await hasActiveBatch(ports.db, namespace.id, place.objectId))
    await eraseAll(ports, namespace, place.objectId)
    if (isOver) await removeErasure(ports.db, place.objectId)
    else await addErasing(ports, ports.db, place, lookAgainSeconds)
  } catch (error) {
    // The namespace is gone, and with it every object.
    if (!isFailure(error, 'not_found')) throw error
  }
}

async function eraseAll(ports: Ports, namespace: Namespace, objectId: string): Promise<void> {
  await deleteDocuments(ports, namespace, { filter: madeOf(objectId), collectionIds: null })
  await deleteObjects(ports, [objectId])
}

/** At most one waits for each object. */
export async function addErasing(
  { queue }: Pick<Ports, 'queue'>,
  db: Ports['db'],
  { organizationId, namespaceId, objectId }: ErasurePlace,
  delaySeconds = jobDelaySeconds,
): Promise<void> {
  const payload = {
    organization_id: organizationId,
    namespace_id: namespaceId,
    object_id: objectId,
  }
  await queue.add(db, objectEraseJobName, payload, { singletonKey: objectId, delaySeconds })
}

function placeOf({ id, organizationId }: Namespace, objectId: string): ErasurePlace {
  return { organizationId, namespaceId: id, objectId }
}
