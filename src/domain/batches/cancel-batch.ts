import type { Ports } from '../../ports/ports.ts'
import { changeBatch, lockBatch } from '../../store/batches.ts'
import {
  readLedgerSums,
  releaseObjects,
  settleObjects,
  skipOpenRows,
} from '../../store/ingest-ledger.ts'
import { fail } from '../failure.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { createTask } from '../tasks/create-task.ts'
import { findTask } from '../tasks/find-task.ts'
import { terminalStatuses, type Task } from '../tasks/task.ts'
import { updateTask } from '../tasks/update-task.ts'
import { progressOf, reasonsOf } from './progress.ts'

/**
 * What is open ends as skipped; a job that runs stops within its chunk and still tells of what it wrote. A batch
 * that has ended stays as it ended (contract 14).
 */
export async function cancelBatch(
  ports: Pick<Ports, 'db' | 'now' | 'newId'>,
  namespace: Pick<Namespace, 'id' | 'organizationId'>,
  batchId: string,
): Promise<Task> {
  return await ports.db.transaction().execute(async (tx) => {
    const batch = await lockBatch(tx, batchId)
    if (!batch) throw fail('not_found', { resource: 'batch', id: batchId })
    const { organizationId } = namespace
    // A DRAFT has no task yet, and the answer is one.
    const taskId =
      batch.taskId ??
      (
        await createTask(tx, ports, {
          organizationId,
          namespaceId: namespace.id,
          type: 'api_buckets_batches_process',
          inputs: [{ batch_id: batchId }],
        })
      ).id
    if (!terminalStatuses.includes(batch.status)) {
      await skipOpenRows(tx, batchId, 'The batch was cancelled.')
      await settleObjects(tx, batchId, { withSkipped: false })
      await releaseObjects(tx, batchId)
      await changeBatch(tx, batchId, { status: 'CANCELED', taskId })
      const sums = await readLedgerSums(tx, batchId)
      const { told } = await reasonsOf(tx, batchId, sums)
      const additionalData = { ...progressOf(batch, sums), ...told }
      await updateTask(tx, taskId, { status: 'CANCELED', additionalData })
    }
    return await findTask({ db: tx }, organizationId, taskId)
  })
}
