import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Judged } from './judge-ids.ts'
import { sameAnswers } from './parity.ts'
import { PointIds } from './point-ids.ts'
import type { ReplayedIds, ReplayedQuery } from './replay.ts'

const judged: fc.Arbitrary<Judged> = fc.record({
  pointId: fc.uuid(),
  engine: fc.boolean(),
  naive: fc.constantFrom(true, false, null),
})
const query: fc.Arbitrary<ReplayedQuery> = fc
  .record({ key: fc.constantFrom('a', 'b', 'c', 'd', 'e'), judged: fc.array(judged) })
  .map((given) => ({
    ...given,
    shape: `shape ${given.key}`,
    filter: { kind: 'leaf', field: 'f', operator: 'eq', value: 1, caseSensitive: null },
    collectionIds: null,
    ids: new PointIds(),
    upTo: null,
  }))
const replayed: fc.Arbitrary<ReplayedIds> = fc
  .uniqueArray(query, { selector: ({ key }) => key })
  .map((queries) => ({ queries, skipped: 0, takenAt: '2024-01-01T00:00:00.000Z' }))

describe('sameAnswers()', () => {
  test('counts an id only where the filter, on the document as it is, contradicts the engine', () => {
    fc.assert(
      fc.property(replayed, replayed, (before, after) => {
        const { differences } = sameAnswers(before, after)

        for (const { engine, naive } of differences) assert.equal(engine, !naive)
        const asked = new Set(before.queries.map(({ key }) => key))
        const wrong = after.queries
          .filter(({ key }) => asked.has(key))
          .flatMap((one) => one.judged)
          .filter((one) => one.naive !== null && one.naive !== one.engine)
        assert.equal(differences.length, wrong.length)
      }),
    )
  })

  test('counts the queries that both replays asked', () => {
    fc.assert(
      fc.property(replayed, replayed, (before, after) => {
        const asked = new Set(before.queries.map(({ key }) => key))
        const again = new Set(after.queries.map(({ key }) => key))

        assert.equal(sameAnswers(before, after).queries, asked.intersection(again).size)
      }),
    )
  })
})
