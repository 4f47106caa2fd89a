import type { Ports } from '../../ports/ports.ts'
import { readActiveBatches } from '../../store/batches.ts'
import { readTask } from '../../store/tasks.ts'
import { cancelFilling } from '../reconfiguration/cancel-reconfiguration.ts'
import { cancelBatch } from '../batches/cancel-batch.ts'
import { terminalStatuses, type TaskType } from './task.ts'

/** Tasks whose work can stop half-way; deletions cannot, and end by themselves. */
const stoppable: readonly TaskType[] = ['api_buckets_batches_process', 'api_collections_trigger']

/** Kill, idempotent (contract 19): an absent, ended or foreign task is no error, and all three answer alike. */
export async function cancelTask(
  ports: Pick<Ports, 'db' | 'leases' | 'vectors' | 'now' | 'newId'>,
  organizationId: string,
  id: string,
): Promise<{ success: boolean; message: string }> {
  const task = await readTask(ports.db, organizationId, id)
  if (!task || terminalStatuses.includes(task.status)) {
    return { success: true, message: `Task '${id}' is not running.` }
  }
  if (await cancelFilling(ports, id))
    return { success: true, message: `Task '${id}' is cancelled; the schema is as it was.` }
  if (!stoppable.includes(task.type) || task.namespaceId === null) {
    return { success: false, message: `A task ${task.type} cannot be stopped; it ends by itself.` }
  }
  const namespace = { id: task.namespaceId, organizationId }
  for (const batch of await readActiveBatches(ports.db, { taskId: id })) {
    await cancelBatch(ports, namespace, batch.id)
  }
  return { success: true, message: `Task '${id}' is cancelled.` }
}
