import type { Ports } from '../../ports/ports.ts'
import { readReconfigurationOfTask, takeReconfiguration } from '../../store/reconfigurations.ts'
import { takeAwayGeneration } from './recreate.ts'

/**
 * Cancels the filling that a task stands for: what was built goes, the live generation was never touched. False where
 * there is none, or it is past the point from which it only goes forward.
 */
export async function cancelFilling(
  ports: Pick<Ports, 'db' | 'leases' | 'vectors'>,
  taskId: string,
): Promise<boolean> {
  const found = await readReconfigurationOfTask(ports.db, taskId)
  if (!found) return false
  return await ports.leases.exclusive(found.namespaceId, 'cancelling a reconfigure', async () => {
    const taken = await takeReconfiguration(ports.db, found.id, ['building', 'filling'])
    if (!taken) return false
    await takeAwayGeneration(ports, taken, 'It was cancelled.', 'CANCELED')
    return true
  })
}
