import { z } from 'zod'
import { invalid } from '../failure.ts'
import { suggestion } from '../nearest-name.ts'
import type { AggregateFunction } from './accumulators.ts'
import { partUnits, truncUnits } from './date-values.ts'

/** Contract 16.3; `collect` and `collect_distinct` are what stages call `push` and `add_to_set`. */
const functions = {
  count: 'count',
  count_distinct: 'count_distinct',
  sum: 'sum',
  avg: 'avg',
  min: 'min',
  max: 'max',
  first: 'first',
  last: 'last',
  push: 'collect',
  add_to_set: 'collect_distinct',
  collect: 'collect',
  collect_distinct: 'collect_distinct',
} as const satisfies Record<string, AggregateFunction>
const functionNames = Object.keys(functions) as (keyof typeof functions)[]

const name = z.string().min(1).max(1_000)
const GroupBy = z.strictObject({
  field: name,
  alias: name.nullish(),
  date_trunc: z.enum(truncUnits).nullish(),
  date_part: z.enum(partUnits).nullish(),
})
const Metric = z.strictObject({
  function: z.enum(functionNames),
  field: name.nullish(),
  distinct_field: name.nullish(),
  alias: name,
})
const Having = z.strictObject({
  field: name,
  operator: z.enum(['gt', 'gte', 'lt', 'lte', 'eq', 'ne']),
  value: z.union([z.number(), z.string(), z.boolean(), z.null()]),
})
const RangeBucket = z.strictObject({
  field: name,
  boundaries: z.array(z.number()).min(1).max(1_000),
  default_bucket: z.string().nullish(),
})

/** Body of documents/aggregate and objects/aggregate (contract 16.3). */
export const AggregationRequest = z.strictObject({
  group_by: z.array(GroupBy).min(1).max(10),
  aggregations: z.array(Metric).min(1).max(50),
  filters: z.unknown().optional(),
  having: z.array(Having).max(50).nullish(),
  unwind: name.nullish(),
  range_buckets: z.array(RangeBucket).max(10).nullish(),
  sort_by: name.nullish(),
  sort_direction: z.enum(['asc', 'desc']).nullish(),
  limit: z.int().min(1).nullish(),
})
export type AggregationRequest = z.infer<typeof AggregationRequest>

export interface AggregationMetric {
  function: AggregateFunction
  /** Null: of count alone, which counts items. */
  field: string | null
  alias: string
}

/** The functions with the field that each reads. Throws `request_invalid` where one is missing. */
export function metricsOf({ aggregations }: AggregationRequest): AggregationMetric[] {
  return aggregations.map(({ function: named, field, distinct_field: distinct, alias }, i) => {
    const read = (named === 'count_distinct' ? (distinct ?? field) : field) ?? null
    if (named !== 'count' && read === null) {
      const at = ['body', 'aggregations', i, 'field']
      throw invalid(at, `is missing: ${named} needs a field`, 'missing')
    }
    return { function: functions[named], field: read, alias }
  })
}

/** The name of a group's value in the answer. */
export function groupAlias({ field, alias }: z.infer<typeof GroupBy>): string {
  return alias ?? field
}

/** Throws `request_invalid` at names that are given twice or not at all, and at boundaries that do not rise. */
export function checkAggregation(request: AggregationRequest): void {
  const names = [...request.aggregations.map(({ alias }) => alias), ...groupNames(request)]
  const twice = names.find((each, i) => names.indexOf(each) !== i)
  if (twice !== undefined)
    throw invalid(['body', 'aggregations'], `has the name '${twice}' twice`, 'ambiguous')
  for (const [i, { date_trunc: trunc, date_part: part }] of request.group_by.entries()) {
    if (!trunc || !part) continue
    const message = 'cannot stand beside date_trunc: give one of them'
    throw invalid(['body', 'group_by', i, 'date_part'], message, 'ambiguous')
  }
  for (const [i, { boundaries }] of (request.range_buckets ?? []).entries()) {
    if (boundaries.every((each, at) => at === 0 || each > (boundaries[at - 1] ?? each))) continue
    const at = ['body', 'range_buckets', i, 'boundaries']
    throw invalid(at, 'must rise: each boundary above the one before', 'invalid_value')
  }
  for (const [i, { field }] of (request.having ?? []).entries())
    checkName(names, field, ['body', 'having', i, 'field'])
  if (request.sort_by) checkName(names, request.sort_by, ['body', 'sort_by'])
}

function groupNames(request: AggregationRequest): string[] {
  const grouped = new Set(request.group_by.map(({ field }) => field))
  const ranged = (request.range_buckets ?? []).map(({ field }) => field)
  return [...request.group_by.map(groupAlias), ...ranged.filter((field) => !grouped.has(field))]
}

function checkName(names: readonly string[], given: string, at: (string | number)[]): void {
  if (names.includes(given)) return
  const message = `is no alias of this aggregation${suggestion(given, names)}; there are ${names.join(', ')}`
  throw invalid(at, message, 'invalid_value')
}
