import assert from 'node:assert/strict'
import { test } from 'node:test'
import { meanVector } from './mean-vector.ts'

test('directions count by their weight, not by their length', () => {
  const mean = meanVector([Float32Array.of(10, 0), Float32Array.of(0, 1)], [1, 1])
  assert.ok(Math.abs((mean[0] ?? 0) - Math.SQRT1_2) < 1e-6)
  assert.ok(Math.abs((mean[1] ?? 0) - Math.SQRT1_2) < 1e-6)
  const heavy = meanVector([Float32Array.of(1, 0), Float32Array.of(0, 1)], [3, 4])
  assert.ok(Math.abs((heavy[0] ?? 0) - 0.6) < 1e-6)
  assert.ok(Math.abs((heavy[1] ?? 0) - 0.8) < 1e-6)
})
