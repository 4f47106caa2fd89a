import { changeReconfiguration, type ReconfigurationChange } from '../../store/reconfigurations.ts'
import type { Db } from '../../store/tables.ts'
import { fail } from '../failure.ts'
import type { Reconfiguration } from './reconfiguration.ts'
import { nextState, type ReconfigurationEvent } from './transitions.ts'

/** Along the table of transitions, under its fence. Null where another has taken it over: then nothing was written. */
export async function move(
  db: Db,
  reconfiguration: Reconfiguration,
  event: ReconfigurationEvent,
  change: Omit<ReconfigurationChange, 'state'> = {},
): Promise<Reconfiguration | null> {
  const state = nextState(reconfiguration.state, event)
  if (!(await changeReconfiguration(db, reconfiguration, { ...change, state }))) return null
  return {
    ...reconfiguration,
    state,
    ...(change.switchedAt && { switchedAt: change.switchedAt }),
    ...(change.retainedUntil && { retainedUntil: change.retainedUntil }),
    ...(change.error !== undefined && { error: change.error }),
  }
}

/** As `move`, for whom there is nothing to do without it: throws `conflict` where the fence is lost (M-11). */
export async function mustMove(
  db: Db,
  reconfiguration: Reconfiguration,
  event: ReconfigurationEvent,
  change: Omit<ReconfigurationChange, 'state'> = {},
): Promise<Reconfiguration> {
  const moved = await move(db, reconfiguration, event, change)
  if (moved) return moved
  const { id } = reconfiguration
  throw fail('conflict', {
    reason: `Reconfigure ${id} was taken over by another process; what that did stands.`,
    details: { reconfiguration_id: id },
  })
}
