import type { Ports } from '../../ports/ports.ts'
import { fail } from '../failure.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { Principal } from '../organizations/principal.ts'
import type { IndexDecision } from './decision.ts'

/**
 * Takes back an index that made itself: it is dropped, and its field is left alone for the blocking time. Needs the
 * admin permission. Throws `not_found`, `forbidden`, and `conflict` for a decision that is not active.
 */
export async function undoDecision(
  _ports: Ports,
  _principal: Principal,
  _namespace: Namespace,
  decisionId: string,
): Promise<IndexDecision> {
  throw fail('conflict', { reason: `Decision ${decisionId} cannot be undone yet.` })
}
