import { compareSortKeys, sortKeyOf } from '../../documents/document-order.ts'
import type { DocumentRecord } from '../../documents/document.ts'
import { fail } from '../../failure.ts'
import type { Namespace } from '../../namespaces/namespace.ts'
import type { Aggregation } from '../stage.ts'
import { valuesOf } from './document-values.ts'

export const aggregateFunctions = [
  'count',
  'count_distinct',
  'sum',
  'avg',
  'min',
  'max',
  'first',
  'last',
  'collect',
  'collect_distinct',
] as const
export type AggregateFunction = (typeof aggregateFunctions)[number]

export interface Metric {
  function: AggregateFunction
  /** Null: of count alone. */
  field: string | null
  alias: string
}

export interface GroupKey {
  field: string
  alias: string
}

export interface AggregateLimits {
  /** Groups and values that are held. */
  valuesMax: number
}

type Values = readonly unknown[]
/** What one function has seen of one group; `add` tells how many more values it holds. */
interface Accumulator {
  add(values: Values): number
  result(): unknown
}
interface Group {
  keys: Record<string, unknown>
  metrics: Accumulator[]
}

/**
 * Numbers over documents that are seen once, in the order they come, in memory for groups and collected values only.
 * A list counts for each of its elements; a document without a value is in the group of null, and adds nothing to a
 * function of the field. Throws `bad_request` beyond the limit.
 */
export class DocumentAggregate {
  readonly #groups = new Map<string, Group>()
  readonly #keys: readonly GroupKey[]
  readonly #metrics: readonly Metric[]
  readonly #namespace: Pick<Namespace, 'id'>
  readonly #limits: AggregateLimits
  #held = 0
  documents = 0

  constructor(
    keys: readonly GroupKey[],
    metrics: readonly Metric[],
    namespace: Pick<Namespace, 'id'>,
    limits: AggregateLimits,
  ) {
    this.#keys = keys
    this.#metrics = metrics
    this.#namespace = namespace
    this.#limits = limits
  }

  add(document: DocumentRecord): void {
    this.documents += 1
    const values = this.#metrics.map(({ field }) =>
      field === null ? [1] : present(valuesOf(document, field, this.#namespace)),
    )
    for (const keys of this.#keysOf(document)) {
      const group = this.#group(keys)
      for (const [i, metric] of group.metrics.entries()) this.#hold(metric.add(values[i] ?? []))
    }
  }

  /** In the order in which the groups were first seen. */
  results(): Aggregation['results'] {
    // Over nothing at all there is still the one group of everything.
    if (this.#keys.length === 0 && this.#groups.size === 0) this.#group([])
    return Array.from(this.#groups.values(), ({ keys, metrics }) => ({
      group: keys,
      metrics: Object.fromEntries(
        this.#metrics.map(({ alias }, i) => [alias, metrics[i]?.result() ?? null]),
      ),
    }))
  }

  /** Every way to take one value of each field; null where a field has none. */
  #keysOf(document: DocumentRecord): unknown[][] {
    let combined: unknown[][] = [[]]
    for (const { field } of this.#keys) {
      const found = new Map(
        present(valuesOf(document, field, this.#namespace)).map((v) => [JSON.stringify(v), v]),
      )
      const values = found.size === 0 ? [null] : [...found.values()]
      const most = combined.length * values.length
      if (most > this.#limits.valuesMax) this.#hold(most)
      combined = combined.flatMap((keys) => values.map((value) => [...keys, value]))
    }
    return combined
  }

  #group(keys: readonly unknown[]): Group {
    const id = JSON.stringify(keys)
    const known = this.#groups.get(id)
    if (known) return known
    this.#hold(1)
    const group = {
      keys: Object.fromEntries(this.#keys.map(({ alias }, i) => [alias, keys[i]])),
      metrics: this.#metrics.map((metric) => accumulators[metric.function]()),
    }
    this.#groups.set(id, group)
    return group
  }

  #hold(more: number): void {
    this.#held += more
    const { valuesMax } = this.#limits
    if (this.#held <= valuesMax) return
    throw fail('bad_request', {
      reason: `The aggregation has more than ${valuesMax} groups and collected values (NACRE_AGGREGATE_VALUES_MAX).`,
      hint: 'Group by fewer values, collect less, or put a filter before it.',
    })
  }
}

function present(values: readonly unknown[]): unknown[] {
  return values.filter((value) => value !== null && value !== undefined)
}

const accumulators: { readonly [F in AggregateFunction]: () => Accumulator } = {
  count: () => {
    let count = 0
    return { add: (values) => ((count += Number(values.length > 0)), 0), result: () => count }
  },
  count_distinct: () => distinct((values) => values.length),
  collect_distinct: () => distinct((values) => values),
  sum: () => {
    const sum = numbers()
    return { add: sum.add, result: () => sum.total() }
  },
  avg: () => {
    const sum = numbers()
    return { add: sum.add, result: () => (sum.count() === 0 ? null : sum.total() / sum.count()) }
  },
  min: () => extreme(-1),
  max: () => extreme(1),
  first: () => {
    let first: unknown = null
    let isFound = false
    return {
      add: (values) => {
        if (!isFound && values.length > 0) [first, isFound] = [values[0], true]
        return 0
      },
      result: () => first,
    }
  },
  last: () => {
    let last: unknown = null
    return { add: (values) => ((last = values.at(-1) ?? last), 0), result: () => last }
  },
  collect: () => {
    const all: unknown[] = []
    return {
      add: (values) => {
        for (const value of values) all.push(value)
        return values.length
      },
      result: () => all,
    }
  },
}

function distinct(answer: (values: unknown[]) => unknown): Accumulator {
  const seen = new Map<string, unknown>()
  return {
    add: (values) => {
      const before = seen.size
      for (const value of values) {
        const key = JSON.stringify(value)
        if (!seen.has(key)) seen.set(key, value)
      }
      return seen.size - before
    },
    result: () => answer([...seen.values()]),
  }
}

/** Neumaier's sum: what rounding loses is kept beside, so that the order of documents means nothing. */
function numbers() {
  let [sum, lost, count] = [0, 0, 0]
  return {
    add: (values: Values) => {
      for (const value of values) {
        if (typeof value !== 'number') continue
        count += 1
        const next = sum + value
        lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum
        sum = next
      }
      return 0
    },
    total: () => sum + lost,
    count: () => count,
  }
}

/** In the order that sorts have: false, true, numbers, dates, other texts. */
function extreme(sign: 1 | -1): Accumulator {
  let best: unknown = null
  return {
    add: (values) => {
      for (const value of values) {
        const [key, known] = [sortKeyOf(value), sortKeyOf(best)]
        if (key === null) continue
        if (known === null || sign * compareSortKeys(key, known) > 0) best = value
      }
      return 0
    },
    result: () => best,
  }
}
