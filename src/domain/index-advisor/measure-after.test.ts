import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fronted } from '../../../test/support/fronted.ts'
import { openTestPorts } from '../../../test/support/ports.ts'
import { leafOf, openWrittenNamespace } from '../../../test/support/written-namespace.ts'
import type { Ports } from '../../ports/ports.ts'
import { compareGain, thresholdsOf } from './compare-gain.ts'
import { measureAfter } from './measure-after.ts'
import { measureSamples } from './measure-gain.ts'
import type { AskedSample } from './measurement.ts'

describe('measureAfter()', () => {
  for (const { slow, isLost } of [
    { slow: 1, isLost: false },
    { slow: 3, isLost: false },
    { slow: Infinity, isLost: true },
  ]) {
    test(`asks again what seems lost: slow in ${slow} measurement(s), it ${isLost ? 'is' : 'is not'}`, async () => {
      await using ports = await openTestPorts({
        NACRE_INDEX_MEASURE_MS: '500',
        // A busy machine's noise is less.
        NACRE_INDEX_LOSS_PERCENT_MAX: '300',
      })
      const fields = Array.from({ length: 3_000 }, (_, year) => ({ year, tag: `n${year % 10}` }))
      const { namespace } = await openWrittenNamespace(ports, { fields })
      const samples = ['year', 'tag'].map(countBy)
      const shapes = ['year', 'tag'].map((path) => ({ shape: path, paths: [path], count: 10 }))
      const before = await measureSamples(ports, namespace, samples, shapes)

      const asked = { path: 'tag', before }
      const reads = { samples, shapes, own: 1 }
      // Much slower than the slowest before, whatever else the machine did then.
      const ms =
        100 + 20 * Math.max(...before.shapes.flatMap(({ runs }) => runs.flatMap(({ ms }) => ms)))
      const slowed = slowedBy(ports, 'year', ms, slow)
      const after = await measureAfter(slowed, namespace, asked, reads)

      const { verdict, worst } = compareGain(before, after, 'tag', thresholdsOf(ports.config))
      assert.equal(worst?.shape, 'year')
      assert.equal(verdict === 'regression', isLost, JSON.stringify({ verdict, worst }))
      assert.ok(after.shapes.every(({ runs }) => runs.every(({ ms }) => ms.length > 0)))
      assert.deepEqual(
        after.shapes.map(({ shape, weight }) => [shape, weight]),
        before.shapes.map(({ shape, weight }) => [shape, weight]),
      )
    })
  }
})

function countBy(path: string): AskedSample {
  const filter = path === 'year' ? leafOf(path, 'lt', 100) : leafOf(path, 'eq', 'n3')
  return { shape: path, kind: 'count', filter, collectionIds: null, using: null, limit: null }
}

/** An engine whose counts by a field take `ms` more in so many measurements; each begins by counting all documents. */
function slowedBy(ports: Ports, field: string, ms: number, measurements: number): Ports {
  let begun = 0
  const vectors = fronted(ports.vectors, {
    async count(...args) {
      const asked = JSON.stringify(args)
      if (!/year|tag/.test(asked)) begun++
      if (begun <= measurements && asked.includes(field)) await sleep(ms)
      return await ports.vectors.count(...args)
    },
  })
  return { ...ports, vectors }
}
