import type { Ports } from '../../ports/ports.ts'
import { readReconfigurations, takeReconfiguration } from '../../store/reconfigurations.ts'
import { isFailure } from '../failure.ts'
import { finishAdding, takeBackAdding } from './add-missing-vectors.ts'
import { unsettledStates, type Reconfiguration } from './reconfiguration.ts'

export type SettleNeeds = Pick<
  Ports,
  'db' | 'queue' | 'cache' | 'leases' | 'vectors' | 'log' | 'config' | 'now'
>

/**
 * Brings what a dead process left half-done to an end: forward where all that is needed is known, back where not. A
 * living owner is not disturbed: the end is the same, and only one of both writes it.
 */
export async function settleReconfigurations(
  ports: SettleNeeds,
  namespaceId: string,
): Promise<void> {
  const unsettled = await readReconfigurations(ports.db, namespaceId, {
    states: unsettledStates,
    limit: ports.config.reconfigurationsMax,
  })
  for (const { id } of unsettled) {
    const taken = await takeReconfiguration(ports.db, id, unsettledStates)
    if (taken) await settle(ports, taken)
  }
}

async function settle(ports: SettleNeeds, reconfiguration: Reconfiguration): Promise<void> {
  const { id, state } = reconfiguration
  ports.log.info({ reconfigurationId: id, state }, 'A reconfigure is brought to its end.')
  if (reconfiguration.strategy === 'online') await settleAdding(ports, reconfiguration)
}

async function settleAdding(ports: SettleNeeds, reconfiguration: Reconfiguration): Promise<void> {
  if (reconfiguration.state === 'cancelling') {
    await takeBackAdding(ports, reconfiguration, reconfiguration.error ?? 'its process died')
    return
  }
  try {
    await finishAdding(ports, reconfiguration)
  } catch (error) {
    // Taken back, with the reason in its row.
    if (!isFailure(error, 'conflict')) throw error
  }
}
