import type { Ports } from '../../ports/ports.ts'
import { readNamespaceById } from '../../store/namespaces.ts'
import { readReconfigurations, takeReconfiguration } from '../../store/reconfigurations.ts'
import { isFailure } from '../failure.ts'
import type { ExclusiveLease } from '../namespaces/lease.ts'
import { finishAdding, takeBackAdding } from './add-missing-vectors.ts'
import { addErasure } from './erase-generations.ts'
import { addFilling } from './fill-generation.ts'
import { unsettledStates, type Reconfiguration } from './reconfiguration.ts'
import { takeAwayGeneration } from './recreate.ts'
import { switchGeneration } from './switch-generation.ts'
import { finishUndo } from './undo-reconfigure.ts'

export type SettleNeeds = Pick<
  Ports,
  'db' | 'queue' | 'cache' | 'leases' | 'vectors' | 'log' | 'config' | 'now'
>

/** How long it waits for who holds the namespace; then the job is tried again. */
const leaseWaitMs = 30_000
const died = 'The process that ran it stopped before the new generation was whole.'

/**
 * Brings what a dead process left half-done to an end: forward where all that is needed is known, back where not. A
 * living owner is not disturbed: while it holds the namespace nothing of its kind is looked at, and of vectors that are
 * being added the end is the same whoever writes it.
 */
export async function settleReconfigurations(
  ports: SettleNeeds,
  namespaceId: string,
): Promise<void> {
  const unsettled = () => readReconfigurations(ports.db, namespaceId, { states: unsettledStates })
  const found = await unsettled()
  for (const { id } of found.filter(({ strategy }) => strategy === 'online')) {
    const taken = await takeReconfiguration(ports.db, id, unsettledStates)
    if (taken) await settleAdding(ports, taken)
  }
  if (found.every(({ strategy }) => strategy === 'online')) return
  await ports.leases.exclusive(
    namespaceId,
    'finishing a reconfigure that a stopped process began',
    async (lease) => {
      for (const { id, strategy, state } of await unsettled()) {
        if (strategy === 'online') continue
        // Its job has no other owner than who holds its fence, and goes on where it was.
        if (state === 'filling') {
          await addFilling(ports.db, ports, id)
          continue
        }
        const taken = await takeReconfiguration(ports.db, id, unsettledStates)
        if (taken) await settleGeneration(ports, taken, lease)
      }
    },
    { waitMs: leaseWaitMs },
  )
}

async function settleGeneration(
  ports: SettleNeeds,
  one: Reconfiguration,
  lease: ExclusiveLease,
): Promise<void> {
  ports.log.info({ reconfigurationId: one.id, state: one.state }, 'reconfigure brought to its end')
  switch (one.state) {
    case 'building':
    case 'cancelling':
      await takeAwayGeneration(ports, one, one.error ?? died)
      break
    case 'switching':
      await switchGeneration(ports, one, lease)
      break
    case 'undoing': {
      const live = await readNamespaceById(ports.db, one.namespaceId)
      if (live) await finishUndo(ports, live, one, lease)
      break
    }
    case 'erasing':
    case 'discarding':
      await addErasure(ports.db, ports, one.namespaceId, ports.config.requestTimeoutMs)
      break
    case 'filling':
    case 'waiting_for_engine':
    case 'adding':
    case 'done':
    case 'retained':
    case 'erased':
    case 'undone':
    case 'cancelled':
      break
  }
}

async function settleAdding(ports: SettleNeeds, one: Reconfiguration): Promise<void> {
  ports.log.info({ reconfigurationId: one.id, state: one.state }, 'reconfigure brought to its end')
  if (one.state === 'cancelling') {
    await takeBackAdding(ports, one, one.error ?? died)
    return
  }
  try {
    await finishAdding(ports, one)
  } catch (error) {
    // Taken back, with the reason in its row.
    if (!isFailure(error, 'conflict')) throw error
  }
}
