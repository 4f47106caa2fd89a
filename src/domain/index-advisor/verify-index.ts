import { blockedUntil, type BlockCause } from './block.ts'
import { compareGain, thresholdsOf } from './compare-gain.ts'
import { tellDead } from './dead-index.ts'
import type { IndexDecision, Parity } from './decision.ts'
import { measureAfter } from './measure-after.ts'
import { moveDecision } from './move-decision.ts'
import { sameAnswers } from './parity.ts'
import { probeIndex } from './probe-index.ts'
import type { RecordedReads } from './recorded-reads.ts'
import { replayIds, type ReplayedIds } from './replay.ts'
import { retireIndex } from './retire-index.ts'
import { indexAt, readyNamespace, type BuildPorts } from './take-away-index.ts'
import { tellRule } from './tell-rule.ts'

/** What was asked before the index was there, and what it answered. */
export interface Before {
  reads: RecordedReads
  replayed: ReplayedIds
}

/**
 * Asks the recorded reads again, now that the index answers: it is kept where no answer differs and the measured gain
 * is enough, and taken back in every other case, with the figures (I-1, I-3, I-14).
 */
export async function verifyIndex(
  ports: BuildPorts,
  decision: IndexDecision,
  { reads, replayed }: Before,
  signal?: AbortSignal,
): Promise<IndexDecision> {
  const namespace = await readyNamespace(ports, decision.namespaceId)
  const options = { exact: true, against: replayed, ...(signal && { signal }) } as const
  const again = await replayIds(ports, namespace, reads.samples, options)
  const { queries, differences } = sameAnswers(replayed, again)
  const parity: Parity = { queries, differences: differences.length, sampled: sampledTold(reads) }
  if (differences.length > 0) {
    const reason = `${tellRule(decision.inputs)} Of ${queries} recorded reads that were asked again, answers differ in ${differences.length} documents: the index was taken back.`
    return await revert(ports, decision, { reason, parity }, 'decided', signal)
  }
  const index = indexAt(namespace, decision.path)
  const dead = index && tellDead(await probeIndex(ports, namespace, index, signal))
  if (dead) {
    const reason = `${tellRule(decision.inputs)} The index does not answer for what is stored: ${dead}; it was taken back.`
    return await revert(ports, decision, { reason, parity }, 'decided', signal)
  }
  if (reads.own === 0) return await keepUnproven(ports, decision, parity)

  const { path, before } = decision
  if (!before) throw new Error(`Decision ${decision.id} was not measured before its build.`)
  const measured = await measureAfter(ports, namespace, { path, before }, reads, signal)
  const thresholds = thresholdsOf(ports.config)
  const gain = compareGain(before, measured, path, thresholds)
  const after = { ...measured, gain }
  const same = `${queries} recorded reads were asked again, without a difference.`
  const reason = `${tellRule(decision.inputs)} ${gain.sentence} ${same}`
  if (gain.verdict !== 'keep') {
    const isUnsure = gain.verdict === 'no_gain' && gain.gain >= thresholds.gainMin
    const cause = isUnsure ? 'unsure' : 'decided'
    return await revert(ports, decision, { reason, parity, after }, cause, signal)
  }
  return await moveDecision(ports, decision, 'kept', {
    after,
    parity,
    reason,
    activeAt: ports.now(),
  })
}

/** Only where the setting says so; the reason says which proof is missing. */
async function keepUnproven(
  ports: BuildPorts,
  decision: IndexDecision,
  parity: Parity,
): Promise<IndexDecision> {
  return await moveDecision(ports, decision, 'kept', {
    parity,
    reason: `${tellRule(decision.inputs)} Kept on the strength of the census alone (NACRE_INDEX_UNPROVEN=keep): ${parity.sampled}; neither were answers compared nor was a gain measured.`,
    activeAt: ports.now(),
  })
}

async function revert(
  ports: BuildPorts,
  decision: IndexDecision,
  found: Pick<IndexDecision, 'reason' | 'parity'> & Partial<Pick<IndexDecision, 'after'>>,
  cause: BlockCause,
  signal?: AbortSignal,
): Promise<IndexDecision> {
  const until = blockedUntil(cause, decision, ports.now(), ports.config)
  return await retireIndex(
    ports,
    decision,
    { ...found, ending: 'reverted', blockedUntil: until },
    signal,
  )
}

export function sampledTold({ samples, own }: RecordedReads): string {
  return own === 0
    ? 'no reads of this field are recorded'
    : `${own} recorded reads of this field, ${samples.length - own} of others`
}
