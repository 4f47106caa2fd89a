import { z } from 'zod'
import type { Ports } from '../../ports/ports.ts'
import { readSlowReads, type SlowRead } from '../../store/query-usage.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { flushUsage } from '../query-usage/flush-usage.ts'
import { daysMs, since } from './analytics-range.ts'
import type { MetricsRange } from './field-metrics.ts'
import { roundMs } from './latency-figures.ts'
import { TimeAnswer } from './time-answer.ts'

const SlowQuery = z.object({
  /** Empty where no stored retriever asked. */
  retriever_id: z.string(),
  /** The shape of the read: no value of its filter is kept. */
  query: z.string(),
  latency_ms: z.number(),
  results_count: z.int(),
  queried_fields: z.array(z.string()),
  at: TimeAnswer,
})

/** Contract 21, `queries/slow`. */
export const SlowQueriesAnswer = z.object({
  namespace_id: z.string(),
  time_range_days: z.int(),
  latency_threshold_ms: z.number(),
  slow_queries: z.array(SlowQuery),
  total_slow_queries: z.int(),
  /** Ours: reads that took less are not remembered (`NACRE_SLOW_READ_MS`), whatever the threshold. */
  recorded_from_ms: z.number(),
})

/** Reads of at least `minMs`, the slowest first; the total counts all of them that are kept, whatever the limit. */
export async function slowQueries(
  ports: Ports,
  namespace: Namespace,
  { days, limit, minMs }: MetricsRange & { minMs: number },
): Promise<z.infer<typeof SlowQueriesAnswer>> {
  await flushUsage(ports)
  const slow = await readSlowReads(ports.db, namespace.id, {
    since: since(ports.now(), daysMs(days)),
    minMs,
    limit: ports.config.slowReadsMax,
  })
  return {
    namespace_id: namespace.id,
    time_range_days: days,
    latency_threshold_ms: minMs,
    slow_queries: slow.slice(0, limit).map(slowQuery),
    total_slow_queries: slow.length,
    recorded_from_ms: ports.config.slowReadMs,
  }
}

function slowQuery(read: SlowRead): z.infer<typeof SlowQuery> {
  return {
    retriever_id: read.retrieverId ?? '',
    query: read.shape,
    latency_ms: roundMs(read.durationMs),
    results_count: read.results,
    queried_fields: read.fields,
    at: read.at.toISOString(),
  }
}
