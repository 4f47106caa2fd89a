import { z } from 'zod'
import type { Ports } from '../../ports/ports.ts'
import { readNewestDecisions } from '../../store/index-decisions.ts'
import type { FieldUsage } from '../../store/query-usage.ts'
import type { IndexDecision } from '../index-advisor/decision.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { IndexType } from '../payload-indexes/payload-index.ts'
import { daysMs } from './analytics-range.ts'
import type { MetricsRange } from './field-metrics.ts'
import { latencyFigures, roundMs } from './latency-figures.ts'
import { autoCommand, patchCommand } from './patch-command.ts'
import {
  recommendationLevel,
  recommendationLevels,
  type RecommendationLevel,
} from './recommendation-level.ts'
import { servingIndex, type ServingIndex } from './serving-index.ts'
import { suggestedType } from './suggested-type.ts'
import { usageSince } from './usage-since.ts'

export const IndexRecommendation = z
  .object({
    field_name: z.string(),
    query_count: z.int(),
    avg_latency_ms: z.number(),
    p95_latency_ms: z.number(),
    slow_query_count: z.int(),
    very_slow_query_count: z.int(),
    priority_score: z.number(),
    recommendation: z.string(),
    /** The contract's name; what stands here is the request to this API that would make the index, or nothing. */
    mongodb_index_command: z.string(),
  })
  .meta({ id: 'IndexRecommendation' })
export type IndexRecommendation = z.infer<typeof IndexRecommendation>

/** Contract 21, `indexes/recommendations`; the summary counts all levels, whatever the limit. */
export const RecommendationsAnswer = z.object({
  namespace_id: z.string(),
  time_range_days: z.int(),
  recommendations: z.array(IndexRecommendation),
  summary: z.record(z.string(), z.int()),
})

/** What of a namespace decides what to do about its fields. */
type Advised = Pick<Namespace, 'id' | 'payloadIndexes' | 'autoCreateIndexes'>

/** A field without an index, and how pressing one is. */
export interface Found {
  level: RecommendationLevel
  recommendation: IndexRecommendation
}

/** The fields without an index that at least `minCount` reads used, the most pressing first. */
export async function recommendations(
  ports: Ports,
  namespace: Namespace,
  { days, limit, minCount }: MetricsRange & { minCount: number },
): Promise<z.infer<typeof RecommendationsAnswer>> {
  const used = (await usageSince(ports, namespace, daysMs(days))).filter(
    ({ count }) => count >= minCount,
  )
  const paths = used.map(({ path }) => path)
  const decisions = await readNewestDecisions(ports.db, namespace.id, paths)
  const found = recommend(namespace, used, decisions)
  return {
    namespace_id: namespace.id,
    time_range_days: days,
    recommendations: found.slice(0, limit).map(({ recommendation }) => recommendation),
    summary: levelCounts(found),
  }
}

/** What to do about each field that no index serves. */
export function recommend(
  namespace: Advised,
  used: readonly FieldUsage[],
  decisions: ReadonlyMap<string, IndexDecision>,
): Found[] {
  return used
    .map((usage) => ({ usage, serving: servingIndex(namespace, usage.path) }))
    .filter(({ serving }) => serving.needsIndex && !serving.isIndexed)
    .map(({ usage, serving }) =>
      recommendationOf(namespace, usage, serving, decisions.get(usage.path) ?? null),
    )
    .toSorted(
      (a, b) =>
        recommendationLevels.indexOf(a.level) - recommendationLevels.indexOf(b.level) ||
        b.recommendation.priority_score - a.recommendation.priority_score,
    )
}

export function levelCounts(found: readonly Pick<Found, 'level'>[]) {
  const of = (level: RecommendationLevel) => found.filter((one) => one.level === level).length
  return {
    total: found.length,
    high_priority: of('high'),
    medium_priority: of('medium'),
    low_priority: of('low'),
    no_action: of('none'),
  }
}

function recommendationOf(
  namespace: Advised,
  usage: FieldUsage,
  serving: ServingIndex,
  decision: IndexDecision | null,
): Found {
  const { avg_latency_ms, p95_latency_ms } = latencyFigures(usage)
  const { count, slow, verySlow } = usage
  const type = suggestedType(usage, serving, decision)
  const level =
    type === null ? 'none' : recommendationLevel({ count, avgMs: avg_latency_ms, slow, verySlow })
  const recommendation: IndexRecommendation = {
    field_name: usage.field,
    query_count: count,
    avg_latency_ms,
    p95_latency_ms,
    slow_query_count: slow,
    very_slow_query_count: verySlow,
    priority_score: roundMs(usage.totalMs),
    recommendation: [levelWords[level], adviceOf(namespace, serving, type), decisionWords(decision)]
      .filter((part) => part !== '')
      .join(' '),
    mongodb_index_command: commandOf(namespace, usage, serving, type),
  }
  return { level, recommendation }
}

const levelWords: Readonly<Record<RecommendationLevel, string>> = {
  high: 'HIGH PRIORITY:',
  medium: 'MEDIUM PRIORITY:',
  low: 'LOW PRIORITY:',
  none: 'NO ACTION:',
}

function adviceOf(
  namespace: Advised,
  { index, isProtected }: ServingIndex,
  type: IndexType | null,
): string {
  if (type === null) return 'no payload index serves what is asked of this field.'
  if (index?.state === 'failed') return `its ${type} index could not be built; declare it again.`
  if (index && index.state !== 'virtual') return `its ${type} index is being built.`
  if (!isProtected) return `an index of type ${type} fits what is asked of this field.`
  return namespace.autoCreateIndexes
    ? `its ${type} index belongs to the system, and is built when reads need it.`
    : `its ${type} index belongs to the system, which builds it where auto_create_indexes is on.`
}

function decisionWords(decision: IndexDecision | null): string {
  return decision === null ? '' : `The advisor (${decision.state}): ${decision.reason}`
}

function commandOf(
  namespace: Advised,
  { field }: FieldUsage,
  { index, isProtected }: ServingIndex,
  type: IndexType | null,
): string {
  if (type === null) return ''
  if (isProtected) return namespace.autoCreateIndexes ? '' : autoCommand(namespace)
  const isUnderWay = index !== null && index.state !== 'failed' && index.state !== 'virtual'
  return isUnderWay ? '' : patchCommand(namespace, field, type)
}
