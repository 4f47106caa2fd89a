import { sameSchema } from './index-schema.ts'
import type { DeclaredIndex, PayloadIndex } from './payload-index.ts'

export interface IndexPlan {
  create: DeclaredIndex[]
  /** Another type or option, another name for the same path, or an automatic index that its user takes over. */
  change: { from: PayloadIndex; to: DeclaredIndex }[]
  drop: PayloadIndex[]
  keep: PayloadIndex[]
}

/**
 * What turns the namespace's indexes into the declared custom set (contract 7.4): the list replaces the `user`
 * ones, an `auto` one survives unless it is named, system and plugin ones are not looked at.
 */
export function diffPayloadIndexes(
  current: readonly PayloadIndex[],
  declared: readonly DeclaredIndex[],
): IndexPlan {
  const plan: IndexPlan = { create: [], change: [], drop: [], keep: [] }
  const wanted = new Map(declared.map((index) => [index.path, index]))

  for (const index of current) {
    const to = wanted.get(index.path)
    wanted.delete(index.path)
    if (index.origin === 'user' && !to) plan.drop.push(index)
    else if (to && (index.origin === 'user' || index.origin === 'auto')) {
      if (isAsDeclared(index, to)) plan.keep.push(index)
      else plan.change.push({ from: index, to })
    }
  }
  plan.create.push(...wanted.values())
  return plan
}

export function changesNothing({ create, change, drop }: IndexPlan): boolean {
  return create.length + change.length + drop.length === 0
}

/** A failed index is built anew by declaring it again. */
function isAsDeclared(index: PayloadIndex, to: DeclaredIndex): boolean {
  return (
    index.origin === 'user' &&
    index.state !== 'failed' &&
    index.fieldName === to.fieldName &&
    sameSchema(index.schema, to.schema)
  )
}
