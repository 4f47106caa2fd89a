import type { PayloadFieldSchema } from '../../ports/vector-engine.ts'
import { atMost, besides, exactly, type Bounds, type Formula } from './bounds.ts'
import type { FilterContext } from './compile-filter.ts'
import type { LeafTest } from './leaf-test.ts'

/**
 * A condition that the engine answers rightly of the documents whose every value the index holds: `formula`, or false,
 * where values of the kind that is asked for are not among those. The other documents are tested beside it; where they
 * are too many, or nobody knows them, all are.
 */
export function heldBy(
  key: string,
  type: PayloadFieldSchema['type'],
  formula: Formula,
  holds: LeafTest,
  context: FilterContext,
): Bounds {
  if (context.knows({ kind: 'covered', path: key, type }) === true) return exactly(formula)
  const exceptions = context.exceptions(key, type)
  if (exceptions === null || exceptions === 'unread') return atMost(true)
  const { ids, values } = exceptions
  const matching = ids.filter((id) => holds(values.get(id) ?? []))
  const bounds = besides(formula, ids, matching)
  if (typeof formula === 'boolean' || !('key' in formula) || !formula.range) return bounds
  const range = { key: formula.key, range: formula.range }
  return { ...bounds, aside: { range, exceptions: ids, matching } }
}
