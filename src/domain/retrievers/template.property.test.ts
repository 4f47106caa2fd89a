import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isFailure } from '../failure.ts'
import { compileTemplates } from './template.ts'

const words = `{{ }} {% %} INPUT . a constructor __proto__ STAGE CONTEXT | first join map tojson default ( ) [ ] , =
  " ' \\ if else elif endif ? : + - * / % ~ == < in not and or true none 0 1.5 -1 max x { } é`
const word = fc.constantFrom(' ', '\n', ...words.split(/\s+/))
const source = fc.array(word, { maxLength: 30 }).map((words) => words.join(''))
const expression = fc.array(word, { maxLength: 15 }).map((words) => `{{${words.join(' ')}}}`)

test('whatever a template says, it is filled in or refused as the request, and reaches nothing of ours', () => {
  fc.assert(
    fc.property(fc.oneof(source, expression), fc.jsonValue({ maxDepth: 2 }), (text, a) => {
      try {
        const { fill } = compileTemplates({ text }, ['body'])
        const filled = fill({ input: { a, x: 'x' }, context: {}, stage: {} }, 2_000)
        assert.doesNotMatch(JSON.stringify(filled) ?? '', /native code|\[Function/)
        assert.equal(typeof (filled as { text: unknown }).text === 'function', false)
      } catch (error) {
        const isRefused = isFailure(error, 'request_invalid') || isFailure(error, 'not_enabled')
        assert.ok(isRefused, `${text}: ${String(error)}`)
      }
    }),
    { numRuns: 3_000 },
  )
})

test('a text without templates is itself', () => {
  fc.assert(
    fc.property(
      fc.string().filter((text) => !/\{[{%]/.test(text)),
      (text) => {
        const { fill } = compileTemplates({ text }, ['body'])
        assert.deepEqual(fill({ input: {}, context: {}, stage: {} }, 1), { text })
      },
    ),
  )
})
