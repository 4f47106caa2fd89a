import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { enginePath, fieldPaths, pathKeys, resolveFieldPath, rootKeyOf } from './field-path.ts'
import { fieldValues } from './field-values.ts'

test('resolveFieldPath() knows the names of system fields, and metadata. as passthrough leaves it', () => {
  const cases = {
    created_at: '_internal.created_at',
    root_object_id: '_internal.root_object_id',
    '_internal.lineage.root_bucket_id': '_internal.root_bucket_id',
    'metadata.category': 'category',
    'metadata.collection_id': 'metadata.collection_id',
    'a.b': 'a.b',
    metadata: 'metadata',
    'metadata._internal': 'metadata._internal',
  }
  for (const [field, path] of Object.entries(cases)) assert.equal(resolveFieldPath(field), path)
})

describe('the first place that a document has wins', () => {
  const identity = { documentId: 'doc_1', namespaceId: 'ns_1' }
  const cases: [field: string, payload: Record<string, unknown>, values: unknown[]][] = [
    ['metadata.x', { metadata: { x: 1 }, x: 2 }, [1]],
    ['metadata.x', { metadata: { y: 1 }, x: 2 }, [2]],
    ['metadata.x', { metadata: { x: [] }, x: 2 }, [2]],
    ['metadata.x', { metadata: { x: null }, x: 2 }, [null]],
    ['created_at', { created_at: 'mine', _internal: { created_at: 'ours' } }, ['mine']],
    ['created_at', { _internal: { created_at: 'ours' } }, ['ours']],
    ['collection_id', { _internal: { collection_id: 'col_1' } }, ['col_1']],
    ['bucket_id', { _internal: { root_bucket_id: 'bkt_1' } }, ['bkt_1']],
    ['object_id', { _internal: { source_object_id: 'obj_1' } }, ['obj_1']],
    ['document_id', {}, ['doc_1']],
    ['namespace_id', {}, ['ns_1']],
    ['list[].n', { list: [{ n: 1 }, { n: 2 }] }, [1, 2]],
    ['list[1]', { list: ['a', 'b'] }, ['b']],
    ['list.n', { list: [{ n: 1 }] }, []],
    ['"a.b".c', { 'a.b': { c: 1 }, a: { b: { c: 2 } } }, [1]],
    ['constructor', {}, []],
  ]
  for (const [field, payload, values] of cases)
    test(`${field} in ${JSON.stringify(payload)}`, () =>
      assert.deepEqual(fieldValues(payload, field, identity), values))
})

test('enginePath() quotes what the engine would take apart, and says null for what it cannot read', () => {
  assert.equal(enginePath('a.b[].c[0]'), 'a.b[].c[0]')
  assert.equal(enginePath('"a.b".c'), '"a.b".c')
  assert.equal(enginePath('a\\b'), null)
  assert.equal(enginePath('[0].a'), null)
  assert.equal(rootKeyOf('"a.b".c'), 'a.b')
  assert.deepEqual(pathKeys('a[2].b'), ['a', 2, 'b'])
  assert.deepEqual(fieldPaths('x'), ['x'])
})
