import type { EngineFilter } from '../../../ports/vector-engine.ts'
import { countDocuments, planOf, type ReadPorts } from '../../documents/read.ts'
import type { ReadPlan, Scope } from '../../documents/read-plan.ts'
import { isFailure } from '../../failure.ts'
import { fieldPaths, storedPath } from '../../filters/field-path.ts'
import type { Filter, Leaf } from '../../filters/filter.ts'
import type { Namespace } from '../../namespaces/namespace.ts'
import type { ExplainedCondition } from './explanation.ts'
import { servedConditions } from './serving-index.ts'

/** What reading for an explanation takes. */
export interface ExplainCall {
  /** Without a trace: what is read to explain is not explained. */
  ports: ReadPorts
  namespace: Namespace
  signal: AbortSignal
}

/** Conditions of one filter that are explained; each is counted by itself. */
const conditionsMax = 32

/** Each condition of a filter by itself: who answers it, by which index, and how many documents meet it. */
export async function explainConditions(
  call: ExplainCall,
  scope: Scope,
  filter: Filter | null,
): Promise<ExplainedCondition[]> {
  const leaves = filter === null ? [] : leavesOf(filter, false).slice(0, conditionsMax)
  const explained: ExplainedCondition[] = []
  // One after the other: an explanation is not worth holding up other readers.
  for (const { leaf, isNegated } of leaves)
    explained.push(await explainLeaf(call, scope, leaf, isNegated))
  return explained
}

function leavesOf(filter: Filter, isNegated: boolean): { leaf: Leaf; isNegated: boolean }[] {
  if (filter.kind === 'leaf') return [{ leaf: filter, isNegated }]
  const isBelowNot = filter.kind === 'not' ? !isNegated : isNegated
  return filter.filters.flatMap((each) => leavesOf(each, isBelowNot))
}

async function explainLeaf(
  call: ExplainCall,
  scope: Scope,
  leaf: Leaf,
  isBelowNot: boolean,
): Promise<ExplainedCondition> {
  const { ports, namespace, signal } = call
  // Without a scope, so that every condition of the engine's is this one's.
  const plan = await planOf(ports, namespace, { collectionIds: null }, leaf, signal)
  const served = servedConditions(namespace, plan.engine ?? {})
  const index = served.flatMap((each) => ('index' in each ? [each.index] : []))[0]
  const isNegation = leaf.operator === 'ne' || leaf.operator === 'nin' || leaf.value === false
  return {
    field: leaf.field,
    operator: leaf.operator,
    value: shortened(leaf.value),
    is_negated: isBelowNot !== (isNegation && isNegatable(leaf)),
    answered_by: answeredBy(plan),
    index: index
      ? {
          field_name: index.fieldName,
          type: index.schema.type,
          origin: index.origin,
          state: index.state,
        }
      : null,
    why: whyNot(
      namespace,
      leaf,
      plan,
      served.flatMap((each) => ('why' in each ? [each.why] : [])),
    ),
    matches: await matchesOf(call, scope, leaf),
  }
}

function isNegatable({ operator }: Leaf): boolean {
  return ['ne', 'nin', 'exists', 'is_null'].includes(operator)
}

function answeredBy({ engine, residual }: ReadPlan): ExplainedCondition['answered_by'] {
  if (!residual) return 'engine'
  return engine ? 'engine_and_test' : 'test'
}

function whyNot(
  namespace: Namespace,
  leaf: Leaf,
  { residual, engine, exceptions }: ReadPlan,
  unserved: readonly string[],
): string | null {
  if (residual) return whyTested(namespace, leaf)
  if (exceptions === 1) return 'one document has a value that the index cannot hold: it is tested'
  if (exceptions > 0)
    return `${exceptions} documents have values that the index cannot hold: they are tested`
  if (isNothing(engine)) return 'the engine knows without looking that no document can meet it'
  return unserved.length > 0 ? [...new Set(unserved)].join('; ') : null
}

function whyTested(namespace: Namespace, { field, operator, caseSensitive }: Leaf): string {
  const texts = ['contains', 'starts_with', 'ends_with', 'regex', 'phrase']
  if (texts.includes(operator))
    return `the engine has no ${operator}: candidates are tested one by one`
  if (operator === 'text') return 'no index here finds every word: candidates are tested one by one'
  if (caseSensitive === false)
    return 'the engine compares with case: candidates are tested one by one'
  const path = storedPath(fieldPaths(field).at(-1) ?? field)
  const index = namespace.payloadIndexes.find((each) => each.path === path)
  return index && index.state !== 'virtual'
    ? `documents have values at '${path}' that its ${index.schema.type} index cannot hold, or nobody has looked yet`
    : `the engine cannot answer it on '${path}'`
}

function isNothing(filter: EngineFilter | undefined): boolean {
  const [only] = filter?.must ?? []
  return only !== undefined && 'has_id' in only && only.has_id.length === 0
}

async function matchesOf(
  { ports, namespace, signal }: ExplainCall,
  scope: Scope,
  leaf: Leaf,
): Promise<number | null> {
  try {
    return await countDocuments(ports, namespace, scope, leaf, signal)
  } catch (error) {
    // More than may be read to count it: everything else of the explanation stands.
    if (isFailure(error, 'bad_request')) return null
    throw error
  }
}

const itemsMax = 10

function shortened(value: unknown): unknown {
  if (typeof value === 'string' && value.length > 256) return `${value.slice(0, 256)}…`
  if (!Array.isArray(value) || value.length <= itemsMax) return value
  return [...value.slice(0, itemsMax), `… ${value.length - itemsMax} more`]
}
