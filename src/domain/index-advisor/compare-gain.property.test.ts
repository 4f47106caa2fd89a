import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { medianOf, quantile } from './bootstrap.ts'
import { compareGain, defaultThresholds, thresholdsOf } from './compare-gain.ts'
import { controlShape, type MeasuredShape, type Measurement } from './measurement.ts'

const numRuns = Number(process.env['NACRE_PROPERTY_RUNS'] ?? 40)

const ms = fc.double({ min: 1, max: 100, noNaN: true, noDefaultInfinity: true })
const runs = fc
  .array(fc.array(ms, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 5 })
  .map((lists) => lists.map((list, i) => ({ key: `q${i}`, ms: list })))
const paths = fc.constantFrom<string[][]>(['price'], ['brand', 'price'], ['brand'], ['year'])
const shapes = fc
  .array(fc.record({ runs, paths, weight: fc.double({ min: 0.01, max: 1, noNaN: true }) }), {
    minLength: 1,
    maxLength: 6,
  })
  .map((list) => list.map((each, i) => shapeOf(`shape ${i}`, each)))
const factor = fc.double({ min: 0.01, max: 5, noNaN: true })

describe('compareGain()', () => {
  test('what takes the same time has gained nothing, and lost nothing', () => {
    fc.assert(
      fc.property(shapes, (list) => {
        const { gain, interval, verdict } = compareGain(measured(list), measured(list), 'price')

        assert.equal(gain, 0)
        assert.ok(interval[0] <= interval[1])
        assert.notEqual(verdict, 'keep')
      }),
      { numRuns },
    )
  })

  test('the gain is what was taken off every read with the path, whatever the other reads did', () => {
    fc.assert(
      fc.property(shapes, factor, factor, (list, own, other) => {
        fc.pre(list.some(hasPrice))
        const after = list.map((each) => slowed(each, hasPrice(each) ? own : other))
        const { gain, interval } = compareGain(measured(list), measured(after), 'price')

        assert.ok(Math.abs(gain - (1 - own)) < 1e-9)
        assert.ok(interval[0] <= interval[1])
      }),
      { numRuns },
    )
  })

  test('neither the unit of time, nor the order of shapes and queries, nor the scale of weights matters', () => {
    fc.assert(
      fc.property(shapes, factor, factor, (list, scale, by) => {
        const free = { ...defaultThresholds, savedMsMin: 0 }
        const after = list.map((each) => slowed(each, by))
        const turned = (each: readonly MeasuredShape[]) =>
          each.toReversed().map((one) => ({
            ...slowed(one, scale),
            weight: one.weight * scale,
            runs: slowed(one, scale).runs.toReversed(),
          }))
        const one = compareGain(measured(list), measured(after), 'price', free)
        const two = compareGain(measured(turned(list)), measured(turned(after)), 'price', free)

        assert.ok(Math.abs(one.gain - two.gain) < 1e-9)
      }),
      { numRuns },
    )
  })

  test('only queries that were asked on both sides count', () => {
    fc.assert(
      fc.property(shapes, runs, factor, (list, more, by) => {
        const after = list.map((each) => slowed(each, by))
        const widened = after.map((each) => ({
          ...each,
          runs: [...each.runs, ...more.map((run) => ({ ...run, key: `new ${run.key}` }))],
        }))
        const one = compareGain(measured(list), measured(after), 'price')
        const two = compareGain(measured(list), measured(widened), 'price')

        assert.deepEqual(two, one)
      }),
      { numRuns },
    )
  })

  test('an index is never kept for less than the least gain, nor for less than the least time', () => {
    fc.assert(
      fc.property(shapes, factor, (list, by) => {
        const { verdict, gain } = compareGain(
          measured(list),
          measured(list.map((each) => slowed(each, by))),
          'price',
        )

        if (verdict === 'keep') assert.ok(gain >= 0.2)
        const tiny = list.map((each) => slowed(each, 1e-4))
        const faster = tiny.map((each) => slowed(each, 0.01))
        assert.notEqual(compareGain(measured(tiny), measured(faster), 'price').verdict, 'keep')
      }),
      { numRuns },
    )
  })

  test('any other shape that surely lost more than it may turns the verdict', () => {
    fc.assert(
      fc.property(fc.integer({ min: 12, max: 200 }), fc.integer({ min: 0, max: 8 }), (loss, ok) => {
        const own = steady('price', 10)
        const before = [own, steady('brand', 5), steady('year', 5), controlOf(1)]
        const slower = (by: number) => [
          slowed(own, 0.05),
          slowed(steady('brand', 5), 1 + by / 100),
          steady('year', 5),
          controlOf(1),
        ]
        const lost = compareGain(measured(before), measured(slower(loss)), 'price')
        const kept = compareGain(measured(before), measured(slower(ok)), 'price')

        assert.equal(lost.verdict, 'regression')
        assert.equal(lost.worst?.shape, 'a list by brand')
        assert.equal(kept.verdict, 'keep')
      }),
      { numRuns },
    )
  })

  test('a read that takes as long as before lost nothing, however much quicker the control reads became', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.05, max: 1, noNaN: true }), (drift) => {
        const before = [steady('price', 50), steady('brand', 5), controlOf(1)]
        const after = [slowed(steady('price', 50), 0.02), steady('brand', 5)]
        after.push(slowed(controlOf(1), drift))

        assert.equal(compareGain(measured(before), measured(after), 'price').worst?.change, 0)
      }),
      { numRuns },
    )
  })

  test('of two that are slower the one that surely is is told', () => {
    const unsure = { ...steady('year', 5), runs: [{ key: 'year', ms: [5, 5, 5] }] }
    const before = [steady('price', 50), steady('brand', 5), unsure, controlOf(1)]
    const after = [slowed(steady('price', 50), 0.02), slowed(steady('brand', 5), 1.5), controlOf(1)]
    after.push({ ...unsure, runs: [{ key: 'year', ms: [5, 20, 20] }] })
    const { worst, verdict } = compareGain(measured(before), measured(after), 'price')

    assert.equal(verdict, 'regression')
    assert.equal(worst?.shape, 'a list by brand')
  })

  test('a machine that became slower altogether is no loss of other reads', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.5, max: 4, noNaN: true }), (drift) => {
        const before = [steady('price', 50), steady('brand', 5), controlOf(1)]
        const after = [slowed(steady('price', 50), 0.02 * drift)]
        after.push(slowed(steady('brand', 5), drift), slowed(controlOf(1), drift))
        const { verdict, worst } = compareGain(measured(before), measured(after), 'price')

        assert.equal(verdict, 'keep')
        assert.ok((worst?.change ?? 1) < 1e-9)
      }),
      { numRuns },
    )
  })
})

describe('a gain', () => {
  test('is not claimed where no query with the field was measured', () => {
    const list = [steady('brand', 5)]
    const { verdict, gain, sentence } = compareGain(measured(list), measured(list), 'price')

    assert.equal(verdict, 'no_gain')
    assert.equal(gain, 0)
    assert.match(sentence, /^Not measured/)
  })

  test('says its figures: share, interval, both times, queries, runs and the worst of the others', () => {
    const before = [steady('price', 10), steady('brand', 5)]
    const after = [slowed(steady('price', 10), 0.05), slowed(steady('brand', 5), 1.02)]
    const { sentence } = compareGain(measured(before), measured(after), 'price')

    assert.match(sentence, /^Saved 95 % of the time \(95 % interval 9\d % to 9\d %\)/)
    assert.match(sentence, /10\.\d+ ms → 0\.5\d ms a read by 4 recorded queries of 1 shape/)
    assert.match(
      sentence,
      /40 runs; of 1 other shape the worst, 'a list by brand', changed by \+2 %\.$/,
    )
  })

  test('of one shape that gains and one that loses is their sum by frequency', () => {
    const narrow = { ...steady('price', 10), shape: 'narrow', weight: 0.1 }
    const wide = { ...steady('price', 10), shape: 'wide', weight: 0.9 }
    const after = [slowed(narrow, 1 / 15), slowed(wide, 1.16)]
    const { gain, verdict } = compareGain(measured([narrow, wide]), measured(after), 'price')

    assert.ok(Math.abs(gain - (1 - (0.1 / 15 + 0.9 * 1.16))) < 1e-9)
    assert.equal(verdict, 'no_gain')
  })

  test('of many shapes is found without holding up the process', () => {
    const before = Array.from({ length: 24 }, (_, i) => ({ ...steady('price', 10), shape: `${i}` }))
    const after = before.map((each) => slowed(each, 0.5))

    assert.equal(compareGain(measured(before), measured(after), 'price').verdict, 'keep')
  })

  test('is held to the settings', () => {
    const config = {
      indexGainPercentMin: 30,
      indexLossPercentMax: 5,
      indexSavedMicrosecondsMin: 50,
    }

    assert.deepEqual(thresholdsOf(config), { gainMin: 0.3, lossMax: 0.05, savedMsMin: 0.05 })
  })
})

/** Four queries of five runs each, within 2 % of `base` ms. */
function steady(path: string, base: number): MeasuredShape {
  const list = ['a', 'b', 'c', 'd'].map((key, i) => ({
    key,
    ms: [0.99, 0.995, 1, 1.005, 1.01].map((by) => base * by * (1 + i / 500)),
  }))
  return shapeOf(`a list by ${path}`, { runs: list, paths: [path], weight: 0.5 })
}

function controlOf(base: number): MeasuredShape {
  const list = [{ key: 'control', ms: [0.99, 1, 1.01].map((by) => base * by) }]
  return shapeOf(controlShape, { runs: list, paths: [], weight: 0 })
}

function shapeOf(
  shape: string,
  given: { runs: { key: string; ms: number[] }[]; paths: string[]; weight: number },
): MeasuredShape {
  const all = given.runs.flatMap((run) => run.ms)
  return {
    shape,
    samples: given.runs.length,
    p50Ms: medianOf(all),
    p95Ms: quantile(all, 0.95),
    spreadMs: [quantile(all, 0.25), quantile(all, 0.75)],
    ...given,
  }
}

function slowed(shape: MeasuredShape, by: number): MeasuredShape {
  const list = shape.runs.map((run) => ({ ...run, ms: run.ms.map((one) => one * by) }))
  return shapeOf(shape.shape, { runs: list, paths: shape.paths, weight: shape.weight })
}

function measured(list: readonly MeasuredShape[]): Measurement {
  return { shapes: [...list], rounds: 5, documents: 1_000, takenAt: '2024-01-01T00:00:00.000Z' }
}

function hasPrice(shape: MeasuredShape): boolean {
  return shape.paths.includes('price')
}
