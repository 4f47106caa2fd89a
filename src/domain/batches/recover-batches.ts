import type { Ports } from '../../ports/ports.ts'
import { readUnfinishedBatches } from '../../store/batches.ts'
import { addBatchJob } from './submit-batch.ts'

/** At the start: every unfinished batch has a job, whatever became of the one it had. Safe to run again. */
export async function recoverBatches(ports: Pick<Ports, 'db' | 'queue'>): Promise<void> {
  for (const batch of await readUnfinishedBatches(ports.db))
    await addBatchJob(ports, ports.db, batch)
}
