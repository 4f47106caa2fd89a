import assert from 'node:assert/strict'
import { test } from 'node:test'
import { combinations } from './compound-patterns.ts'

const read = (paths: string[], count: number) => ({
  paths,
  count,
  totalMs: count * 4,
  histogram: [0, 0, count],
})

test('shapes of the same fields are one pattern, whatever they ask of them; the most frequent comes first', () => {
  const shapes = [
    read(['a', 'b'], 2),
    read(['b', 'a', 'a'], 3),
    read(['a'], 100),
    read(['a', 'b', 'category'], 9),
    read(['a', 'a'], 50),
  ]

  const patterns = combinations(shapes, new Map([['category', 'metadata.category']]))

  assert.deepEqual(
    patterns.map((one) => [one.field_combination, one.combination_count, one.avg_latency_ms]),
    [
      [['a', 'b', 'metadata.category'], 9, 4],
      [['a', 'b'], 5, 4],
    ],
  )
})
