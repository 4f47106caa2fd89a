import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keptInSlices, Slices } from './slices.ts'

/** Holds the process up for two milliseconds, as a long test of a document would. */
function busy(): boolean {
  const until = performance.now() + 2
  while (performance.now() < until);
  return true
}

test('keptInSlices() keeps what meets the test, and lets others have their turn on the way', async () => {
  let turns = 0
  const other = setInterval(() => (turns += 1), 1)

  const kept = await keptInSlices(
    Array.from({ length: 50 }, (_, i) => i),
    (i) => busy() && i % 2 === 0,
  )

  clearInterval(other)
  assert.deepEqual(
    kept,
    Array.from({ length: 25 }, (_, i) => i * 2),
  )
  assert.ok(turns > 0)
})

test('work that nobody waits for any more ends between two slices', async () => {
  const gone = AbortSignal.abort(new Error('gone'))

  await assert.rejects(new Slices().next(gone), /gone/)
})
