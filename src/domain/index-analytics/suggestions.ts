import { z } from 'zod'
import type { Ports } from '../../ports/ports.ts'
import { readIndexCheck } from '../../store/index-checks.ts'
import { readNewestDecisions } from '../../store/index-decisions.ts'
import type { FieldUsage } from '../../store/query-usage.ts'
import { decisionStates, type IndexDecision } from '../index-advisor/decision.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { hoursMs } from './analytics-range.ts'
import { servingIndex } from './serving-index.ts'
import { suggestedType } from './suggested-type.ts'
import { usageSince } from './usage-since.ts'
import { TimeAnswer } from './time-answer.ts'

const IndexSuggestion = z.object({
  field_name: z.string(),
  query_count_24h: z.int(),
  query_count_7d: z.int(),
  /** `none` where no index serves what is asked of the field. */
  suggested_type: z.string(),
  is_indexed: z.boolean(),
  first_seen: TimeAnswer,
  last_seen: TimeAnswer,
  /** Measured, never estimated: null until recorded queries were timed before and after an index. */
  estimated_performance_gain: z.string().nullable(),
  /** What the advisor decided about the field last. */
  decision: z
    .object({ decision_id: z.string(), state: z.enum(decisionStates), reason: z.string() })
    .nullable(),
})

/** Contract 21, `suggestions`. */
export const SuggestionsAnswer = z.object({
  namespace_id: z.string(),
  analysis_period: z.string(),
  suggestions: z.array(IndexSuggestion),
  auto_create_enabled: z.boolean(),
  next_auto_create_run: TimeAnswer.nullable(),
})
export type SuggestionsAnswer = z.infer<typeof SuggestionsAnswer>

/** The fields that at least `minCount` reads of the last `hours` used, the most used first, and what was decided. */
export async function suggestions(
  ports: Ports,
  namespace: Namespace,
  { hours, minCount }: { hours: number; minCount: number },
): Promise<SuggestionsAnswer> {
  const used = (await usageSince(ports, namespace, hoursMs(hours))).filter(
    ({ count }) => count >= minCount,
  )
  const [decisions, check] = await Promise.all([
    readNewestDecisions(
      ports.db,
      namespace.id,
      used.map(({ path }) => path),
    ),
    readIndexCheck(ports.db, namespace.id),
  ])
  const isOn = namespace.autoCreateIndexes
  return {
    namespace_id: namespace.id,
    analysis_period: `${hours}h`,
    suggestions: used.map((one) => suggestionOf(namespace, one, decisions.get(one.path) ?? null)),
    auto_create_enabled: isOn,
    next_auto_create_run: isOn ? (check?.nextRunAt?.toISOString() ?? null) : null,
  }
}

function suggestionOf(
  namespace: Namespace,
  usage: FieldUsage,
  decision: IndexDecision | null,
): z.infer<typeof IndexSuggestion> {
  const serving = servingIndex(namespace, usage.path)
  return {
    field_name: usage.field,
    query_count_24h: usage.count24h,
    query_count_7d: usage.count7d,
    suggested_type: suggestedType(usage, serving, decision) ?? 'none',
    is_indexed: serving.isIndexed,
    first_seen: usage.firstSeen.toISOString(),
    last_seen: usage.lastSeen.toISOString(),
    estimated_performance_gain: decision?.after?.gain?.sentence ?? null,
    decision: decision && {
      decision_id: decision.id,
      state: decision.state,
      reason: decision.reason,
    },
  }
}
