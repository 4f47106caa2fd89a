import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fuseScores } from './fuse-scores.ts'

const found = fc.uniqueArray(
  fc.record({
    pointId: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    score: fc.integer({ min: -4, max: 4 }).map((n) => n / 4),
  }),
  { selector: ({ pointId }) => pointId },
)
const lists = fc.array(
  fc.record({ weight: fc.integer({ min: 0, max: 4 }).map((n) => n / 4), found }),
  { maxLength: 4 },
)

test('every document found is there once, best first, with the score that the definition gives it', () => {
  fc.assert(
    fc.property(lists, fc.constantFrom('weighted', 'max'), (given, fusion) => {
      const fused = fuseScores(given, fusion)

      const ids = new Set(given.flatMap((list) => list.found.map(({ pointId }) => pointId)))
      assert.deepEqual(fused.map(({ pointId }) => pointId).toSorted(), [...ids].toSorted())
      for (const { pointId, score } of fused) {
        const own = given.flatMap((list) =>
          list.found.filter((one) => one.pointId === pointId).map((one) => ({ ...one, ...list })),
        )
        const wanted =
          fusion === 'max'
            ? Math.max(...own.map((one) => one.score))
            : own.reduce((sum, one) => sum + one.weight * one.score, 0)
        assert.equal(score, wanted)
      }
      for (const [i, { score }] of fused.entries())
        assert.ok(i === 0 || (fused[i - 1]?.score ?? 0) >= score)
    }),
  )
})

test('the order of the searches changes nothing', () => {
  fc.assert(
    fc.property(lists, fc.constantFrom('weighted', 'max'), (given, fusion) => {
      assert.deepEqual(fuseScores(given.toReversed(), fusion), fuseScores(given, fusion))
    }),
  )
})
