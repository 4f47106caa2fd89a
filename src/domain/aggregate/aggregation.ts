import { comparePlaces, compareSortKeys, sortKeyOf } from '../documents/document-order.ts'
import { elementsOf, pathValues } from '../filters/field-values.ts'
import { resolveFieldPath } from '../filters/field-path.ts'
import { isRecord } from '../parse-parameters.ts'
import {
  checkAggregation,
  groupAlias,
  metricsOf,
  type AggregationRequest,
} from './aggregation-request.ts'
import { datePart, truncateDate } from './date-values.ts'
import {
  GroupTotals,
  type AggregateLimits,
  type GroupTotal,
  type TotalKey,
} from './group-totals.ts'

/** Reads a field of one item, lists opened one level. */
export type ReadField = (field: string) => readonly unknown[]

/**
 * An aggregation of contract 16.3 over items that are seen once: `add` each, then `answer`. With `unwind` an item
 * counts once for each element of that list, and is left out where there is none. Throws `request_invalid` where the
 * request does not hold together, `bad_request` beyond the values that may be held.
 */
export class Aggregation {
  readonly #request: AggregationRequest
  readonly #totals: GroupTotals<ReadField>
  /** Every field that is read. */
  readonly fields: readonly string[]
  items = 0

  constructor(request: AggregationRequest, limits: AggregateLimits) {
    checkAggregation(request)
    const metrics = metricsOf(request)
    this.#request = request
    this.#totals = new GroupTotals(
      keysOf(request),
      metrics.map(({ field, ...metric }) => ({
        ...metric,
        values: (read: ReadField) => (field === null ? [1] : read(field)),
      })),
      limits,
    )
    const grouped = [...request.group_by, ...(request.range_buckets ?? [])]
    const named = [...grouped, ...metrics].flatMap(({ field }) => field ?? [])
    this.fields = [...new Set([...named, ...(request.unwind ? [request.unwind] : [])])]
  }

  add(read: ReadField): void {
    this.items += 1
    const { unwind } = this.#request
    if (!unwind) return this.#totals.add(read)
    for (const element of read(unwind)) {
      if (element === null || element === undefined) continue
      this.#totals.add(unwound(read, unwind, element))
    }
  }

  answer() {
    const { having, limit } = this.#request
    const all = this.#totals.results()
    const kept = all.filter((one) => (having ?? []).every((condition) => holds(one, condition)))
    return {
      results: sorted(kept, this.#request).slice(0, limit ?? undefined),
      total_groups: kept.length,
      query_info: { items: this.items, groups_before_having: all.length },
    }
  }
}

function keysOf(request: AggregationRequest): TotalKey<ReadField>[] {
  const ranges = new Map((request.range_buckets ?? []).map((range) => [range.field, range]))
  const keys = request.group_by.map((group): TotalKey<ReadField> => {
    const { field, date_trunc: trunc, date_part: part } = group
    const range = ranges.get(field)
    ranges.delete(field)
    const alias = groupAlias(group)
    if (range) return { alias, values: (read) => ranged(read(field), range) }
    if (trunc) return { alias, values: (read) => read(field).map((v) => truncateDate(v, trunc)) }
    if (part) return { alias, values: (read) => read(field).map((v) => datePart(v, part)) }
    return { alias, values: (read) => read(field) }
  })
  const others = Array.from(ranges.values(), (range): TotalKey<ReadField> => ({
    alias: range.field,
    values: (read) => ranged(read(range.field), range),
  }))
  return [...keys, ...others]
}

type Range = NonNullable<AggregationRequest['range_buckets']>[number]

/** `10-20` holds 10 and not 20; what is in no range, no number or absent is in the default one. */
function ranged(
  values: readonly unknown[],
  { boundaries, default_bucket: other }: Range,
): string[] {
  const labels = values.map((value) => {
    if (typeof value !== 'number') return other ?? 'other'
    const next = boundaries.findIndex((boundary) => value < boundary)
    return next > 0 ? `${boundaries[next - 1]}-${boundaries[next]}` : (other ?? 'other')
  })
  return labels.length === 0 ? [other ?? 'other'] : labels
}

/** The item as it is with one element in place of the list. */
function unwound(read: ReadField, unwind: string, element: unknown): ReadField {
  const at = resolveFieldPath(unwind)
  return (field) => {
    const path = resolveFieldPath(field)
    if (path === at || path === `${at}[]`) return [element]
    const rest = [`${at}[].`, `${at}.`].find((start) => path.startsWith(start))
    if (rest === undefined) return read(field)
    return isRecord(element) ? elementsOf(pathValues(element, path.slice(rest.length))) : []
  }
}

type Condition = NonNullable<AggregationRequest['having']>[number]

/** Values of two kinds are unequal, and neither is above the other. */
function holds(one: GroupTotal, { field, operator, value }: Condition): boolean {
  const [found, wanted] = [sortKeyOf(valueAt(one, field)), sortKeyOf(value)]
  const isSame = found !== null && wanted !== null && found[0] === wanted[0]
  const order = isSame ? compareSortKeys(found, wanted) : Number.NaN
  const isEqual = isSame ? order === 0 : found === wanted
  switch (operator) {
    case 'eq':
      return isEqual
    case 'ne':
      return !isEqual
    case 'gt':
      return order > 0
    case 'gte':
      return order >= 0
    case 'lt':
      return order < 0
    case 'lte':
      return order <= 0
  }
}

function sorted(all: readonly GroupTotal[], { sort_by: by, sort_direction }: AggregationRequest) {
  if (!by) return all
  const compare = comparePlaces([{ field: by, direction: sort_direction ?? 'desc' }])
  const placed = all.map((one) => ({
    one,
    place: { keys: [sortKeyOf(valueAt(one, by))], pointId: '' },
  }))
  return placed.toSorted((a, b) => compare(a.place, b.place)).map(({ one }) => one)
}

function valueAt({ group, metrics }: GroupTotal, name: string): unknown {
  return Object.hasOwn(metrics, name) ? metrics[name] : group[name]
}
