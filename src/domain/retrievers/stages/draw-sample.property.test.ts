import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { allocate, drawRandom, drawStratified, drawSystematic } from './draw-sample.ts'
import { seededRandom } from './seeded-random.ts'

const items = fc
  .array(fc.constantFrom('a', 'b', 'c'), { maxLength: 40 })
  .map((strata) => strata.map((stratum, place) => ({ stratum, place })))
const seed = fc.integer()
const count = fc.integer({ min: 0, max: 50 })

function isInOrder(drawn: readonly { place: number }[]): boolean {
  return drawn.every(({ place }, i) => i === 0 || (drawn[i - 1]?.place ?? -1) < place)
}

test('a sample has as many as it may, each at most once, in their order', () => {
  fc.assert(
    fc.property(items, count, seed, (all, wanted, from) => {
      for (const draw of [drawRandom, drawSystematic]) {
        const drawn = draw(all, wanted, seededRandom(from))
        assert.equal(drawn.length, Math.min(wanted, all.length))
        assert.ok(isInOrder(drawn))
      }
    }),
  )
})

test('the same seed draws the same', () => {
  fc.assert(
    fc.property(items, count, seed, (all, wanted, from) => {
      const strata = { count: wanted, minEach: 1, each: null }
      const draws = [0, 1].map(() => [
        drawRandom(all, wanted, seededRandom(from)),
        drawSystematic(all, wanted, seededRandom(from)),
        drawStratified(all, ({ stratum }) => stratum, strata, seededRandom(from)),
      ])
      assert.deepEqual(draws[0], draws[1])
    }),
  )
})

test('strata get their least, then their share; nothing is drawn twice or beyond the count', () => {
  fc.assert(
    fc.property(items, count, fc.nat(5), seed, (all, wanted, minEach, from) => {
      const strata = { count: wanted, minEach, each: null }
      const drawn = drawStratified(all, ({ stratum }) => stratum, strata, seededRandom(from))

      assert.equal(drawn.length, Math.min(wanted, all.length))
      assert.ok(isInOrder(drawn))
      const sizes = new Map(['a', 'b', 'c'].map((s) => [s, all.filter((i) => i.stratum === s)]))
      const least = [...sizes.values()].reduce((sum, s) => sum + Math.min(s.length, minEach), 0)
      if (least > wanted) return
      for (const [name, { length }] of sizes) {
        const own = drawn.filter(({ stratum }) => stratum === name).length
        assert.ok(own >= Math.min(length, minEach), name)
        const share =
          (wanted - least) * ((length - Math.min(length, minEach)) / (all.length - least || 1))
        assert.ok(own + 1 >= Math.min(length, Math.min(length, minEach) + share), name)
      }
    }),
  )
})

test('so many of each stratum are so many of each', () => {
  assert.deepEqual(allocate([5, 3, 1], { count: 100, minEach: 0, each: 2 }), [2, 2, 1])
  assert.deepEqual(allocate([5, 3, 1], { count: 3, minEach: 0, each: 2 }), [2, 1, 0])
  assert.deepEqual(allocate([6, 3, 1], { count: 5, minEach: 1, each: null }), [2, 2, 1])
})

test('every item is drawn about equally often', () => {
  const all = Array.from({ length: 20 }, (_, i) => i)
  const times = all.map(() => 0)
  for (let from = 0; from < 4_000; from += 1)
    for (const i of drawRandom(all, 5, seededRandom(from))) times[i] = (times[i] ?? 0) + 1

  // 1,000 of each are expected, with a standard deviation of 27.
  for (const each of times) assert.ok(Math.abs(each - 1_000) < 150, String(times))
})
