import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { MeasuredSearch } from './explain-search.ts'
import { shortSearch } from './short-search.ts'

const measured: MeasuredSearch = {
  explained: {
    vector: 'place',
    vector_type: 'dense',
    top_k: 100,
    min_score: null,
    method: 'graph',
    why: '',
    compared_with_exact: null,
    filter: {
      engine_filter: null,
      conditions: [],
      in_scope: 1_000,
      candidates: 500,
      documents_tested: 0,
      exceptions_tested: 0,
    },
  },
  withVector: 500,
  found: 10,
  foundBelow: 10,
  foundExactly: 10,
  bestBelow: null,
}

describe('shortSearch()', () => {
  test('nothing is short where a search brought all that it could', () => {
    assert.deepEqual(shortSearch(measured, 10, 'search'), [])
  })

  test('what only a search without the graph finds was missed by the graph', () => {
    const reasons = shortSearch({ ...measured, found: 7, foundBelow: 7 }, 10, 'search')

    assert.deepEqual(reasons, [
      {
        reason: 'graph',
        stage: 'search',
        message: 'The graph missed 3 documents that a search without it finds.',
        figures: { missed: 3 },
      },
    ])
  })
})
