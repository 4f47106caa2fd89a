import { z } from 'zod'
import type { Ports } from '../../ports/ports.ts'
import { readNewestDecisions } from '../../store/index-decisions.ts'
import type { FieldUsage } from '../../store/query-usage.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { daysMs } from './analytics-range.ts'
import { CompoundPattern, patternsSince } from './compound-patterns.ts'
import {
  FieldPerformanceMetrics,
  FieldQueryMetrics,
  bySlowness,
  performanceMetrics,
  queryMetrics,
} from './field-metrics.ts'
import { IndexRecommendation, levelCounts, recommend } from './recommendations.ts'
import { servingIndex } from './serving-index.ts'
import { usageSince } from './usage-since.ts'

/** Contract 21, `summary`. */
export const SummaryAnswer = z.object({
  namespace_id: z.string(),
  time_range_days: z.int(),
  summary: z.looseObject({
    total_fields: z.int(),
    indexed_fields: z.int(),
    unindexed_fields: z.int(),
    total_recommendations: z.int(),
    high_priority_recommendations: z.int(),
    total_compound_patterns: z.int(),
    auto_create_enabled: z.boolean(),
  }),
  recommendations: z.array(IndexRecommendation),
  most_queried_fields: z.array(FieldQueryMetrics),
  slowest_fields: z.array(FieldPerformanceMetrics),
  compound_indexes: z.array(CompoundPattern),
})

/** Rows of each list, as the contract has it. */
const rowsMax = 10
/** Reads of a field below which nothing is recommended: the default of `indexes/recommendations`. */
const usageMin = 5

/** The first rows of the other answers, and how many there are. */
export async function namespaceSummary(
  ports: Ports,
  namespace: Namespace,
  { days }: { days: number },
): Promise<z.infer<typeof SummaryAnswer>> {
  const used = await usageSince(ports, namespace, daysMs(days))
  const frequent = used.filter(({ count }) => count >= usageMin)
  const paths = frequent.map(({ path }) => path)
  const decisions = await readNewestDecisions(ports.db, namespace.id, paths)
  const found = recommend(namespace, frequent, decisions)
  const patterns = await patternsSince(ports, namespace, daysMs(days))
  const { total, high_priority } = levelCounts(found)
  return {
    namespace_id: namespace.id,
    time_range_days: days,
    summary: {
      ...fieldCounts(namespace, used),
      total_recommendations: total,
      high_priority_recommendations: high_priority,
      total_compound_patterns: patterns.length,
      auto_create_enabled: namespace.autoCreateIndexes,
    },
    recommendations: found.slice(0, rowsMax).map(({ recommendation }) => recommendation),
    most_queried_fields: used.slice(0, rowsMax).map(queryMetrics),
    slowest_fields: bySlowness(used).slice(0, rowsMax).map(performanceMetrics),
    compound_indexes: patterns.slice(0, rowsMax),
  }
}

function fieldCounts(namespace: Namespace, used: readonly FieldUsage[]) {
  const indexed = used.filter(({ path }) => servingIndex(namespace, path).isIndexed).length
  return {
    total_fields: used.length,
    indexed_fields: indexed,
    unindexed_fields: used.length - indexed,
  }
}
