import type { Ports } from '../../ports/ports.ts'
import { forgetDecisions, readDecisions } from '../../store/index-decisions.ts'
import { asOnlyBuilder } from '../../store/index-builder.ts'
import { readNamespaceById } from '../../store/namespaces.ts'
import { isFailure } from '../failure.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { addCheck, planNextCheck } from './add-check.ts'
import { dropDeadIndex } from './dead-index.ts'
import { unsettledStates, type DecisionState, type IndexDecision } from './decision.ts'
import { buildFilterLinks } from './filter-links.ts'
import { noticeDrift } from './notice-drift.ts'
import { observeUsage } from './observe-usage.ts'
import { pursueDecision } from './pursue-decision.ts'
import { withoutWaiting } from './without-waiting.ts'

/** How long a check waits while another namespace's index is being made. */
const busySeconds = 2
/** Of unsettled decisions those that are loaded to find the one to go on with. */
const openMax = 1_000

/**
 * One check of a namespace: opens decisions for fields that need one, and brings one of those that are open to its end;
 * with more to do it adds itself again, behind the checks of other namespaces (I-13). Where nothing is left, the next
 * check comes by itself after `indexCheckMs`. Safe to run again from any point, and beside itself.
 */
export async function checkNamespace(
  ports: Ports,
  namespaceId: string,
  signal?: AbortSignal,
): Promise<void> {
  try {
    const outcome = await checkOnce(ports, namespaceId, signal)
    if (outcome === 'gone') return
    if (outcome === 'more') await addCheck(ports.db, ports.queue, namespaceId)
    else if (outcome === 'busy') await addCheck(ports.db, ports.queue, namespaceId, busySeconds)
    else if (outcome === 'planned') await planNextCheck(ports, namespaceId)
  } catch (error) {
    // Deleted meanwhile.
    if (!isFailure(error, 'not_found')) throw error
  }
}

type Outcome =
  /** There is no such namespace, or it is being deleted. */
  | 'gone'
  | 'more'
  /** Another process makes an index. */
  | 'busy'
  | 'planned'
  /** Nothing is left to do, and nothing comes by itself: `auto_create_indexes` is off. */
  | 'off'

async function checkOnce(
  ports: Ports,
  namespaceId: string,
  signal: AbortSignal | undefined,
): Promise<Outcome> {
  const namespace = await readNamespaceById(ports.db, namespaceId)
  if (namespace?.state === 'creating') return 'busy'
  if (namespace?.state !== 'ready') return 'gone'
  if (namespace.autoCreateIndexes) await observeUsage(ports, namespace, signal)
  const worked = await asOnlyBuilder(ports.db, () => work(ports, namespace, signal))
  if (worked === null) return 'busy'
  if (worked.result) return 'more'
  const { indexDecisionsMax: decisions, indexEventsMax: events } = ports.config
  await forgetDecisions(ports.db, namespaceId, { decisions, events })
  return namespace.autoCreateIndexes ? 'planned' : 'off'
}

/** One step; false where there is nothing to do. */
async function work(
  ports: Ports,
  namespace: Namespace,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const next = await nextDecision(ports, namespace)
  if (!next) {
    if (await noticeDrift(ports, namespace, signal)) return true
    if (await dropDeadIndex(ports, namespace, signal)) return true
    if (namespace.autoCreateIndexes) await linkIndexes(ports, namespace, signal)
    return false
  }
  await pursueDecision(ports, namespace.id, next.id, signal)
  return true
}

/** For all indexes of a window together, when each of them has been decided about. */
async function linkIndexes(
  ports: Ports,
  namespace: Namespace,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await buildFilterLinks(ports, namespace, null, signal)
  } catch (error) {
    if (signal?.aborted) throw error
    // Searches find the same without them, only slower; a later check tries again.
    ports.log.warn({ namespaceId: namespace.id, err: error }, 'filter links were not built')
  }
}

/** What is half-done comes first, then in the order in which they were opened: the dearest first. */
async function nextDecision(ports: Ports, namespace: Namespace): Promise<IndexDecision | null> {
  const states = unsettledStates
  const open = await readDecisions(ports.db, namespace.id, { states, limit: openMax })
  const ready = await withoutWaiting(ports, namespace, open)
  const [next] = ready.toReversed().toSorted((a, b) => rank[a.state] - rank[b.state])
  return next ?? null
}

const rank: Readonly<Record<DecisionState, number>> = {
  retiring: 0,
  verifying: 1,
  building: 2,
  censused: 3,
  candidate: 4,
  observed: 5,
  active: 6,
  dropped: 6,
  declined: 6,
  reverted: 6,
  failed: 6,
  undone: 6,
  taken_over: 6,
}
