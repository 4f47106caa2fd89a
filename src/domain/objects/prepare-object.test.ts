import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readConfig } from '../../config.ts'
import type { Bucket } from '../buckets/bucket.ts'
import { isFailure } from '../failure.ts'
import { prepareObject } from './prepare-object.ts'

const ports = { newId: (prefix?: string) => `${prefix}_1`, config: readConfig({}) }

describe('prepareObject()', () => {
  test('takes a blob and a root field of one name together', () => {
    const object = prepareObject(ports, bucket({ content: { type: 'text' } }), {
      content: 'hello',
      blobs: [{ property: 'content', type: 'TEXT', data: 'hello' }],
    })

    assert.deepEqual(object.fields, { content: 'hello' })
    assert.equal(object.blobs[0]?.data, 'hello')
    assert.equal(object.blobs[0]?.sizeBytes, 5)
  })

  test('decodes data URIs and base64 of a text', () => {
    const schema = bucket({ content: { type: 'text' } })
    const ways = [
      'data:text/plain;base64,aGVsbG8=',
      { base64: 'aGVsbG8=' },
      'data:text/plain,hello',
    ]
    for (const data of ways) {
      const object = prepareObject(ports, schema, {
        blobs: [{ property: 'content', type: 'text', data }],
      })
      assert.equal(object.blobs[0]?.data, 'hello')
    }
  })

  test('bytes of an image go to the blob store under their hash', () => {
    const object = prepareObject(ports, bucket({ photo: { type: 'image' } }), {
      blobs: [
        { property: 'photo', type: 'image', data: { base64: 'AAEC', mime_type: 'image/png' } },
      ],
    })

    assert.equal(object.blobs[0]?.data, null)
    assert.deepEqual([...(object.contents[0]?.bytes ?? [])], [0, 1, 2])
    assert.equal(object.contents[0]?.hash, object.blobs[0]?.hash)
  })

  test('a URL where data is due is not enabled, as blob, root field, metadata or alias', () => {
    const schema = bucket({ content: { type: 'text' }, photo: { type: 'image' } })
    const ways = [
      { blobs: [{ property: 'content', type: 'text', data: 'https://example.com/a.txt' }] },
      { blobs: [{ property: 'photo', type: 'image', data: 's3://bucket/key.png' }] },
      { blobs: [{ property: 'photo', type: 'image', data: { url: 'https://example.com/a.png' } }] },
      { blobs: [{ property: 'photo', type: 'image', url: 'https://example.com/a.png' }] },
      { content: 'http://example.com' },
      { metadata: { photo: 'https://example.com/a.png' } },
      { blob: { url: 'https://example.com/a.txt' } },
    ]
    for (const spec of ways) {
      assert.throws(
        () => prepareObject(ports, schema, spec),
        (error) => isFailure(error, 'not_enabled'),
      )
    }
  })

  test('a text that only mentions a URL is text', () => {
    const object = prepareObject(ports, bucket({ content: { type: 'text' } }), {
      blobs: [{ property: 'content', type: 'text', data: 'see https://example.com for more' }],
    })
    assert.equal(object.blobs[0]?.data, 'see https://example.com for more')
  })

  test('finds required fields in blobs, at the root and in metadata', () => {
    const schema = bucket({
      a: { type: 'text', required: true },
      b: { type: 'string', required: true },
      c: { type: 'integer', required: true },
    })
    prepareObject(ports, schema, {
      blobs: [{ property: 'a', type: 'text', data: 'x' }],
      b: 'y',
      metadata: { c: 3 },
    })

    assert.deepEqual(placesOf(schema, {}), ['body.a', 'body.b', 'body.c'])
    assert.deepEqual(placesOf(schema, { a: 1, b: 'y', metadata: { c: 'three' } }), [
      'body.a',
      'body.metadata.c',
    ])
  })

  test('keeps root fields that no schema names, and refuses those the server keeps', () => {
    const schema = bucket({ content: { type: 'text' } })
    assert.deepEqual(prepareObject(ports, schema, { colour: 'red' }).fields, { colour: 'red' })
    assert.deepEqual(placesOf(schema, { _internal: {}, '_internal.lineage': 1, object_id: 'x' }), [
      'body._internal',
      'body._internal.lineage',
      'body.object_id',
    ])
  })

  test('a blob property that the schema lacks is named with the nearest', () => {
    const schema = bucket({ content: { type: 'text' } })
    assert.throws(
      () =>
        prepareObject(ports, schema, { blobs: [{ property: 'contnet', type: 'text', data: 'x' }] }),
      (error) => isFailure(error) && /did you mean 'content'/.test(error.message),
    )
  })

  test("the one-class client's blob goes to the schema's first file field, or to text", () => {
    const named = prepareObject(ports, bucket({ n: { type: 'string' }, body: { type: 'text' } }), {
      blob: { data: 'x' },
    })
    assert.equal(named.blobs[0]?.property, 'body')
    assert.equal(
      prepareObject(ports, bucket({}), { blob: { data: 'x' } }).blobs[0]?.property,
      'text',
    )
  })

  test('the unique value is the same wherever the key stands', () => {
    const schema = { ...bucket({ sku: { type: 'string' } }), uniqueKey: { fields: ['sku'] } }
    const values = [{ sku: 'a' }, { metadata: { sku: 'a' } }].map(
      (spec) => prepareObject(ports, schema, spec).uniqueValue,
    )
    assert.deepEqual(values, ['["a"]', '["a"]'])
    assert.deepEqual(placesOf(schema, {}), ['body.sku'])
  })
})

function placesOf(schema: Bucket, spec: Record<string, unknown>): string[] {
  try {
    prepareObject(ports, schema, spec)
  } catch (error) {
    if (isFailure(error, 'request_invalid'))
      return error.detail.faults.map((f) => f.location.join('.'))
    throw error
  }
  return []
}

function bucket(fields: Bucket['fields']): Bucket {
  const at = new Date(0)
  return {
    id: 'bkt_1',
    namespaceId: 'ns_1',
    name: 'films',
    description: null,
    fields,
    uniqueKey: null,
    metadata: {},
    state: 'active',
    createdAt: at,
    updatedAt: at,
  }
}
