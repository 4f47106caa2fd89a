import type { Ports } from '../../ports/ports.ts'
import { removeBatch } from '../../store/batches.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { terminalStatuses } from '../tasks/task.ts'
import type { Batch } from './batch.ts'
import { cancelBatch } from './cancel-batch.ts'

/** The batch and its ledger; objects and documents stay. One under way is cancelled first. */
export async function deleteBatch(
  ports: Pick<Ports, 'db' | 'now' | 'newId'>,
  namespace: Namespace,
  batch: Batch,
): Promise<void> {
  const isUnderWay = batch.status !== 'DRAFT' && !terminalStatuses.includes(batch.status)
  if (isUnderWay) await cancelBatch(ports, namespace, batch.id)
  await removeBatch(ports.db, batch.id)
}
