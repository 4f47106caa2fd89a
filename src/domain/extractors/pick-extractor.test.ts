import assert from 'node:assert/strict'
import { test } from 'node:test'
import { builtinExtractors } from './catalogue.ts'
import type { Extractor } from './extractor.ts'
import { passthroughExtractor } from './passthrough-extractor.ts'
import { pickExtractor } from './pick-extractor.ts'

const plugin = (name: string, version: string): Extractor => ({
  ...passthroughExtractor,
  id: `${name}_${version.replaceAll('.', '_')}`,
  name,
  version,
  source: 'custom',
})
const extractors = [
  ...builtinExtractors,
  plugin('hash_text', '1.0.0'),
  plugin('words', '1.0.0'),
  plugin('words', '2.1.0'),
]
const pick = (id: string) => pickExtractor(extractors, id)?.id ?? null

test('an extractor is found by its id, its address and any spelling of its version', () => {
  for (const id of ['text_extractor_v1', 'text_extractor', 'text_extractor@v1'])
    assert.equal(pick(id), 'text_extractor_v1', id)
  for (const id of [
    'hash_text_1_0_0',
    'hash_text',
    'hash_text@1.0.0',
    'hash_text@v1',
    'hash_text_v1',
    'hash_text_1_0',
    'mixpeek://hash_text@1.0.0/hash_text_embedding',
  ])
    assert.equal(pick(id), 'hash_text_1_0_0', id)
  assert.equal(pick('words@v2.1'), 'words_2_1_0')
})

test('a bare name that has two versions means neither, and an unknown one nothing', () => {
  for (const id of ['words', 'words@3', 'image_extractor_v1', 'hash_text_2_0_0', ''])
    assert.equal(pick(id), null, id)
})
