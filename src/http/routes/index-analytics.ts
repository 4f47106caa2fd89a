import { z } from 'zod'
import {
  CompoundPatternsAnswer,
  compoundPatterns,
} from '../../domain/index-analytics/compound-patterns.ts'
import {
  FieldPerformanceAnswer,
  MostQueriedAnswer,
  fieldPerformance,
  mostQueriedFields,
} from '../../domain/index-analytics/field-metrics.ts'
import { IndexUsageAnswer, indexUsage } from '../../domain/index-analytics/index-usage.ts'
import { SummaryAnswer, namespaceSummary } from '../../domain/index-analytics/namespace-summary.ts'
import {
  RecommendationsAnswer,
  recommendations,
} from '../../domain/index-analytics/recommendations.ts'
import { SlowQueriesAnswer, slowQueries } from '../../domain/index-analytics/slow-queries.ts'
import { SuggestionsAnswer, suggestions } from '../../domain/index-analytics/suggestions.ts'
import { countText } from '../pagination.ts'
import { route } from '../route.ts'

const shared = {
  method: 'GET',
  tag: 'analytics',
  access: 'read',
  scope: 'namespace',
  failures: ['unauthorized', 'forbidden', 'request_invalid', 'bad_request', 'not_found'],
} as const

const days = countText(1, 90).default(30)
const limited = z.object({ days, limit: countText(1, 1_000).default(50) })

/** `24h` or `7d` (contract 21); five digits are more than anything is kept. */
const period = z
  .string()
  .regex(/^(?!0+[hd])\d{1,5}[hd]$/, {
    error: 'must be a number of hours or days, at least 1, such as 24h or 7d',
  })
  .default('24h')

/** Contract 21: what reads of a namespace ask for, and which indexes that calls for. All of it was counted or timed. */
export const indexAnalyticsRoutes = [
  route({
    ...shared,
    operationId: 'getIndexSuggestions',
    path: '/v1/analytics/indexes/suggestions',
    summary: 'The fields that reads ask for most, with what was decided about an index for each',
    query: z.object({
      hours: countText(1, 720).default(24),
      min_count: countText(1, 10_000).default(100),
    }),
    response: SuggestionsAnswer,
    handle: ({ ports, namespace, query }) =>
      suggestions(ports, namespace, { hours: query.hours, minCount: query.min_count }),
  }),
  route({
    ...shared,
    operationId: 'getIndexUsage',
    path: '/v1/analytics/indexes/usage',
    summary: 'How often each field is asked for, how long that takes, and whether it has an index',
    query: z.object({ period, min_count: countText(1, 1_000_000).default(1) }),
    response: IndexUsageAnswer,
    handle: ({ ports, namespace, query }) =>
      indexUsage(ports, namespace, { period: query.period, minCount: query.min_count }),
  }),
  route({
    ...shared,
    operationId: 'getMostQueriedFields',
    path: '/v1/analytics/namespaces/fields/most-queried',
    summary: 'The fields that reads ask for most',
    query: limited,
    response: MostQueriedAnswer,
    handle: ({ ports, namespace, query }) => mostQueriedFields(ports, namespace, query),
  }),
  route({
    ...shared,
    operationId: 'getFieldPerformance',
    path: '/v1/analytics/namespaces/fields/performance',
    summary: 'How long reads of each field take, the dearest first',
    query: limited,
    response: FieldPerformanceAnswer,
    handle: ({ ports, namespace, query }) => fieldPerformance(ports, namespace, query),
  }),
  route({
    ...shared,
    operationId: 'getSlowQueries',
    path: '/v1/analytics/namespaces/queries/slow',
    summary: 'The slowest reads, without the values of their filters',
    query: z.object({
      days,
      latency_threshold_ms: countText(100, 10_000).default(500),
      limit: countText(1, 500).default(100),
    }),
    response: SlowQueriesAnswer,
    handle: ({ ports, namespace, query: { latency_threshold_ms: minMs, ...range } }) =>
      slowQueries(ports, namespace, { ...range, minMs }),
  }),
  route({
    ...shared,
    operationId: 'getCompoundPatterns',
    path: '/v1/analytics/namespaces/indexes/compound-patterns',
    summary: 'Which fields are asked for together',
    query: limited,
    response: CompoundPatternsAnswer,
    handle: ({ ports, namespace, query }) => compoundPatterns(ports, namespace, query),
  }),
  route({
    ...shared,
    operationId: 'getIndexRecommendations',
    path: '/v1/analytics/namespaces/indexes/recommendations',
    summary:
      'Fields without an index by how much one is called for, each with the request that makes it',
    query: z.object({
      days,
      min_usage_count: countText(1, 100).default(5),
      limit: countText(1, 100).default(50),
    }),
    response: RecommendationsAnswer,
    handle: ({ ports, namespace, query: { min_usage_count: minCount, ...range } }) =>
      recommendations(ports, namespace, { ...range, minCount }),
  }),
  route({
    ...shared,
    operationId: 'getNamespaceSummary',
    path: '/v1/analytics/namespaces/summary',
    summary: 'The first rows of the other analytics of a namespace',
    query: z.object({ days }),
    response: SummaryAnswer,
    handle: ({ ports, namespace, query }) => namespaceSummary(ports, namespace, query),
  }),
]
