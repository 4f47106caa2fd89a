import { readDecision, takeDecision } from '../../store/index-decisions.ts'
import { isFailure } from '../failure.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { blockedUntil } from './block.ts'
import { buildIndex } from './build-index.ts'
import { countOf, servedOperators } from './choose-schema.ts'
import { unsettledStates, type IndexDecision } from './decision.ts'
import { examineField } from './examine-field.ts'
import { measureSamples } from './measure-gain.ts'
import { moveDecision } from './move-decision.ts'
import { proveIndex } from './prove-index.ts'
import { recordedReads } from './recorded-reads.ts'
import { replayIds } from './replay.ts'
import { finishRetiring, retireIndex } from './retire-index.ts'
import { leaseWaitMs, readyNamespace, takeAwayIndex, type BuildPorts } from './take-away-index.ts'
import { tellRule } from './tell-rule.ts'
import { unwatch } from './unwatch.ts'
import { sampledTold, verifyIndex } from './verify-index.ts'

/**
 * Brings one decision to its end, or to `active`, from wherever it stands; only one process does so at a time
 * (`asOnlyBuilder`), so what it finds half-done was left by a dead one. Null where another or a user has it.
 */
export async function pursueDecision(
  ports: BuildPorts,
  namespaceId: string,
  id: string,
  signal?: AbortSignal,
): Promise<IndexDecision | null> {
  const taken = await takeDecision(ports.db, id, unsettledStates)
  if (!taken) return null
  try {
    return await pursue(ports, taken, signal)
  } catch (error) {
    if (!isFailure(error, 'conflict')) throw error
    const now = await readDecision(ports.db, namespaceId, id)
    // Only a lease or another's fence is a conflict; the fence says which.
    if (now?.fence === taken.fence) throw error
    if (now?.state === 'taken_over') await unwatch(ports, namespaceId, taken.path, signal)
    return null
  }
}

async function pursue(
  ports: BuildPorts,
  taken: IndexDecision,
  signal: AbortSignal | undefined,
): Promise<IndexDecision> {
  const namespace = await readyNamespace(ports, taken.namespaceId)
  if (taken.state === 'retiring') return await retireAgain(ports, taken, signal)
  if (!namespace.autoCreateIndexes) return await setAside(ports, taken, signal)
  const begun = await beginning(ports, taken, signal)
  return begun.state === 'candidate' ? await make(ports, namespace, begun, signal) : begun
}

/** A candidate to work on; or a decision that has ended already. */
async function beginning(
  ports: BuildPorts,
  taken: IndexDecision,
  signal: AbortSignal | undefined,
): Promise<IndexDecision> {
  if (taken.state === 'observed') return await choose(ports, taken)
  const candidate = taken.state === 'candidate' ? taken : await beginAgain(ports, taken, signal)
  if (candidate.restarts <= ports.config.indexRestartsMax) return candidate
  return await moveDecision(ports, candidate, 'failed', {
    reason: `${tellRule(candidate.inputs)} Making its index was begun ${candidate.restarts} times and never came to an end.`,
    blockedUntil: blockedUntil('failed', candidate, ports.now(), ports.config),
  })
}

/** From the first look at the values to an index that is kept or taken back. */
async function make(
  ports: BuildPorts,
  namespace: Namespace,
  candidate: IndexDecision,
  signal: AbortSignal | undefined,
): Promise<IndexDecision> {
  const examined = await examineField(ports, namespace, candidate, signal)
  if (examined.state !== 'censused') return examined
  const reads = await recordedReads(ports, namespace.id, examined.path)
  if (reads.own === 0 && ports.config.indexUnproven === 'decline') {
    await unwatch(ports, namespace.id, examined.path, signal)
    return await moveDecision(ports, examined, 'turned_down', {
      reason: `${tellRule(examined.inputs)} There is no read to prove an index with: ${sampledTold(reads)} (NACRE_QUERY_SAMPLES, NACRE_INDEX_UNPROVEN).`,
      blockedUntil: blockedUntil('soon', examined, ports.now(), ports.config),
    })
  }
  const proven = await proveIndex(ports, examined, signal)
  if ('ended' in proven) return proven.ended
  const replayed = await replayIds(ports, namespace, reads.samples, {
    exact: true,
    ...(signal && { signal }),
  })
  const before =
    reads.own === 0
      ? null
      : await measureSamples(ports, namespace, reads.samples, reads.shapes, signal)
  const built = await buildIndex(ports, examined, { census: proven.census, before }, signal)
  if (built.state !== 'verifying') return built
  return await verifyIndex(ports, built, { reads, replayed }, signal)
}

/** Without a look at the values: is there anything that an index could answer? */
async function choose(ports: BuildPorts, observed: IndexDecision): Promise<IndexDecision> {
  const { inputs } = observed
  const { operators = {}, uses } = inputs.usage
  const otherUses = uses ? uses.facet + uses.group + uses.sort : 0
  if (countOf(operators, servedOperators) + otherUses > 0) {
    return await moveDecision(ports, observed, 'chosen')
  }
  const told = Object.keys(operators).toSorted().join(', ') || 'no condition'
  return await moveDecision(ports, observed, 'turned_down', {
    reason: `${tellRule(inputs)} It is read by ${told} only, which no index that keeps the answers would serve; text and uuid indexes never make themselves.`,
    blockedUntil: blockedUntil('values', observed, ports.now(), ports.config),
  })
}

/** What a dead process left of it is taken away: only what one process saw before and after is a proof. */
async function beginAgain(
  ports: BuildPorts,
  left: IndexDecision,
  signal: AbortSignal | undefined,
): Promise<IndexDecision> {
  return await ports.leases.exclusive(
    left.namespaceId,
    `taking away what a stopped process left of the payload index of '${left.fieldName}'`,
    async (lease) => {
      await takeAwayIndex(ports, left.namespaceId, left.path, lease)
      return await moveDecision(ports, left, 'begun_again', {
        restarts: left.restarts + 1,
        before: null,
      })
    },
    { waitMs: leaseWaitMs, ...(signal && { signal }) },
  )
}

async function retireAgain(
  ports: BuildPorts,
  retiring: IndexDecision,
  signal: AbortSignal | undefined,
): Promise<IndexDecision> {
  return await ports.leases.exclusive(
    retiring.namespaceId,
    `taking back the payload index of '${retiring.fieldName}' that made itself`,
    (lease) => finishRetiring(ports, retiring, lease),
    { waitMs: leaseWaitMs, ...(signal && { signal }) },
  )
}

/** Nothing is made any more where `auto_create_indexes` was switched off; what is active stays. */
async function setAside(
  ports: BuildPorts,
  open: IndexDecision,
  signal: AbortSignal | undefined,
): Promise<IndexDecision> {
  const reason = `${tellRule(open.inputs)} auto_create_indexes was switched off before there was an index.`
  if (open.state === 'building' || open.state === 'verifying') {
    const withdrawal = { ending: 'reverted', reason, blockedUntil: null } as const
    return await retireIndex(ports, open, withdrawal, signal)
  }
  if (open.state !== 'observed') await unwatch(ports, open.namespaceId, open.path, signal)
  return await moveDecision(ports, open, 'turned_down', { reason })
}
