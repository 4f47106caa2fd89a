import type { Config } from '../../config.ts'
import type { Namespace } from '../namespaces/namespace.ts'

/** A field's reads of the last 24 hours. */
export interface FieldCost {
  filters: number
  totalMs: number
}
type Thresholds = Pick<Config, 'indexFiltersMin' | 'indexCostMs'>

/**
 * The fields that may get an index by themselves, or have got one: only of their reads values are kept (design 4).
 * Half of what makes a decision is enough, so that there is something to prove it with when it is made.
 */
export function candidatePaths(
  namespace: Pick<Namespace, 'payloadIndexes'>,
  counts: ReadonlyMap<string, FieldCost>,
  { indexFiltersMin, indexCostMs }: Thresholds,
): Set<string> {
  const built = namespace.payloadIndexes.filter(({ state }) => state !== 'virtual')
  const originOf = new Map(built.map(({ path, origin }) => [path, origin]))
  const paths = [...counts].filter(([path, { filters, totalMs }]) => {
    const origin = originOf.get(path)
    if (origin !== undefined) return origin === 'auto'
    return filters > indexFiltersMin / 2 || totalMs >= indexCostMs / 2
  })
  return new Set(paths.map(([path]) => path))
}

/** Of the candidates those that have come over a threshold with what was just added, so that each does so once. */
export function crossedPaths(
  candidates: ReadonlySet<string>,
  counts: ReadonlyMap<string, FieldCost>,
  added: readonly ({ path: string } & FieldCost)[],
  { indexFiltersMin, indexCostMs }: Thresholds,
): string[] {
  const before = new Map<string, FieldCost>()
  for (const { path, filters, totalMs } of added) {
    const { filters: f, totalMs: ms } = before.get(path) ?? counts.get(path) ?? zero
    before.set(path, { filters: f - filters, totalMs: ms - totalMs })
  }
  const isOver = ({ filters, totalMs }: FieldCost) =>
    filters > indexFiltersMin || totalMs >= indexCostMs
  return [...candidates].filter(
    (path) => isOver(counts.get(path) ?? zero) && !isOver(before.get(path) ?? zero),
  )
}

const zero: FieldCost = { filters: 0, totalMs: 0 }
