import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { VectorDefinition } from '../../namespaces/namespace.ts'
import { searchMethod } from './search-method.ts'

const vector: VectorDefinition = {
  name: 'place',
  description: 'of a test',
  type: 'dense',
  dimensions: 1_024,
  distance: 'cosine',
  inferenceName: null,
  extractorId: null,
  featureUri: 'place',
}
/** 4 KB a vector: 2,500 of them are the engine's 10,000 KB. */
const counts = { withVector: 100_000, candidates: 50_000, isFiltered: true }

describe('searchMethod()', () => {
  test('a sparse vector needs no graph', () => {
    assert.equal(searchMethod({ ...vector, type: 'sparse' }, null, counts).method, 'exact')
  })

  test('vectors too few for a graph are all scored, filtered or not', () => {
    const few = { withVector: 2_500, candidates: 2_500 }

    assert.equal(searchMethod(vector, null, { ...few, isFiltered: false }).method, 'exact')
    assert.equal(searchMethod(vector, null, { ...few, isFiltered: true }).method, 'exact')
  })

  test('fewer candidates than the threshold are scored, more walk the graph', () => {
    const method = (candidates: number) =>
      searchMethod(vector, null, { ...counts, candidates }).method

    assert.deepEqual([method(0), method(2_499), method(2_500)], ['exact', 'exact', 'graph'])
  })

  test("the collection's own threshold, and the size of its numbers, decide", () => {
    const collection = {
      vectors: { place: { size: 1_024, distance: 'Cosine' as const, datatype: 'uint8' as const } },
      hnsw_config: { full_scan_threshold: 1_000 },
    }
    const method = (candidates: number) =>
      searchMethod(vector, collection, { ...counts, candidates }).method

    assert.deepEqual([method(999), method(1_000)], ['exact', 'graph'])
  })
})
