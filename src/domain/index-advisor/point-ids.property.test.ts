import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { PointIds } from './point-ids.ts'

const ids = fc.uniqueArray(fc.uuid(), { maxLength: 200 })

describe('PointIds', () => {
  test('tells the ids that only one of the two has, as sets would', () => {
    fc.assert(
      fc.property(ids, ids, ids, (shared, a, b) => {
        const one = new Set([...shared, ...a])
        const two = new Set([...shared, ...b])

        const found = of(one).differing(of(two), null, 1_000)

        assert.deepEqual(found, [...one.symmetricDifference(two)].toSorted())
      }),
    )
  })

  test('looks no further than where it is told to', () => {
    fc.assert(
      fc.property(ids, ids, fc.uuid(), (a, b, end) => {
        const expected = [...new Set(a).symmetricDifference(new Set(b))].filter((id) => id <= end)

        assert.deepEqual(of(a).differing(of(b), end, 1_000), expected.toSorted())
      }),
    )
  })

  test('of more differences than are asked for, some of all parts are told', () => {
    fc.assert(
      fc.property(ids, fc.integer({ min: 1, max: 20 }), (list, max) => {
        const found = of(list).differing(of([]), null, max)
        const sorted = list.toSorted()

        assert.equal(found.length, Math.min(max, list.length))
        assert.equal(new Set(found).size, found.length)
        assert.ok(found.every((id) => sorted.includes(id)))
      }),
    )
  })

  test('knows its last id, and refuses what is out of order or no id', () => {
    const kept = of([
      '00000000-0000-4000-8000-000000000001',
      'ffffffff-0000-4000-8000-000000000001',
    ])

    assert.equal(kept.length, 2)
    assert.equal(kept.last(), 'ffffffff-0000-4000-8000-000000000001')
    assert.throws(() => kept.add('00000000-0000-4000-8000-000000000001'), TypeError)
    assert.throws(() => kept.add('doc_1'), TypeError)
    assert.equal(new PointIds().last(), null)
  })
})

function of(list: Iterable<string>): PointIds {
  const kept = new PointIds()
  for (const id of [...list].toSorted()) kept.add(id)
  return kept
}
