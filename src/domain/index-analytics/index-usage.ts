import { z } from 'zod'
import type { Ports } from '../../ports/ports.ts'
import type { FieldUsage } from '../../store/query-usage.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { periodMs } from './analytics-range.ts'
import { latencyFigures } from './latency-figures.ts'
import { servingIndex } from './serving-index.ts'
import { usageSince } from './usage-since.ts'
import { TimeAnswer } from './time-answer.ts'

const FieldUsageStat = z.object({
  field_name: z.string(),
  query_count: z.int(),
  unique_queries: z.int(),
  is_indexed: z.boolean(),
  is_protected: z.boolean(),
  avg_latency_ms: z.number(),
  p95_latency_ms: z.number(),
  first_seen: TimeAnswer,
  last_seen: TimeAnswer,
})

/** Contract 21, `usage`. */
export const IndexUsageAnswer = z.object({
  namespace_id: z.string(),
  period: z.string(),
  fields: z.array(FieldUsageStat),
  total_fields: z.int(),
  indexed_fields: z.int(),
  unindexed_fields: z.int(),
})
export type IndexUsageAnswer = z.infer<typeof IndexUsageAnswer>

/** Every field that at least `minCount` reads of the period used, the most used first. */
export async function indexUsage(
  ports: Ports,
  namespace: Namespace,
  { period, minCount }: { period: string; minCount: number },
): Promise<IndexUsageAnswer> {
  const used = await usageSince(ports, namespace, periodMs(period))
  const fields = used.filter(({ count }) => count >= minCount).map((one) => statOf(namespace, one))
  const indexed = fields.filter((field) => field.is_indexed).length
  return {
    namespace_id: namespace.id,
    period,
    fields,
    total_fields: fields.length,
    indexed_fields: indexed,
    unindexed_fields: fields.length - indexed,
  }
}

function statOf(namespace: Namespace, usage: FieldUsage): z.infer<typeof FieldUsageStat> {
  const { isIndexed, isProtected } = servingIndex(namespace, usage.path)
  const { avg_latency_ms, p95_latency_ms } = latencyFigures(usage)
  return {
    field_name: usage.field,
    query_count: usage.count,
    unique_queries: usage.uniqueQueries,
    is_indexed: isIndexed,
    is_protected: isProtected,
    avg_latency_ms,
    p95_latency_ms,
    first_seen: usage.firstSeen.toISOString(),
    last_seen: usage.lastSeen.toISOString(),
  }
}
