import { compareSortKeys, sortKeyOf } from '../documents/document-order.ts'

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

type Values = readonly unknown[]
/** What one function has seen of one group; `add` tells how many more values it holds. */
export interface Accumulator {
  add(values: Values): number
  result(): unknown
}

/** Each function over values that come one item at a time, empty lists where an item has none. */
export const accumulators: { readonly [F in AggregateFunction]: () => Accumulator } = {
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
