import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isFailure } from '../failure.ts'
import { parseInputSchema, readInputs } from './input-schema.ts'

function placesOf(work: () => unknown): string[] {
  try {
    work()
  } catch (error) {
    assert.ok(isFailure(error, 'request_invalid'), String(error))
    return error.detail.faults.map(({ location }) => location.join('.'))
  }
  return []
}

describe('parseInputSchema()', () => {
  const parse = (given: unknown) => parseInputSchema(given, ['body', 'input_schema'])

  test('422 for a type that is none, however deep, and for a key with a slip in it', () => {
    const at = (given: unknown) => placesOf(() => parse(given))

    assert.deepEqual(at({ q: { type: 'strng' } }), ['body.input_schema.q.type'])
    assert.deepEqual(at({ q: { type: 'array', items: { type: 'x' } } }), [
      'body.input_schema.q.items.type',
    ])
    assert.deepEqual(at({ q: { type: 'object', properties: { a: { type: 'x' } } } }), [
      'body.input_schema.q.properties.a.type',
    ])
    assert.deepEqual(at({ q: { type: 'string', requierd: true } }), [
      'body.input_schema.q.requierd',
    ])
    assert.deepEqual(at({ q: { type: 'string', placeholder: 'Ask', title: 'Q' } }), [])
  })

  test('422 for a default that its own input would refuse', () => {
    assert.deepEqual(
      placesOf(() => parse({ n: { type: 'integer', default: 'five' } })),
      ['body.input_schema.n.default'],
    )
    assert.deepEqual(
      placesOf(() => parse({ n: { type: 'string', enum: ['a'], default: 'b' } })),
      ['body.input_schema.n.default'],
    )
  })
})

describe('readInputs()', () => {
  const schema = parseInputSchema(
    {
      since: { type: 'date' },
      tags: { type: 'array', items: { type: 'string' }, enum: [] },
      kinds: { type: 'array', enum: ['a', 'b'] },
      user: { type: 'object', properties: { id: { type: 'integer', required: true } } },
      like: { type: 'document_reference' },
      likes: { type: 'array', items: { type: 'document_reference' } },
      picture: { type: 'image' },
    },
    [],
  )
  const at = (inputs: Record<string, unknown>) => placesOf(() => readInputs(schema, inputs))

  test('takes what fits', () => {
    assert.deepEqual(
      at({
        since: '2026-01-31',
        tags: ['x'],
        kinds: ['b', 'a'],
        user: { id: 5, more: true },
        like: { collection_id: 'c', document_id: 'd' },
        likes: [{ document_id: 'd' }, 'e'],
        picture: 'data:image/png;base64,eA==',
        undeclared: [1],
      }),
      [],
    )
  })

  test('422 at the place of each value that does not fit, however deep', () => {
    assert.deepEqual(
      at({
        since: 'yesterday',
        tags: ['x', 5],
        kinds: ['c'],
        user: { name: 'Ada' },
        like: {},
        likes: ['a', 1],
        picture: 7,
      }),
      ['since', 'tags.1', 'kinds', 'user.id', 'like', 'likes.1', 'picture'].map(
        (place) => `body.inputs.${place}`,
      ),
    )
  })
})
