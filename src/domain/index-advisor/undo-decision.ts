import type { Ports } from '../../ports/ports.ts'
import { readDecision, takeDecision } from '../../store/index-decisions.ts'
import { fail } from '../failure.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { allows, type Principal } from '../organizations/principal.ts'
import { addCheck } from './add-check.ts'
import { blockedUntil } from './block.ts'
import type { IndexDecision } from './decision.ts'
import { retireIndex } from './retire-index.ts'

/** Beyond it a job ends what this process left half-done. */
const settleAfterSeconds = 15

/**
 * Takes back an index that made itself: it is dropped, and its field is left alone for the blocking time. Throws
 * `not_found`, `forbidden` without the write permission, and `conflict` for a decision that is not active.
 */
export async function undoDecision(
  ports: Ports,
  principal: Principal,
  namespace: Namespace,
  decisionId: string,
): Promise<IndexDecision> {
  if (!allows(principal, 'write')) {
    throw fail('forbidden', {
      reason: 'Taking back a payload index needs the write permission.',
      needed: 'write',
    })
  }
  const decision = await readDecision(ports.db, namespace.id, decisionId)
  if (!decision) throw fail('not_found', { resource: 'index decision', id: decisionId })
  await addCheck(ports.db, ports.queue, namespace.id, settleAfterSeconds)
  const taken = await takeDecision(ports.db, decisionId, ['active'])
  if (!taken) throw notActive((await readDecision(ports.db, namespace.id, decisionId)) ?? decision)
  return await retireIndex(ports, taken, {
    ending: 'undone',
    reason: `Taken back over the API. ${taken.reason}`,
    actor: principal.keyId,
    blockedUntil: blockedUntil('decided', taken, ports.now(), ports.config),
  })
}

function notActive({ id, state }: IndexDecision) {
  const why = {
    observed: 'it is not decided yet',
    candidate: 'it is not decided yet',
    censused: 'it is not decided yet',
    building: 'its index is being built',
    verifying: 'its index is being measured',
    active: 'another process took it over; try again',
    retiring: 'its index is being taken back already',
    dropped: 'its index is gone already',
    declined: 'it made no index',
    reverted: 'its index is gone already',
    failed: 'it made no index',
    undone: 'it was undone already',
    taken_over: 'its index was declared in payload_indexes since, and is changed there',
  }[state]
  return fail('conflict', {
    reason: `Decision ${id} cannot be undone: ${why} (state ${state}).`,
    details: { decision_id: id, state },
  })
}
