import assert from 'node:assert/strict'
import { test } from 'node:test'
import { JobSize } from './job-size.ts'

test('a job has eight texts, and takes about 16 ms for a second after each query, a text at least', () => {
  let now = 5_000
  const size = new JobSize(() => now)
  const sizes = () => [0, 1, 4, 15, 100].map((textMs) => size.texts(textMs))

  assert.deepEqual(sizes(), [8, 8, 8, 8, 8])
  size.noteQuery()
  assert.deepEqual(sizes(), [8, 8, 4, 1, 1])
  now += 999
  assert.deepEqual(sizes(), [8, 8, 4, 1, 1])
  size.noteQuery()
  now += 999
  assert.deepEqual(sizes(), [8, 8, 4, 1, 1])
  now += 1
  assert.deepEqual(sizes(), [8, 8, 8, 8, 8])
})
