import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nearestName, suggestion } from './nearest-name.ts'

const known = ['chunk_size', 'chunk_overlap', 'split_by', 'source_type']

test('nearestName() finds what was meant through typing mistakes, case and dashes', () => {
  assert.equal(nearestName('chunk_sise', known), 'chunk_size')
  assert.equal(nearestName('chunkSize', known), 'chunk_size')
  assert.equal(nearestName('CHUNK-OVERLAP', known), 'chunk_overlap')
  assert.equal(nearestName('chnuk_size', known), 'chunk_size')
})

test('nearestName() names nothing where nothing is near', () => {
  assert.equal(nearestName('temperature', known), null)
  assert.equal(nearestName('', known), null)
  assert.equal(nearestName('x'.repeat(10_000), known), null)
})

test('suggestion() is a tail for a message, empty where there is no near name', () => {
  assert.equal(suggestion('splitby', known), "; did you mean 'split_by'?")
  assert.equal(suggestion('foo', known), '')
})
