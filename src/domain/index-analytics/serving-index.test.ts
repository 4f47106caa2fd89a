import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { IndexState, PayloadIndex } from '../payload-indexes/payload-index.ts'
import { systemIndexes } from '../payload-indexes/system-indexes.ts'
import { servingIndex } from './serving-index.ts'

const index = (path: string, state: IndexState): PayloadIndex => ({
  fieldName: path,
  path,
  schema: { type: 'keyword' },
  origin: 'user',
  isProtected: false,
  state,
  error: null,
})

test('only an index that answers counts as one', () => {
  for (const state of ['pending', 'building', 'failed', 'dropping', 'virtual'] as const)
    assert.equal(servingIndex({ payloadIndexes: [index('a', state)] }, 'a').isIndexed, false)
  assert.equal(servingIndex({ payloadIndexes: [index('a', 'active')] }, 'a').isIndexed, true)
  assert.equal(servingIndex({ payloadIndexes: [index('a', 'active')] }, 'b').isIndexed, false)
})

test('an older word for a field is served by the index of the newer one', () => {
  const payloadIndexes = systemIndexes().map((one) =>
    one.fieldName === 'source_object_id' ? { ...one, state: 'active' as const } : one,
  )

  const { isIndexed, isProtected } = servingIndex({ payloadIndexes }, '_internal.object_id')

  assert.deepEqual([isIndexed, isProtected], [true, true])
})

test('constants of the namespace and ids of documents need no index', () => {
  const needs = (path: string) => servingIndex({ payloadIndexes: [] }, path).needsIndex

  assert.deepEqual(['_internal.namespace_id', '_internal.document_id', 'a'].map(needs), [
    false,
    false,
    true,
  ])
})
