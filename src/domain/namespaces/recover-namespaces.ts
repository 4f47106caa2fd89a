import type { Ports } from '../../ports/ports.ts'
import { readNamespaceById, readUnsettledNamespaceIds } from '../../store/namespaces.ts'
import { releaseEveryHolder } from '../../store/lease-rows.ts'
import { readReconfiguringNamespaceIds } from '../../store/reconfigurations.ts'
import { isFailure } from '../failure.ts'
import { endIndexTasks } from '../payload-indexes/apply-payload-indexes.ts'
import { convergeOrRestore } from '../payload-indexes/converge-indexes.ts'
import { EngineRejection } from '../../ports/vector-engine.ts'
import { settleReconfigurations } from '../reconfiguration/settle-reconfigurations.ts'
import { finishNamespace, undoNamespace } from './create-namespace.ts'
import { finishDeletion } from './delete-namespace.ts'
import type { ExclusiveLease } from './lease.ts'

type Needs = Pick<
  Ports,
  'db' | 'queue' | 'cache' | 'leases' | 'vectors' | 'blobs' | 'log' | 'config' | 'now'
>

/** How long a convergence waits for who holds the namespace; then the job is tried again. */
const leaseWaitMs = 30_000

/**
 * At the start of a process: everything that an earlier one left half-done becomes a job, so that neither an index
 * build of minutes nor an engine that is away delays the start. `isAlone`: no other process uses the database, so
 * what is held is held by the dead, and nobody needs to wait for it to run out.
 */
export async function recoverNamespaces(
  { db, queue }: Pick<Ports, 'db' | 'queue'>,
  { isAlone }: { isAlone: boolean },
): Promise<void> {
  if (isAlone) await releaseEveryHolder(db)
  const unsettled = [
    ...(await readUnsettledNamespaceIds(db)),
    ...(await readReconfiguringNamespaceIds(db)),
  ]
  for (const namespaceId of new Set(unsettled)) {
    const payload = { namespace_id: namespaceId }
    await queue.add(db, 'namespace.converge', payload)
  }
}

/**
 * Brings one namespace to what its rows say: a creation is finished, or undone where the engine refuses it; a
 * deletion goes on; payload indexes follow their declaration. Nothing to do is the usual case. Throws what keeps it
 * from doing so now, to be tried again.
 */
export async function convergeNamespace(
  ports: Needs,
  namespaceId: string,
  signal?: AbortSignal,
): Promise<void> {
  const state = (await readNamespaceById(ports.db, namespaceId))?.state
  if (state === undefined || state === 'deleting')
    return await finishDeletion(ports, namespaceId, signal)
  try {
    await ports.leases.exclusive(
      namespaceId,
      'finishing what a stopped process began',
      (lease) => convergeAlone(ports, namespaceId, lease),
      { waitMs: leaseWaitMs, ...(signal && { signal }) },
    )
  } catch (error) {
    // Deleted or undone by another while the lease was waited for.
    if (!isFailure(error, 'not_found')) throw error
    return
  }
  await settleReconfigurations(ports, namespaceId)
}

async function convergeAlone(
  ports: Needs,
  namespaceId: string,
  lease: ExclusiveLease,
): Promise<void> {
  // Read again: its maker may have finished while the lease was waited for.
  const namespace = await readNamespaceById(ports.db, namespaceId)
  if (namespace?.state === 'ready') {
    const { restored } = await convergeOrRestore(ports, namespace, lease)
    await endIndexTasks(ports.db, namespaceId, restored)
  }
  if (namespace?.state !== 'creating') return
  try {
    await finishNamespace(ports, namespace, lease)
  } catch (error) {
    if (!(error instanceof EngineRejection) && !isFailure(error, 'request_invalid')) throw error
    ports.log.warn({ namespaceId, error }, 'unfinished namespace refused by the engine and undone')
    await undoNamespace(ports, namespace)
  }
}
