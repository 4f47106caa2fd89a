import type { Ports } from '../../ports/ports.ts'
import type { PayloadFieldSchema } from '../../ports/vector-engine.ts'
import { changeDecision, readDecisions, takeDecision } from '../../store/index-decisions.ts'
import { readFacts } from '../../store/payload-facts.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { takeCensus, type Census } from '../payload-facts/census.ts'
import { blockedUntil } from './block.ts'
import { kindsTold } from './choose-schema.ts'
import type { IndexDecision } from './decision.ts'
import { choiceOf } from './examine-field.ts'
import { moveDecision } from './move-decision.ts'
import { openDecision } from './open-decision.ts'
import { retireIndex } from './retire-index.ts'
import { indexAt, type BuildPorts } from './take-away-index.ts'

type DriftPorts = BuildPorts & Pick<Ports, 'newId'>

/** Active decisions that are looked at in one check; a namespace has far fewer indexes. */
const activeMax = 1_000

/**
 * What the drift guard left to do: an index of integers to which fractions came makes room for one of floats, one whose
 * exceptions became too many is dropped, and what the guard has dropped is told in the ledger. One step a check; true
 * where there was one.
 */
export async function noticeDrift(
  ports: DriftPorts,
  namespace: Namespace,
  signal?: AbortSignal,
): Promise<boolean> {
  const states = ['active'] as const
  const active = await readDecisions(ports.db, namespace.id, { states, limit: activeMax })
  const drifted = await driftedPaths(ports, namespace, active)
  for (const decision of active) {
    const index = indexAt(namespace, decision.path)
    if (!index || index.state === 'virtual') {
      await tellDropped(ports, decision)
      return true
    }
    if (drifted.has(decision.path) && (await settleDrift(ports, namespace, decision, signal)))
      return true
  }
  return false
}

/** Of the live generation: indexes about whose values more came out than the decision knows of. */
async function driftedPaths(
  { db, config }: BuildPorts,
  namespace: Namespace,
  active: readonly IndexDecision[],
): Promise<Set<string>> {
  const { paths } = await readFacts(db, namespace.id)
  const known = new Map(active.map(({ path, census }) => [path, census?.exceptions.length ?? 0]))
  const drifted = paths.filter(({ generation, path, type, kinds, exceptions, isOverflown }) => {
    if (generation !== namespace.generation) return false
    if (type !== indexAt(namespace, path)?.schema.type) return false
    const grown = exceptions.size - (known.get(path) ?? 0)
    // A few more are what exceptions are for: no look at all documents for each of them.
    return (
      isOverflown || (type === 'integer' && kinds.fraction) || grown > config.indexExceptionsMax / 4
    )
  })
  return new Set(drifted.map(({ path }) => path))
}

/** The guard was faster than this check: it dropped the index before it let the write in. */
async function tellDropped(ports: DriftPorts, active: IndexDecision): Promise<void> {
  const decision = await takeDecision(ports.db, active.id, ['active'])
  if (!decision) return
  await moveDecision(ports, decision, 'dropped', {
    reason: `Its index was dropped when more values came than it could hold. ${decision.reason}`,
    blockedUntil: blockedUntil('values', decision, ports.now(), ports.config),
  })
}

/** False where the index stays, with the exceptions that a new census has counted. */
async function settleDrift(
  ports: DriftPorts,
  namespace: Namespace,
  active: IndexDecision,
  signal?: AbortSignal,
): Promise<boolean> {
  const { schema, path } = active
  if (!schema) return false
  const census = await takeCensus(ports, namespace, path, { schema, ...(signal && { signal }) })
  const choice = choiceOf(ports, namespace, active, census)
  // Nothing is made where it was switched off: then the few that an index cannot hold stay its exceptions.
  const isWidened =
    namespace.autoCreateIndexes && isWider(choice.schema, schema) && hasFractions(census)
  if (!isWidened && choice.schema !== null && !census.isOverflown) {
    await changeDecision(ports.db, active, { census }, ports.now())
    return false
  }
  const decision = await takeDecision(ports.db, active.id, ['active'])
  if (decision) await makeRoom(ports, decision, census, isWidened, signal)
  return true
}

/** Drops the index; its wider successor is decided about at once, whatever the field is read by now. */
async function makeRoom(
  ports: DriftPorts,
  decision: IndexDecision,
  census: Census,
  isWidened: boolean,
  signal: AbortSignal | undefined,
): Promise<void> {
  const told = `an index of type ${decision.schema?.type} cannot hold all that stands there by now (${kindsTold(census)})`
  const blocked = blockedUntil('values', decision, ports.now(), ports.config)
  await retireIndex(
    ports,
    decision,
    {
      ending: 'dropped',
      reason: `${isWidened ? 'Makes room for an index of type float' : 'Dropped'}: ${told}. ${decision.reason}`,
      blockedUntil: isWidened ? null : blocked,
    },
    signal,
  )
  if (isWidened) await openDecision(ports, { ...decision, attempts: decision.attempts + 1 })
}

function isWider(to: PayloadFieldSchema | null, from: PayloadFieldSchema): boolean {
  return from.type === 'integer' && to?.type === 'float'
}

function hasFractions({ kinds }: Census): boolean {
  return (kinds.fraction?.documents ?? 0) > 0
}
