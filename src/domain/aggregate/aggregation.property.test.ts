import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Aggregation } from './aggregation.ts'
import type { AggregationRequest } from './aggregation-request.ts'
import { datePart, truncateDate } from './date-values.ts'

const limits = { valuesMax: 10_000 }
const count = { function: 'count', alias: 'n' } as const

function aggregated(items: readonly Record<string, unknown>[], request: AggregationRequest) {
  const aggregation = new Aggregation(request, limits)
  for (const item of items) aggregation.add((field) => [item[field] ?? []].flat())
  return aggregation.answer()
}

test('counts and sums of groups are those of a loop, after having, sorted, and limited', () => {
  const item = fc.record({
    kind: fc.constantFrom('a', 'b', 'c', null),
    size: fc.integer({ min: -5, max: 5 }),
  })
  fc.assert(
    fc.property(fc.array(item), fc.integer({ min: 1, max: 4 }), (items, limit) => {
      const naive = new Map<string | null, { n: number; sum: number }>()
      for (const { kind, size } of items) {
        const known = naive.get(kind) ?? { n: 0, sum: 0 }
        naive.set(kind, { n: known.n + 1, sum: known.sum + size })
      }
      const kept = [...naive].filter(([, { n }]) => n >= 2)

      const answer = aggregated(items, {
        group_by: [{ field: 'kind' }],
        aggregations: [count, { function: 'sum', field: 'size', alias: 'sum' }],
        having: [{ field: 'n', operator: 'gte', value: 2 }],
        sort_by: 'sum',
        limit,
      })

      assert.equal(answer.total_groups, kept.length)
      assert.equal(answer.query_info.groups_before_having, naive.size)
      const sums = kept.map(([, { sum }]) => sum).toSorted((a, b) => b - a)
      assert.deepEqual(
        answer.results.map(({ metrics }) => metrics['sum']),
        sums.slice(0, limit),
      )
      for (const { group, metrics } of answer.results)
        assert.deepEqual(metrics, naive.get((group['kind'] ?? null) as string | null))
    }),
  )
})

test('each number is in the one range that holds it, anything else in the default', () => {
  const sizes = fc.array(fc.oneof(fc.integer({ min: -9, max: 29 }), fc.constantFrom('x', null)))
  fc.assert(
    fc.property(sizes, (all) => {
      const { results } = aggregated(
        all.map((size) => ({ size })),
        {
          group_by: [{ field: 'size', alias: 'range' }],
          aggregations: [count],
          range_buckets: [{ field: 'size', boundaries: [0, 10, 20], default_bucket: 'else' }],
        },
      )

      const label = (size: unknown) => {
        if (typeof size !== 'number' || size < 0 || size >= 20) return 'else'
        return size < 10 ? '0-10' : '10-20'
      }
      const naive = Map.groupBy(all, label)
      const found = new Map(results.map(({ group, metrics }) => [group['range'], metrics['n']]))
      assert.deepEqual(found, new Map([...naive].map(([name, { length }]) => [name, length])))
    }),
  )
})

test('a date is never before the begin of its unit, and its parts are those of the calendar', () => {
  const dates = fc.date({
    min: new Date('1900-01-01'),
    max: new Date('2100-01-01'),
    noInvalidDate: true,
  })
  fc.assert(
    fc.property(dates, (date) => {
      const text = date.toISOString()
      for (const unit of ['year', 'month', 'week', 'day', 'hour', 'minute', 'second'] as const) {
        const begin = truncateDate(text, unit)
        assert.ok(begin !== null && begin <= text, unit)
        assert.equal(truncateDate(begin, unit), begin)
      }
      assert.equal(truncateDate(text, 'day'), `${text.slice(0, 10)}T00:00:00.000Z`)
      assert.equal(datePart(truncateDate(text, 'week'), 'dayOfWeek'), 1)
      assert.equal(datePart(text, 'month'), Number(text.slice(5, 7)))
      assert.equal(datePart(text, 'hour'), Number(text.slice(11, 13)))
    }),
  )
  assert.equal(datePart('2023-01-01', 'week'), 1)
  assert.equal(datePart('2024-01-01', 'week'), 0)
  assert.equal(datePart('2024-12-31', 'dayOfYear'), 366)
  assert.equal(truncateDate('no date', 'day'), null)
})

test('unwound, an item counts once for each element, read in place of its list', () => {
  const items = [
    {
      name: 'one',
      lines: [
        { sku: 'a', price: 2 },
        { sku: 'b', price: 3 },
      ],
    },
    { name: 'two', lines: [{ sku: 'a', price: 5 }] },
    { name: 'none' },
  ]

  const { results } = aggregated(items, {
    group_by: [{ field: 'lines.sku', alias: 'sku' }],
    aggregations: [
      { function: 'sum', field: 'lines.price', alias: 'total' },
      { function: 'push', field: 'name', alias: 'names' },
    ],
    unwind: 'lines',
    sort_by: 'sku',
    sort_direction: 'asc',
  })

  assert.deepEqual(results, [
    { group: { sku: 'a' }, metrics: { total: 7, names: ['one', 'two'] } },
    { group: { sku: 'b' }, metrics: { total: 3, names: ['one'] } },
  ])
})
