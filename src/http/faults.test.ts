import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { isFailure } from '../domain/failure.ts'
import { parseWith } from './faults.ts'

function faults(schema: z.ZodType, input: unknown): [string, string, string][] {
  try {
    parseWith(schema, input, 'body')
    return []
  } catch (error) {
    assert.ok(isFailure(error, 'request_invalid'))
    return error.detail.faults.map((f) => [f.location.join('.'), f.message, f.type])
  }
}

test('parseWith() says of a union what the option that fits best misses', () => {
  const schema = z.object({
    query: z.union([z.string(), z.object({ input_mode: z.literal('text'), value: z.string() })]),
  })

  assert.deepEqual(faults(schema, { query: { input_mode: 'text' } }), [
    ['body.query.value', 'query.value is missing; it must be a string', 'missing'],
  ])
  assert.deepEqual(faults(schema, { query: 3 }), [
    ['body.query', 'query is the number 3; it must be a string or an object', 'wrong_type'],
  ])
})

test('parseWith() names the discriminator and its values', () => {
  const schema = z.discriminatedUnion('type', [
    z.object({ type: z.literal('keyword') }),
    z.object({ type: z.literal('integer') }),
  ])

  assert.deepEqual(faults(schema, { type: 'integr' }), [
    [
      'body.type',
      "type is an object; its type is the string 'integr'; it must be one of 'keyword', 'integer'; did you mean 'integer'?",
      'invalid_value',
    ],
  ])
})

test('parseWith() names unknown keys of a strict object and the nearest known one', () => {
  const schema = z.object({ parameters: z.strictObject({ chunk_size: z.number().optional() }) })

  assert.deepEqual(faults(schema, { parameters: { chunk_sise: 1, foo: 2 } }), [
    [
      'body.parameters.chunk_sise',
      "parameters.chunk_sise is not known here; did you mean 'chunk_size'?",
      'unknown_field',
    ],
    [
      'body.parameters.foo',
      'parameters.foo is not known here; known are chunk_size',
      'unknown_field',
    ],
  ])
})

test('parseWith() keeps the message of the schema where it has one', () => {
  const schema = z.object({ name: z.string().regex(/^a/, 'must begin with a') })

  assert.deepEqual(faults(schema, { name: 'b' }), [
    ['body.name', 'name: must begin with a', 'invalid_format'],
  ])
})

test('parseWith() speaks of bounds in the unit of the value', () => {
  const schema = z.object({
    text: z.string().max(2),
    list: z.array(z.number()).min(1),
    whole: z.int(),
    size: z.number().gt(0),
    time: z.iso.datetime(),
    same: z.array(z.string()).length(2),
  })
  const input = { text: 'abc', list: [], whole: 1.5, size: 0, time: 'now', same: [] }

  assert.deepEqual(
    faults(schema, input).map(([, message]) => message),
    [
      "text is the string 'abc'; it must have at most 2 characters",
      'list is an array; it must have at least 1 entries',
      'whole is the number 1.5; it must be a whole number',
      'size is the number 0; it must be greater than 0',
      "time is the string 'now'; it must be an RFC 3339 date and time such as 2026-01-31T10:30:00Z",
      'same is an array; it must have exactly 2 entries',
    ],
  )
})

test('parseWith() says of the root what it is', () => {
  assert.deepEqual(faults(z.object({}), [1]), [
    ['body', 'the body is an array; it must be an object', 'wrong_type'],
  ])
})

test('parseWith() tells of no more than fifty faults', () => {
  const input = Array.from({ length: 1_000 }, () => 'x')

  assert.equal(faults(z.array(z.number()), input).length, 50)
})
