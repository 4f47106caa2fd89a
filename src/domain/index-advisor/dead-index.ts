import type { Ports } from '../../ports/ports.ts'
import { readDecisions, takeDecision } from '../../store/index-decisions.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { probeIndex, type ProbedIndex } from './probe-index.ts'
import { retireIndex } from './retire-index.ts'
import { indexAt, isOurs, type BuildPorts } from './take-away-index.ts'

/** Active decisions that are looked at in one check; a namespace has far fewer indexes. */
const activeMax = 1_000

/**
 * Drops an index that made itself and does not answer for what is stored, or is gone from the engine: its field is
 * decided about anew, at once (I-7, AI-13). One a check; true where there was one.
 */
export async function dropDeadIndex(
  ports: BuildPorts & Pick<Ports, 'config'>,
  namespace: Namespace,
  signal?: AbortSignal,
): Promise<boolean> {
  const states = ['active'] as const
  for (const active of await readDecisions(ports.db, namespace.id, { states, limit: activeMax })) {
    const index = indexAt(namespace, active.path)
    if (!index || index.state !== 'active' || !isOurs(index)) continue
    const told = tellDead(await probeIndex(ports, namespace, index, signal))
    const decision = told === null ? null : await takeDecision(ports.db, active.id, states)
    if (!decision) continue
    const reason = `Dropped: ${told}. ${decision.reason}`
    ports.log.warn({ namespaceId: namespace.id, field: decision.fieldName }, reason)
    const withdrawal = { ending: 'dropped', reason, blockedUntil: null } as const
    await retireIndex(ports, decision, withdrawal, signal)
    return true
  }
  return false
}

/** Null of an index that is alive. */
export function tellDead({ documents, missing, isAbsent }: ProbedIndex): string | null {
  if (isAbsent) return 'the engine has no such index'
  if (missing.length === 0) return null
  return `of ${documents} documents, ${missing.length} were not found by their own value`
}
