import type { EngineCondition, EngineFilter } from '../../../ports/vector-engine.ts'
import { countDocuments, countPoints } from '../../documents/read.ts'
import type { Scope } from '../../documents/read-plan.ts'
import type { TracedFilter } from '../../documents/read-trace.ts'
import { explainConditions, type ExplainCall } from './explain-conditions.ts'
import type { ExplainedFilter } from './explanation.ts'

/**
 * A filter as it was carried out. `exact` is the whole of it in the engine's words: that of the plan, or the ids that a
 * test left over; absent where the pass itself found what meets it.
 */
export async function explainFilter(
  call: ExplainCall,
  scope: Scope,
  { filter, plan }: TracedFilter,
  found: { tested: number } & ({ exact: EngineFilter | undefined } | { candidates: number }),
): Promise<ExplainedFilter> {
  const { ports, namespace, signal } = call
  const inScope = await countDocuments(ports, namespace, scope, null, signal)
  const candidates =
    'candidates' in found
      ? found.candidates
      : await countPoints(ports, namespace, found.exact, signal)
  return {
    engine_filter: plan.engine ? { ...shortFilter(plan.engine) } : null,
    conditions: await explainConditions(call, scope, filter),
    in_scope: inScope,
    candidates,
    documents_tested: found.tested,
    exceptions_tested: plan.exceptions,
  }
}

const idsMax = 10

function shortFilter(filter: EngineFilter): EngineFilter {
  return Object.fromEntries(
    Object.entries(filter).map(([word, conditions]: [string, EngineCondition[]]) => [
      word,
      conditions.map(shortCondition),
    ]),
  )
}

function shortCondition(condition: EngineCondition): EngineCondition {
  if ('must' in condition || 'should' in condition || 'must_not' in condition)
    return shortFilter(condition)
  if ('has_id' in condition) return { has_id: cut(condition.has_id) }
  if ('key' in condition && condition.match && 'any' in condition.match)
    return { ...condition, match: { any: cut(condition.match.any) } }
  return condition
}

function cut<T>(list: readonly T[]): (T | string)[] {
  return list.length <= idsMax
    ? [...list]
    : [...list.slice(0, idsMax), `… ${list.length - idsMax} more`]
}
