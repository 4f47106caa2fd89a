import { fail } from '../failure.ts'
import { accumulators, type Accumulator, type AggregateFunction } from './accumulators.ts'

/** What an item has for one key or one function; nulls are left out by whoever adds them up. */
export type ValuesOf<Item> = (item: Item) => readonly unknown[]

export interface TotalKey<Item> {
  alias: string
  values: ValuesOf<Item>
}

export interface TotalMetric<Item> {
  function: AggregateFunction
  alias: string
  values: ValuesOf<Item>
}

export interface GroupTotal {
  group: Record<string, unknown>
  metrics: Record<string, unknown>
}

export interface AggregateLimits {
  /** Groups and values that are held. */
  valuesMax: number
}

interface Group {
  keys: Record<string, unknown>
  metrics: Accumulator[]
}

/**
 * Numbers over items that are seen once, in the order they come, in memory for groups and collected values only.
 * A list counts for each of its elements; an item without a value is in the group of null, and adds nothing to a
 * function of the field. Throws `bad_request` beyond the limit.
 */
export class GroupTotals<Item> {
  readonly #groups = new Map<string, Group>()
  readonly #keys: readonly TotalKey<Item>[]
  readonly #metrics: readonly TotalMetric<Item>[]
  readonly #limits: AggregateLimits
  #held = 0
  items = 0

  constructor(
    keys: readonly TotalKey<Item>[],
    metrics: readonly TotalMetric<Item>[],
    limits: AggregateLimits,
  ) {
    this.#keys = keys
    this.#metrics = metrics
    this.#limits = limits
  }

  add(item: Item): void {
    this.items += 1
    const values = this.#metrics.map((metric) => present(metric.values(item)))
    for (const keys of this.#keysOf(item)) {
      const group = this.#group(keys)
      for (const [i, metric] of group.metrics.entries()) this.#hold(metric.add(values[i] ?? []))
    }
  }

  /** In the order in which the groups were first seen. */
  results(): GroupTotal[] {
    // Over nothing at all there is still the one group of everything.
    if (this.#keys.length === 0 && this.#groups.size === 0) this.#group([])
    return Array.from(this.#groups.values(), ({ keys, metrics }) => ({
      group: keys,
      metrics: Object.fromEntries(
        this.#metrics.map(({ alias }, i) => [alias, metrics[i]?.result() ?? null]),
      ),
    }))
  }

  /** Every way to take one value of each key; null where a key has none. */
  #keysOf(item: Item): unknown[][] {
    let combined: unknown[][] = [[]]
    for (const key of this.#keys) {
      const found = new Map(present(key.values(item)).map((v) => [JSON.stringify(v), v]))
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
