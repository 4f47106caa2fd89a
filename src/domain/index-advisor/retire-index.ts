import { readDecision } from '../../store/index-decisions.ts'
import type { DecisionChange } from '../../store/index-decisions.ts'
import type { ExclusiveLease } from '../namespaces/lease.ts'
import type { Ending, IndexDecision } from './decision.ts'
import { moveDecision } from './move-decision.ts'
import { leaseWaitMs, takeAwayIndex, type BuildPorts } from './take-away-index.ts'

/** How it ends, why in one sentence, and what else is kept of it. */
export interface Withdrawal extends Pick<DecisionChange, 'after' | 'parity' | 'actor'> {
  ending: Ending
  reason: string
  blockedUntil: Date | null
}

/**
 * Ends a decision whose index is there, or may be: the intent, the engine, the mark. Wherever it dies, the next check
 * goes on with `finishRetiring`. Throws `conflict` where another has taken the decision over.
 */
export async function retireIndex(
  ports: BuildPorts,
  decision: IndexDecision,
  withdrawal: Withdrawal,
  signal?: AbortSignal,
): Promise<IndexDecision> {
  return await ports.leases.exclusive(
    decision.namespaceId,
    `taking back the payload index of '${decision.fieldName}' that made itself`,
    async (lease) => {
      const retiring = await moveDecision(ports, decision, 'withdrawn', withdrawal)
      return await finishRetiring(ports, retiring, lease)
    },
    { waitMs: leaseWaitMs, ...(signal && { signal }) },
  )
}

/** Safe to run again from any point. */
export async function finishRetiring(
  ports: BuildPorts,
  decision: IndexDecision,
  lease: ExclusiveLease,
): Promise<IndexDecision> {
  await takeAwayIndex(ports, decision.namespaceId, decision.path, lease)
  const ending = decision.ending ?? 'dropped'
  const ended = await moveDecision(ports, decision, ending, { ending: null })
  return (await readDecision(ports.db, ended.namespaceId, ended.id)) ?? ended
}
