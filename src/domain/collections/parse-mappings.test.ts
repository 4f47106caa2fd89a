import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { BucketField } from '../buckets/bucket.ts'
import { passthroughExtractor } from '../extractors/passthrough-extractor.ts'
import { textExtractor } from '../extractors/text-extractor.ts'
import { isFailure } from '../failure.ts'
import { parseMappings } from './parse-mappings.ts'
import { parsePassthrough, targetOf } from './parse-passthrough.ts'

const schema: Record<string, BucketField> = {
  content: { type: 'text' },
  title: { type: 'string' },
  product: { type: 'object', properties: { name: { type: 'string' } } },
}

describe('parseMappings()', () => {
  test('takes an object or a list, with the prefixes of prose', () => {
    assert.deepEqual(map({ text: '$.content' }), { text: 'content' })
    assert.deepEqual(map({ text: 'payload.product.name' }), { text: 'product.name' })
    assert.deepEqual(
      map([{ input_key: 'text', source_type: 'payload', path: '$.payload.title' }]),
      {
        text: 'title',
      },
    )
  })

  test('an absent mapping takes the field of the input’s name, else the only text field', () => {
    assert.deepEqual(map(undefined), { text: 'content' })
    assert.deepEqual(
      parseMappings(textExtractor, { text: { type: 'string' }, a: { type: 'text' } }, null, at),
      {
        text: 'text',
      },
    )
    assert.deepEqual(parseMappings(textExtractor, {}, null, at), { text: 'text' })
    assert.deepEqual(parseMappings(passthroughExtractor, schema, null, at), { content: 'content' })
    assert.deepEqual(parseMappings(passthroughExtractor, { a: { type: 'text' } }, null, at), {})
  })

  test('two candidates without a mapping are refused with an example', () => {
    const two: Record<string, BucketField> = { a: { type: 'text' }, b: { type: 'text' } }
    assert.match(
      messageOf(() => parseMappings(textExtractor, two, undefined, at)),
      /{"text": "a"}/,
    )
  })

  test('a path that the schema lacks is named with the nearest, metadata excepted', () => {
    assert.match(
      messageOf(() => map({ text: 'contnet' })),
      /did you mean 'content'/,
    )
    assert.match(
      messageOf(() => map({ text: 'product.price' })),
      /product.price/,
    )
    assert.deepEqual(map({ text: 'metadata.anything' }), { text: 'metadata.anything' })
  })

  test('an unknown input is named with the known ones', () => {
    assert.match(
      messageOf(() => map({ txt: 'content' })),
      /it has text/,
    )
  })
})

describe('parsePassthrough()', () => {
  test('takes strings and objects, and flattens nested paths to their last segment', () => {
    const entries = parsePassthrough(
      ['content', 'metadata.author', { source_path: '$.a.b', target_path: 'c', required: true }],
      at,
    )
    assert.deepEqual(entries.map(targetOf), ['content', 'author', 'c'])
    assert.deepEqual(entries[2], { source_path: 'a.b', target_path: 'c', required: true })
  })

  test('two sources of one target, and targets that the server keeps, are refused', () => {
    assert.match(
      messageOf(() => parsePassthrough(['a.x', 'b.x'], at)),
      /'x' is the target/,
    )
    assert.match(
      messageOf(() => parsePassthrough(['_internal'], at)),
      /kept by the server/,
    )
    assert.match(
      messageOf(() => parsePassthrough([{ source_path: 'a', target_path: 'document_id' }], at)),
      /kept by the server/,
    )
  })
})

const at = ['body', 'x']

function map(given: unknown) {
  return parseMappings(textExtractor, schema, given, at)
}

function messageOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (isFailure(error, 'request_invalid')) return error.message
    throw error
  }
  return 'nothing was refused'
}
