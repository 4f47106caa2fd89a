import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compileRegex } from './regex.ts'
import { regexSize } from './regex-size.ts'

test('regexSize() says of a short pattern that it becomes a large program', () => {
  assert.equal(regexSize('a'.repeat(10)), 10)
  assert.equal(regexSize('[a-z]{1,64}@[^@]{255}'), 64 + 1 + 255)
  assert.equal(regexSize('(?:ab{10}){20,}'), (2 + 11 + 2) * 21)
  for (const pattern of ['a{1000}'.repeat(50), '(?:aaaa){1000}', '\\p{L}{999}\\x{41}{999}a{9}'])
    assert.ok(regexSize(pattern) > 2_000, pattern)
})

test('a program is at most four times as large as regexSize() says, whatever the pattern', () => {
  const atoms = [
    'a',
    'É',
    '\\d',
    '\\pL',
    '\\p{Greek}',
    '\\x{41}',
    '[a-c]',
    '[^]]',
    '[[:alpha:]]',
    '.',
  ]
  const signs = ['^', '|', '*', '+', '?', '{3}', '{2,}', '{0,9}', '{7,8}', '\\{', '\\\\']
  const brackets = ['(', '(?:', '(?i)', ')', ')']
  const part = fc.constantFrom(...atoms, ...signs, ...brackets)
  fc.assert(
    fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
      const pattern = parts.join('')
      const regex = compileRegex(pattern, true)
      if (typeof regex !== 'string') assert.ok(regex.size <= 4 * regexSize(pattern) + 4, pattern)
    }),
    { numRuns: 3_000 },
  )
})
