import { z } from 'zod'
import type { Ports } from '../../ports/ports.ts'
import { readFieldUsage, readShapeUsage, type ShapeUsage } from '../../store/query-usage.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { flushUsage } from '../query-usage/flush-usage.ts'
import { addHistograms } from '../query-usage/histogram.ts'
import { daysMs, since } from './analytics-range.ts'
import type { MetricsRange } from './field-metrics.ts'
import { latencyFigures } from './latency-figures.ts'

export const CompoundPattern = z
  .object({
    field_combination: z.array(z.string()),
    combination_count: z.int(),
    avg_latency_ms: z.number(),
    p95_latency_ms: z.number(),
  })
  .meta({ id: 'CompoundPattern' })
export type CompoundPattern = z.infer<typeof CompoundPattern>

/** Contract 21, `indexes/compound-patterns`. */
export const CompoundPatternsAnswer = z.object({
  namespace_id: z.string(),
  time_range_days: z.int(),
  patterns: z.array(CompoundPattern),
  total_patterns: z.int(),
})

/** Which fields are used together in one read, the most frequent combination first. */
export async function compoundPatterns(
  ports: Ports,
  namespace: Namespace,
  { days, limit }: MetricsRange,
): Promise<z.infer<typeof CompoundPatternsAnswer>> {
  const patterns = await patternsSince(ports, namespace, daysMs(days))
  return {
    namespace_id: namespace.id,
    time_range_days: days,
    patterns: patterns.slice(0, limit),
    total_patterns: patterns.length,
  }
}

/** Of reads that were recorded in the last `ms`. */
export async function patternsSince(
  ports: Ports,
  { id }: Pick<Namespace, 'id'>,
  ms: number,
): Promise<CompoundPattern[]> {
  await flushUsage(ports)
  const range = { since: since(ports.now(), ms) }
  const [shapes, fields] = await Promise.all([
    readShapeUsage(ports.db, id, range),
    readFieldUsage(ports.db, id, range),
  ])
  return combinations(shapes, new Map(fields.map(({ path, field }) => [path, field])))
}

/** One pattern a set of two or more paths, whatever is asked of them, under the names that clients use. */
export function combinations(
  shapes: readonly Pick<ShapeUsage, 'paths' | 'count' | 'totalMs' | 'histogram'>[],
  nameOf: ReadonlyMap<string, string>,
): CompoundPattern[] {
  const together = Map.groupBy(shapes, ({ paths }) =>
    JSON.stringify([...new Set(paths)].toSorted()),
  )
  return [...together]
    .map(([key, same]) => ({ paths: JSON.parse(key) as string[], same }))
    .filter(({ paths }) => paths.length > 1)
    .map(({ paths, same }) =>
      patternOf(
        paths.map((path) => nameOf.get(path) ?? path),
        same,
      ),
    )
    .toSorted((a, b) => b.combination_count - a.combination_count)
}

function patternOf(
  names: string[],
  same: readonly Pick<ShapeUsage, 'count' | 'totalMs' | 'histogram'>[],
): CompoundPattern {
  const count = same.reduce((sum, one) => sum + one.count, 0)
  const totalMs = same.reduce((sum, one) => sum + one.totalMs, 0)
  const histogram = same.reduce<number[]>((sum, one) => addHistograms(sum, one.histogram), [])
  const { avg_latency_ms, p95_latency_ms } = latencyFigures({ count, totalMs, histogram })
  return { field_combination: names, combination_count: count, avg_latency_ms, p95_latency_ms }
}
