import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isFailure } from '../failure.ts'
import { parseBucketSchema } from './bucket-schema.ts'

describe('parseBucketSchema()', () => {
  test('takes types in any case and keeps extra keys', () => {
    const fields = parseBucketSchema(
      { properties: { body: { type: 'TEXT', required: true, note: 1 }, doc: { type: 'Pdf' } } },
      ['body', 'bucket_schema'],
    )
    assert.deepEqual(fields, {
      body: { type: 'text', required: true, note: 1 },
      doc: { type: 'pdf' },
    })
  })

  test('an absent schema is open', () => {
    assert.deepEqual(parseBucketSchema(undefined, ['body']), {})
    assert.deepEqual(parseBucketSchema(null, ['body']), {})
    assert.deepEqual(parseBucketSchema({ properties: {} }, ['body']), {})
  })

  test('names the nearest type for prose words and typing mistakes, at their location', () => {
    const faults = faultsOf({
      properties: {
        a: { type: 'json' },
        b: { type: 'binary' },
        c: { type: 'strnig' },
        d: { type: 'document' },
      },
    })
    assert.deepEqual(
      faults.map(({ location }) => location.join('.')),
      ['a', 'b', 'c', 'd'].map((name) => `body.bucket_schema.properties.${name}.type`),
    )
    assert.match(faults[0]?.message ?? '', /'object'/)
    assert.match(faults[1]?.message ?? '', /'pdf'/)
    assert.match(faults[2]?.message ?? '', /'string'/)
    assert.match(faults[3]?.message ?? '', /'pdf'/)
  })

  test('refuses names that the server keeps, dotted paths into them too', () => {
    const faults = faultsOf({
      properties: {
        _internal: { type: 'object' },
        '_internal.x': { type: 'string' },
        ok: { type: 'string' },
      },
    })
    assert.equal(faults.length, 2)
    assert.ok(faults.every(({ type }) => type === 'reserved'))
  })

  test('reads nested fields and says where one is wrong', () => {
    const faults = faultsOf({
      properties: {
        meta: { type: 'object', properties: { tags: { type: 'array', items: { type: 'tag' } } } },
      },
    })
    assert.deepEqual(faults[0]?.location, [
      'body',
      'bucket_schema',
      'properties',
      'meta',
      'properties',
      'tags',
      'items',
      'type',
    ])
  })
})

function faultsOf(schema: unknown) {
  try {
    parseBucketSchema(schema, ['body', 'bucket_schema'])
  } catch (error) {
    if (isFailure(error, 'request_invalid')) return error.detail.faults
    throw error
  }
  return []
}
