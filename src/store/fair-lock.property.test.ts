import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FairLock } from './fair-lock.ts'

test('whatever is asked in whatever order: a writer is alone, everybody gets in or is aborted, nothing is left', async () => {
  const step = fc.record({
    kind: fc.constantFrom('shared' as const, 'exclusive' as const),
    turns: fc.nat(4),
    startAt: fc.nat(10),
    abortAt: fc.option(fc.nat(12)),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      const lock = new FairLock()
      const inside = { shared: 0, exclusive: 0 }

      const outcomes = await Promise.all(
        steps.map(async ({ kind, turns, startAt, abortAt }) => {
          const abort = new AbortController()
          if (abortAt !== null) void wait(abortAt).then(() => abort.abort(new Error('left')))
          await wait(startAt)
          try {
            await (kind === 'shared'
              ? lock.acquireShared(abort.signal)
              : lock.acquireExclusive(abort.signal))
          } catch {
            return 'aborted'
          }
          inside[kind] += 1
          assert.ok(inside.exclusive === 0 || (inside.exclusive === 1 && inside.shared === 0))
          await wait(turns)
          inside[kind] -= 1
          if (kind === 'shared') lock.releaseShared()
          else lock.releaseExclusive()
          return 'entered'
        }),
      )

      assert.equal(outcomes.length, steps.length)
      assert.ok(lock.isIdle)
    }),
  )
})

/** Lets that many turns of the microtask queue pass. */
async function wait(turns: number): Promise<void> {
  for (let i = 0; i < turns; i++) await Promise.resolve()
}
