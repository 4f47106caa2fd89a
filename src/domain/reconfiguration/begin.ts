import type { Ports } from '../../ports/ports.ts'
import { insertReconfiguration, readBusyReconfiguration } from '../../store/reconfigurations.ts'
import type { Db } from '../../store/tables.ts'
import { isUniqueViolation } from '../../store/unique-violation.ts'
import { fail } from '../failure.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { Reconfiguration } from './reconfiguration.ts'

/** When the job looks whether the one who began died; nothing of a living one is disturbed by it. */
const convergeAfterSeconds = 60

type Begun = Partial<Pick<Reconfiguration, 'extractorsAfter' | 'progress'>> &
  Pick<
    Reconfiguration,
    | 'strategy'
    | 'isReprocess'
    | 'state'
    | 'toGeneration'
    | 'vectorsAfter'
    | 'previousPoints'
    | 'taskId'
  >

/** A row that no one has written yet. */
export function newReconfiguration(
  { now, newId }: Pick<Ports, 'now' | 'newId'>,
  namespace: Pick<Namespace, 'id' | 'organizationId' | 'generation' | 'vectors'>,
  begun: Begun,
): Reconfiguration {
  const at = now()
  return {
    id: newId('rcf'),
    organizationId: namespace.organizationId,
    namespaceId: namespace.id,
    fence: 1,
    fromGeneration: namespace.generation,
    vectorsBefore: namespace.vectors,
    extractorsAfter: null,
    progress: {},
    error: null,
    switchedAt: null,
    retainedUntil: null,
    createdAt: at,
    updatedAt: at,
    ...begun,
  }
}

/**
 * The intent, and the job that ends it where its maker dies, in the caller's transaction.
 * Throws `conflict` where another reconfigure of the namespace is under way: it is named by `busyConflict`, for which
 * the transaction has to be over.
 */
export async function writeIntent(
  tx: Db,
  { queue }: Pick<Ports, 'queue'>,
  reconfiguration: Reconfiguration,
): Promise<void> {
  await insertReconfiguration(tx, reconfiguration)
  const { namespaceId } = reconfiguration
  await queue.add(
    tx,
    'namespace.converge',
    { namespace_id: namespaceId },
    { delaySeconds: convergeAfterSeconds, singletonKey: namespaceId },
  )
}

/** Runs a transaction that writes an intent; where another is busy, says which, and how to end it. */
export async function orBusy<T>(db: Db, namespaceId: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isUniqueViolation(error)) throw error
    const busy = await readBusyReconfiguration(db, namespaceId)
    throw busyConflict(busy, error)
  }
}

/** 409 that names the reconfigure under way (design 4). */
export function busyConflict(busy: Reconfiguration | null, cause?: unknown) {
  if (!busy) {
    const reason = 'Another reconfigure of this namespace has just ended; try again.'
    return fail('conflict', { reason }, { cause })
  }
  const { id, state, taskId } = busy
  return fail(
    'conflict',
    {
      reason: `Reconfigure ${id} of this namespace is under way (${state}).`,
      hint:
        taskId === null
          ? 'It ends by itself; try again then.'
          : `Wait for its task, or cancel it: DELETE /v1/tasks/${taskId}.`,
      details: { reconfiguration_id: id, state, ...(taskId !== null && { task_id: taskId }) },
    },
    { cause },
  )
}
