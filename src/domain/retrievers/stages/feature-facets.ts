import { z } from 'zod'
import { countValues } from '../../documents/value-counts.ts'
import type { Filter } from '../../filters/filter.ts'
import type { AskedRead } from '../../query-usage/asked-read.ts'
import type { StageCall, StageResult } from '../stage.ts'

/** A field, or a field with how many of its values; counts are exact whatever `exact` says (contract 18). */
export const Facet = z.union([
  z.string().min(1),
  z.strictObject({
    key: z.string().min(1),
    limit: z.int().min(1).max(1_000).default(10),
    exact: z.boolean().optional(),
  }),
])
export type Facet = z.infer<typeof Facet>

/**
 * How many documents have each value of a field: of all that meet the stage's filter, not only of those found, and
 * with no index needed.
 */
export async function countFacets(
  { ports, namespace, retrieverId, signal }: StageCall,
  facets: readonly Facet[] = [],
  { filter, collectionIds }: { filter: Filter | null; collectionIds: readonly string[] | null },
): Promise<Pick<StageResult, 'facets'>> {
  if (facets.length === 0) return {}
  const asked: AskedRead = { kind: 'facet', retrieverId }
  const counted: [string, { value: unknown; count: number }[]][] = []
  for (const facet of facets) {
    const { key: field, limit } = typeof facet === 'string' ? { key: facet, limit: 10 } : facet
    const request = { field, filter, limit, asked }
    counted.push([field, await countValues(ports, namespace, { collectionIds }, request, signal)])
  }
  return { facets: Object.fromEntries(counted) }
}
