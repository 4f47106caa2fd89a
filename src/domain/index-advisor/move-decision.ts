import type { Ports } from '../../ports/ports.ts'
import {
  changeDecision,
  recordIndexEvent,
  type DecisionChange,
} from '../../store/index-decisions.ts'
import type { Db } from '../../store/tables.ts'
import { fail } from '../failure.ts'
import type { IndexDecision } from './decision.ts'
import { nextState, type DecisionEvent } from './transitions.ts'

export type MovePorts = Pick<Ports, 'db' | 'log' | 'metrics' | 'now'>

/**
 * Along the table of transitions, under the decision's fence, with a line in the ledger: both or neither. `also` joins
 * the transaction. Throws `conflict`, with nothing written, where another process or a user has taken it over.
 */
export async function moveDecision(
  ports: MovePorts,
  decision: IndexDecision,
  event: DecisionEvent,
  change: Omit<DecisionChange, 'state'> = {},
  also: (tx: Db) => Promise<void> = async () => {},
): Promise<IndexDecision> {
  const state = nextState(decision.state, event)
  const at = ports.now()
  await ports.db.transaction().execute(async (tx) => {
    if (!(await changeDecision(tx, decision, { ...change, state }, at))) throw takenOver(decision)
    await recordIndexEvent(tx, {
      namespaceId: decision.namespaceId,
      path: decision.path,
      decisionId: decision.id,
      kind: 'transition',
      from: decision.state,
      to: state,
      detail: { event, ...(change.reason !== undefined && { reason: change.reason }) },
      at,
    })
    await also(tx)
  })
  tell(ports, decision, state, change.reason)
  return { ...decision, ...change, state, updatedAt: at }
}

function tell(
  { log, metrics }: MovePorts,
  { id, namespaceId, path, fieldName }: IndexDecision,
  state: IndexDecision['state'],
  reason: string | undefined,
): void {
  metrics.count('index_decisions', { state })
  log.info(
    {
      namespaceId,
      decisionId: id,
      path,
      fieldName,
      state,
      ...(reason !== undefined && { reason }),
    },
    'a decision about a payload index',
  )
}

function takenOver({ id, namespaceId, fieldName }: IndexDecision) {
  return fail('conflict', {
    reason: `Decision ${id} about '${fieldName}' was taken over by another process or by a user; what that did stands.`,
    details: { namespace_id: namespaceId, decision_id: id },
  })
}
