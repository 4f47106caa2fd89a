import { z } from 'zod'
import type { Ports } from '../../ports/ports.ts'
import type { FieldUsage } from '../../store/query-usage.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { daysMs } from './analytics-range.ts'
import { latencyFigures, roundMs } from './latency-figures.ts'
import { usageSince } from './usage-since.ts'

/** The days back from now that are looked at, and how many rows are answered. */
export interface MetricsRange {
  days: number
  limit: number
}

export const FieldQueryMetrics = z
  .object({
    field_name: z.string(),
    query_count: z.int(),
    avg_latency_ms: z.number(),
    p95_latency_ms: z.number(),
  })
  .meta({ id: 'FieldQueryMetrics' })
export type FieldQueryMetrics = z.infer<typeof FieldQueryMetrics>

export const FieldPerformanceMetrics = z
  .object({
    field_name: z.string(),
    usage_count: z.int(),
    avg_latency_ms: z.number(),
    p50_latency_ms: z.number(),
    p95_latency_ms: z.number(),
    p99_latency_ms: z.number(),
    max_latency_ms: z.number(),
    index_priority_score: z.number(),
  })
  .meta({ id: 'FieldPerformanceMetrics' })
export type FieldPerformanceMetrics = z.infer<typeof FieldPerformanceMetrics>

const ofRange = { namespace_id: z.string(), time_range_days: z.int(), total_fields: z.int() }

/** Contract 21, `fields/most-queried`. */
export const MostQueriedAnswer = z.object({ ...ofRange, fields: z.array(FieldQueryMetrics) })
/** Contract 21, `fields/performance`. */
export const FieldPerformanceAnswer = z.object({
  ...ofRange,
  fields: z.array(FieldPerformanceMetrics),
})

/** The fields that most reads used. `total_fields` counts all of them, whatever the limit. */
export async function mostQueriedFields(
  ports: Ports,
  namespace: Namespace,
  { days, limit }: MetricsRange,
): Promise<z.infer<typeof MostQueriedAnswer>> {
  const used = await usageSince(ports, namespace, daysMs(days))
  return {
    namespace_id: namespace.id,
    time_range_days: days,
    fields: used.slice(0, limit).map(queryMetrics),
    total_fields: used.length,
  }
}

/** The fields whose reads took the most time together: those with the highest score first. */
export async function fieldPerformance(
  ports: Ports,
  namespace: Namespace,
  { days, limit }: MetricsRange,
): Promise<z.infer<typeof FieldPerformanceAnswer>> {
  const used = await usageSince(ports, namespace, daysMs(days))
  return {
    namespace_id: namespace.id,
    time_range_days: days,
    fields: used
      .toSorted((a, b) => b.totalMs - a.totalMs)
      .slice(0, limit)
      .map(performanceMetrics),
    total_fields: used.length,
  }
}

/** The fields whose reads took longest on average first. */
export function bySlowness(used: readonly FieldUsage[]): FieldUsage[] {
  return used.toSorted((a, b) => b.totalMs / b.count - a.totalMs / a.count)
}

export function queryMetrics(usage: FieldUsage): FieldQueryMetrics {
  const { avg_latency_ms, p95_latency_ms } = latencyFigures(usage)
  return { field_name: usage.field, query_count: usage.count, avg_latency_ms, p95_latency_ms }
}

/** `index_priority_score` is count × average (contract 21): the milliseconds spent on reads with the field. */
export function performanceMetrics(usage: FieldUsage): FieldPerformanceMetrics {
  return {
    field_name: usage.field,
    usage_count: usage.count,
    ...latencyFigures(usage),
    max_latency_ms: roundMs(usage.maxMs),
    index_priority_score: roundMs(usage.totalMs),
  }
}
