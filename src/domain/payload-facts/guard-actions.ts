import type { Ports } from '../../ports/ports.ts'
import { recordIndexEvent } from '../../store/index-decisions.ts'
import type { Db } from '../../store/tables.ts'
import type { GuardType } from './path-facts.ts'

/** What the guard did about values that an index cannot hold. */
export interface GuardAction {
  /** `exception`: documents are tested beside the index. `overflow`: too many for that; reads look at documents. */
  kind: 'exception' | 'overflow'
  path: string
  type: GuardType
  /** Whether the index made itself: then the advisor widens or drops it. */
  isAuto: boolean
  /** How many documents are tested beside it now; none after an overflow. */
  exceptions: number
}

const checkJobName = 'indexes.check'

/** Into the ledger, in the transaction of what was done; what made itself is looked at again at once. */
export async function recordGuardActions(
  tx: Db,
  { queue, now }: Pick<Ports, 'queue' | 'now'>,
  namespaceId: string,
  actions: readonly GuardAction[],
): Promise<void> {
  for (const { kind, path, type, exceptions } of actions) {
    const detail = { action: kind, type, exceptions }
    const event = { namespaceId, path, decisionId: null, kind: 'guard' as const, detail }
    await recordIndexEvent(tx, { ...event, at: now() })
  }
  if (!actions.some(({ isAuto }) => isAuto)) return
  const payload = { namespace_id: namespaceId }
  await queue.add(tx, checkJobName, payload, { singletonKey: namespaceId })
}

/** To those who look on. */
export function tellGuardActions(
  { log, metrics }: Pick<Ports, 'log' | 'metrics'>,
  namespaceId: string,
  actions: readonly GuardAction[],
): void {
  for (const { kind, path, type, isAuto, exceptions } of actions) {
    metrics.count('index_guard_actions', { action: kind })
    const told = { namespaceId, path, type, isAuto, exceptions }
    if (kind === 'exception')
      log.info(
        told,
        'a value that a payload index cannot hold: its document is tested beside the index',
      )
    else
      log.warn(
        told,
        'too many values that a payload index cannot hold: reads look at the documents',
      )
  }
}
