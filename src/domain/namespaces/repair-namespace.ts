import type { Ports } from '../../ports/ports.ts'
import type { RepairReport } from '../../ports/vector-engine.ts'
import { readNamespaceById } from '../../store/namespaces.ts'
import { readTask } from '../../store/tasks.ts'
import { triggerCollection } from '../batches/trigger-collection.ts'
import type { Collection } from '../collections/collection.ts'
import { collectionsOf } from '../collections/find-collection.ts'
import { fail, isFailure } from '../failure.ts'
import { buildIndexes } from '../reconfiguration/build-indexes.ts'
import { createTask } from '../tasks/create-task.ts'
import { terminalStatuses, type Task } from '../tasks/task.ts'
import { updateTask } from '../tasks/update-task.ts'
import { collectionSpec } from './merge-vectors.ts'
import { collectionOf, type Namespace } from './namespace.ts'

export const repairJobName = 'namespace.repair'

/** What the job is told. */
export interface RepairOrder {
  organizationId: string
  namespaceId: string
  taskId: string
}

/** How long the repair waits for who holds the namespace; then the job is tried again. */
const leaseWaitMs = 30_000

/**
 * Begins to make a namespace whole again whose documents cannot be read (issue 6.8): what can be read is kept, extracted
 * documents are made again from the originals. The task tells how it goes; where nothing is broken it changes nothing.
 */
export async function orderRepair(
  ports: Pick<Ports, 'db' | 'queue' | 'now' | 'newId'>,
  { organizationId, id: namespaceId }: Namespace,
): Promise<Task> {
  return await ports.db.transaction().execute(async (tx) => {
    const task = await createTask(tx, ports, {
      organizationId,
      namespaceId,
      // The contract's closed list has no type for it (contract 19).
      type: 'api_namespaces_migrations_run',
      additionalData: { namespace_id: namespaceId, operation: 'repair' },
    })
    const payload = {
      organization_id: organizationId,
      namespace_id: namespaceId,
      task_id: task.id,
    }
    await ports.queue.add(tx, repairJobName, payload)
    return task
  })
}

/**
 * Safe to run again from any point: a repair that an earlier attempt began counts as needed, whatever the files look
 * like by now.
 */
export async function repairNamespace(
  ports: Ports,
  { organizationId, namespaceId, taskId }: RepairOrder,
  signal: AbortSignal,
): Promise<void> {
  const { db } = ports
  const task = await readTask(db, organizationId, taskId)
  if (!task || terminalStatuses.includes(task.status)) return
  const wasBegun = task.status === 'PROCESSING'
  await updateTask(db, taskId, { status: 'PROCESSING' })
  try {
    const { namespace, report } = await repairAlone(ports, namespaceId, signal)
    const isNeeded = report.wasBroken || wasBegun
    const made = isNeeded ? await reprocess(ports, namespace) : { taskIds: [], reasons: [] }
    await updateTask(db, taskId, {
      status: made.reasons.length > 0 ? 'COMPLETED_WITH_ERRORS' : 'COMPLETED',
      outputs: made.taskIds.map((id) => ({ task_id: id })),
      additionalData: {
        was_broken: isNeeded,
        documents_kept: report.points,
        lost: report.lost,
        reasons: made.reasons,
      },
    })
  } catch (error) {
    if (signal.aborted || isPassing(error)) throw error
    const reason = error instanceof Error ? error.message : String(error)
    await updateTask(db, taskId, { status: 'FAILED', error: reason })
    throw error
  }
}

async function repairAlone(
  ports: Ports,
  namespaceId: string,
  signal: AbortSignal,
): Promise<{ namespace: Namespace; report: RepairReport }> {
  return await ports.leases.exclusive(
    namespaceId,
    'repairing its documents',
    async (lease) => {
      const namespace = await readNamespaceById(ports.db, namespaceId)
      if (namespace?.state !== 'ready')
        throw fail('not_found', { resource: 'namespace', id: namespaceId })
      const spec = collectionSpec(namespace.vectors)
      const report = await ports.vectors.repairCollection(collectionOf(namespace), spec, signal)
      await lease.check()
      // Also where an attempt before this one was killed between the two.
      await buildIndexes(ports, namespace)
      return { namespace, report }
    },
    { waitMs: leaseWaitMs, signal },
  )
}

/**
 * Every collection over its whole source; those downstream come along. One that cannot be processed now, since its
 * plugin is gone or its bucket empty, is named, and its documents stay as they were saved.
 */
async function reprocess(
  ports: Ports,
  namespace: Namespace,
): Promise<{ taskIds: string[]; reasons: string[] }> {
  const everything = { includeBuckets: null, includeCollections: null, sourceFilters: null }
  const [taskIds, reasons]: [string[], string[]] = [[], []]
  for (const collection of (await collectionsOf(ports, namespace.id)).filter(isUpstream)) {
    try {
      const { task } = await triggerCollection(ports, namespace, collection, everything)
      taskIds.push(task.id)
    } catch (error) {
      if (!isFailure(error, 'bad_request')) throw error
      reasons.push(`${collection.name}: ${error.message}`)
    }
  }
  return { taskIds, reasons }
}

function isUpstream({ enabled, source }: Collection): boolean {
  return enabled && source.type === 'bucket' && (source.bucket_ids ?? []).length > 0
}

function isPassing(error: unknown): boolean {
  return isFailure(error) && ['unavailable', 'exhausted', 'conflict'].includes(error.kind)
}
