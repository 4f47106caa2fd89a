import type { PayloadFieldSchema } from '../../ports/vector-engine.ts'
import { readNewestDecisions } from '../../store/index-decisions.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { takeCensus, type Census } from '../payload-facts/census.ts'
import { blockedUntil, type BlockCause } from './block.ts'
import { estimateBytes, overBudget } from './budget.ts'
import { chooseSchema, type ExceptionLimits, type SchemaChoice } from './choose-schema.ts'
import type { IndexDecision } from './decision.ts'
import { moveDecision } from './move-decision.ts'
import { indexAt, type BuildPorts } from './take-away-index.ts'
import { unwatch } from './unwatch.ts'
import { tellRule } from './tell-rule.ts'

/**
 * The first look at a candidate's values, before any guard: whether there is a schema that keeps every answer, and room
 * for it. `censused` where there is, else `declined` with the evidence. The proof comes later, under the guard.
 */
export async function examineField(
  ports: BuildPorts,
  namespace: Namespace,
  candidate: IndexDecision,
  signal?: AbortSignal,
): Promise<IndexDecision> {
  const { path, inputs } = candidate
  const options = { schema: null, ...(signal && { signal }) }
  const census = await takeCensus(ports, namespace, path, options)
  const choice = choiceOf(ports, namespace, candidate, census)
  if (choice.schema === null) return await decline(ports, candidate, choice, census, signal)
  const over = await budgetFault(ports, namespace, path, census, choice.schema)
  if (over !== null) {
    const turned = { cause: 'over_budget' as const, reason: over }
    return await decline(ports, candidate, turned, census, signal)
  }
  return await moveDecision(ports, candidate, 'censused', {
    schema: choice.schema,
    census,
    reason: `${tellRule(inputs)} ${choice.reason}`,
  })
}

/** What the census allows: of a listed system index only the schema that is listed. */
export function choiceOf(
  { config }: Pick<BuildPorts, 'config'>,
  namespace: Namespace,
  { path, inputs }: IndexDecision,
  census: Census,
): SchemaChoice {
  const limits: ExceptionLimits = {
    exceptionsMax: config.indexExceptionsMax,
    permilleMax: config.indexExceptionPermilleMax,
  }
  const index = indexAt(namespace, path)
  const listed = index?.origin === 'system' ? index.schema : undefined
  return chooseSchema(census, inputs.usage.operators ?? {}, limits, listed)
}

type TurnedDown = {
  cause: 'nothing_stored' | 'mixed_kinds' | 'not_indexable' | 'over_budget'
  reason: string
}

const blocks: Readonly<Record<TurnedDown['cause'], BlockCause>> = {
  nothing_stored: 'soon',
  over_budget: 'soon',
  mixed_kinds: 'values',
  not_indexable: 'values',
}

async function decline(
  ports: BuildPorts,
  candidate: IndexDecision,
  { cause, reason }: TurnedDown,
  census: Census,
  signal?: AbortSignal,
): Promise<IndexDecision> {
  await unwatch(ports, candidate.namespaceId, candidate.path, signal)
  return await moveDecision(ports, candidate, 'turned_down', {
    census,
    reason: `${tellRule(candidate.inputs)} ${reason}`,
    blockedUntil: blockedUntil(blocks[cause], candidate, ports.now(), ports.config),
  })
}

/** Why the index does not fit beside the others that made themselves; null where it does. */
async function budgetFault(
  { db, config }: BuildPorts,
  namespace: Namespace,
  path: string,
  census: Census,
  schema: PayloadFieldSchema,
): Promise<string | null> {
  const auto = namespace.payloadIndexes.filter(
    (index) => index.origin === 'auto' && index.path !== path,
  )
  const newest = await readNewestDecisions(
    db,
    namespace.id,
    auto.map((index) => index.path),
  )
  const others = auto.map((index) => {
    const known = newest.get(index.path)?.census
    return { bytes: known ? estimateBytes(known, index.schema) : 0 }
  })
  const budget = { indexesMax: config.autoIndexesMax, bytesMax: config.autoIndexBytesMax }
  return overBudget(others, estimateBytes(census, schema), budget)
}
