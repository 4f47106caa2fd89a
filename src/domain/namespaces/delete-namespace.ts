import type { Ports } from '../../ports/ports.ts'
import {
  deleteNamespaceRow,
  deleteSomeBatch,
  markNamespaceDeleting,
  readNamespaceById,
  readObjectIds,
  readOpenTasks,
} from '../../store/namespaces.ts'
import type { Db } from '../../store/tables.ts'
import { fail, isFailure } from '../failure.ts'
import type { Principal } from '../organizations/principal.ts'
import { deleteObjects } from '../objects/delete-objects.ts'
import { createTask } from '../tasks/create-task.ts'
import type { Task } from '../tasks/task.ts'
import { updateTask } from '../tasks/update-task.ts'
import { findNamespace } from './find-namespace.ts'
import { aliasOf, type Namespace } from './namespace.ts'

export const expireJobName = 'namespace.expire'

/** Objects that one transaction deletes, so that none holds its locks for long. */
const objectsAtOnce = 1_000

/** How long the deletion waits for writers; then the job is tried again. */
const leaseWaitMs = 30_000

/**
 * Contract 7.3: at once the namespace is gone for every caller and its name is free; a task tells when the rest
 * is. Throws `not_found`.
 */
export async function deleteNamespace(
  ports: Pick<Ports, 'db' | 'queue' | 'cache' | 'now' | 'newId'>,
  principal: Principal,
  identifier: string,
): Promise<{ namespace: Namespace; task: Task }> {
  const namespace = await findNamespace(ports, principal.organizationId, identifier)
  const task = await ports.db.transaction().execute((tx) => beginDeletion(tx, ports, namespace))
  ports.cache.forget('namespaces')
  if (!task) throw fail('not_found', { resource: 'namespace', id: identifier })
  return { namespace, task }
}

/** The job that ends a namespace's time; at most one waits for each. */
export async function addExpiry(
  { queue }: Pick<Ports, 'queue'>,
  db: Db,
  namespaceId: string,
  delaySeconds = 0,
): Promise<void> {
  const options = { singletonKey: namespaceId, delaySeconds }
  await queue.add(db, expireJobName, { namespace_id: namespaceId }, options)
}

/** The deletion of a namespace whose time is up (`ttl_seconds`); nothing where it is gone already. */
export async function expireNamespace(
  ports: Pick<Ports, 'db' | 'queue' | 'cache' | 'now' | 'newId'>,
  namespaceId: string,
): Promise<void> {
  const namespace = await readNamespaceById(ports.db, namespaceId)
  if (!namespace) return
  await ports.db.transaction().execute((tx) => beginDeletion(tx, ports, namespace))
  ports.cache.forget('namespaces')
}

/**
 * Ends what `deleteNamespace` began: engine collections of every generation, then rows, the namespace's own last.
 * Safe to run again from any point.
 */
export async function finishDeletion(
  ports: Pick<Ports, 'db' | 'cache' | 'leases' | 'vectors' | 'blobs'>,
  namespaceId: string,
  signal?: AbortSignal,
): Promise<void> {
  const { db, cache, leases, vectors } = ports
  const namespace = await readNamespaceById(db, namespaceId)
  if (namespace?.state === 'deleting') {
    try {
      await leases.exclusive(
        namespaceId,
        'deleting the namespace',
        () => dropEngineParts(vectors, namespace),
        { waitMs: leaseWaitMs, ...(signal && { signal }) },
      )
    } catch (error) {
      // Another worker has ended it while the lease was waited for.
      if (!isFailure(error, 'not_found')) throw error
    }
    await deleteRows(ports, namespaceId)
    cache.forget('namespaces')
  }
  for (const { id } of await readOpenTasks(db, 'api_namespaces_delete', namespaceId)) {
    await updateTask(db, id, { status: 'COMPLETED' })
  }
}

/** Null where somebody else began it. */
async function beginDeletion(
  tx: Db,
  ports: Pick<Ports, 'queue' | 'now' | 'newId'>,
  namespace: Namespace,
): Promise<Task | null> {
  if (!(await markNamespaceDeleting(tx, namespace.id))) return null
  await ports.queue.add(
    tx,
    'namespace.delete',
    { namespace_id: namespace.id },
    { singletonKey: namespace.id },
  )
  return await createTask(tx, ports, {
    organizationId: namespace.organizationId,
    namespaceId: namespace.id,
    type: 'api_namespaces_delete',
    additionalData: { namespace_id: namespace.id, namespace_name: namespace.name },
  })
}

/** The alias first: nothing that is left can be reached through it. */
async function dropEngineParts(vectors: Ports['vectors'], namespace: Namespace): Promise<void> {
  await vectors.dropAlias(aliasOf(namespace))
  const generations = (await vectors.listCollections()).filter((name) =>
    name.startsWith(`${namespace.id}_g`),
  )
  for (const collection of generations) await vectors.dropCollection(collection)
}

/** The large tables in pieces; what is left goes with the namespace's own row. */
async function deleteRows(ports: Pick<Ports, 'db' | 'blobs'>, namespaceId: string): Promise<void> {
  while (await deleteSomeBatch(ports.db, namespaceId));
  for (;;) {
    const ids = await readObjectIds(ports.db, namespaceId, objectsAtOnce)
    if (ids.length === 0) break
    await deleteObjects(ports, ids)
  }
  await deleteNamespaceRow(ports.db, namespaceId)
}
