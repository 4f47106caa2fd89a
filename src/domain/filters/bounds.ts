import type { EngineCondition, EngineFilter, FieldCondition } from '../../ports/vector-engine.ts'

/** A formula for the engine; `true` holds for every point, `false` for none. */
export type Formula = EngineCondition | boolean

/**
 * What the engine can say of a condition: every document that meets it is in `upper`, every one in `lower` meets
 * it. Where the two are the same formula, the engine's answer is the answer.
 */
export interface Bounds {
  upper: Formula
  lower: Formula
  /** What an exact formula was made of by `besides`, for who joins ranges. */
  aside?: Aside
}

export type RangeCondition = { key: string; range: NonNullable<FieldCondition['range']> }

/** A range that an index answers, but for some documents, of which these are in it. */
export interface Aside {
  range: RangeCondition
  exceptions: readonly string[]
  matching: readonly string[]
}

export function exactly(formula: Formula): Bounds {
  return { upper: formula, lower: formula }
}

/**
 * The index answers for all documents but the exceptions, of which `matching` meet the condition: exact, above and below
 * a NOT (design 7).
 */
export function besides(
  formula: Formula,
  exceptions: readonly string[],
  matching: readonly string[],
): Bounds {
  const held = all([formula, { must_not: [{ has_id: [...exceptions] }] }])
  return exactly(any([held, matching.length > 0 && { has_id: [...matching] }]))
}

/** The engine finds these and others: each answer is looked at again. */
export function atMost(formula: Formula): Bounds {
  return { upper: formula, lower: false }
}

export function isExact({ upper, lower }: Bounds): boolean {
  return upper === lower
}

export function bothOf(bounds: readonly Bounds[]): Bounds {
  const [only] = bounds
  if (bounds.length === 1 && only) return only
  const upper = all(bounds.map((each) => each.upper))
  return { upper, lower: bounds.every(isExact) ? upper : all(bounds.map((each) => each.lower)) }
}

export function eitherOf(bounds: readonly Bounds[]): Bounds {
  const [only] = bounds
  if (bounds.length === 1 && only) return only
  const upper = any(bounds.map((each) => each.upper))
  return { upper, lower: bounds.every(isExact) ? upper : any(bounds.map((each) => each.lower)) }
}

/** Turned round: what is surely in becomes surely out. */
export function noneOf(bounds: readonly Bounds[]): Bounds {
  const upper = none(bounds.map((each) => each.lower))
  return { upper, lower: bounds.every(isExact) ? upper : none(bounds.map((each) => each.upper)) }
}

/** The formula as a filter; undefined where it holds for every point. */
export function asEngineFilter(formula: Formula): EngineFilter | undefined {
  if (formula === true) return undefined
  if (formula === false) return { must: [{ has_id: [] }] }
  return isGroup(formula) ? formula : { must: [formula] }
}

export function all(formulas: readonly Formula[]): Formula {
  if (formulas.includes(false)) return false
  const must = conditions(formulas).flatMap(
    (each) => (isGroup(each) && only(each, 'must')) || [each],
  )
  return must.length === 0 ? true : single(must, { must })
}

export function any(formulas: readonly Formula[]): Formula {
  if (formulas.includes(true)) return true
  const should = conditions(formulas).flatMap(
    (each) => (isGroup(each) && only(each, 'should')) || [each],
  )
  return should.length === 0 ? false : single(should, { should })
}

export function none(formulas: readonly Formula[]): Formula {
  if (formulas.includes(true)) return false
  const mustNot = conditions(formulas).flatMap(
    (each) => (isGroup(each) && only(each, 'should')) || [each],
  )
  return mustNot.length === 0 ? true : { must_not: mustNot }
}

function conditions(formulas: readonly Formula[]): EngineCondition[] {
  return formulas.filter((formula) => typeof formula !== 'boolean')
}

function single(list: readonly EngineCondition[], group: EngineFilter): EngineCondition {
  const [first] = list
  return list.length === 1 && first ? first : group
}

function isGroup(condition: EngineCondition): condition is EngineFilter {
  return 'must' in condition || 'should' in condition || 'must_not' in condition
}

/** The list of a group that has no other: its members may join the group around it. */
function only(group: EngineFilter, key: 'must' | 'should'): EngineCondition[] | null {
  return Object.keys(group).length === 1 ? (group[key] ?? null) : null
}
