import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BucketField, FieldType } from '../buckets/bucket.ts'
import { passthroughExtractor } from '../extractors/passthrough-extractor.ts'
import type { Extractor } from '../extractors/extractor.ts'
import { isFailure } from '../failure.ts'
import { parseMappings } from './parse-mappings.ts'
import { pluginMappings } from './plugin-mappings.ts'

const at = ['body', 'input_mappings']
const plugin = (more: Partial<Extractor> = {}): Extractor => ({
  ...passthroughExtractor,
  source: 'custom',
  inputs: { text: { type: 'text' } },
  supportedInputTypes: ['text'],
  ...more,
})
const schema = (fields: Record<string, FieldType>): Record<string, BucketField> =>
  Object.fromEntries(Object.entries(fields).map(([name, type]) => [name, { type }]))
const map = (extractor: Extractor, fields: Record<string, FieldType>) =>
  pluginMappings(extractor, schema(fields), at)

test('what the manifest maps goes first, then fields called like its inputs, files before strings', () => {
  const declared = plugin({ defaultMappings: { text: 'payload.body' } })
  assert.deepEqual(map(declared, { body: 'text', text: 'text' }), { text: 'body' })
  assert.deepEqual(map(declared, { text: 'text', title: 'string' }), { text: 'text' })

  const inputs = { text: { type: 'text' as const }, title: { type: 'string' as const } }
  assert.deepEqual(map(plugin({ inputs }), { text: 'text', title: 'string' }), { text: 'text' })
})

test('a source with other files of its types is read blob by blob; with one such field, that one', () => {
  assert.deepEqual(map(plugin(), { body: 'text', notes: 'text', photo: 'image' }), {})
  assert.deepEqual(map(plugin(), { body: 'string', year: 'integer' }), { text: 'body' })
  assert.deepEqual(map(plugin(), {}), {})
})

test('where none or several fields could be meant, the answer says what to send', () => {
  for (const fields of [{ year: 'integer' }, { a: 'string', b: 'string' }] as const) {
    assert.throws(
      () => map(plugin(), fields),
      (error) => isFailure(error, 'request_invalid') && error.message.includes('send {"text":'),
    )
  }
})

test('a plugin takes any name of an input, for rows carry their content under each of them', () => {
  const fields = schema({ body: 'text' })
  assert.deepEqual(parseMappings(plugin(), fields, { whatever: 'body' }, at), { whatever: 'body' })
  assert.throws(() => parseMappings(plugin(), fields, { text: 'bdoy' }, at), /did you mean 'body'/)
})
