import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isFailure } from '../domain/failure.ts'
import { parseJson } from './json.ts'

const depthMax = 100

test('parseJson() gives what JSON.parse() gives for whatever can be kept', () => {
  const storable = fc.json({ maxDepth: 5, stringUnit: 'grapheme-ascii' })

  fc.assert(
    fc.property(storable, (text) => {
      fc.pre(!/\d{16}/.test(text))
      assert.deepEqual(parseJson(text, { depthMax }), JSON.parse(text))
    }),
  )
})

test('parseJson() finds a whole number beyond 2^53 wherever it stands, and only there', () => {
  const large = fc.bigInt({ min: 2n ** 53n, max: 2n ** 80n })
  const path = fc.array(fc.oneof(fc.constantFrom('a', 'b c', '1234567890123456', ''), fc.nat(3)), {
    maxLength: 5,
  })

  fc.assert(
    fc.property(large, path, fc.boolean(), (number, at, isNegative) => {
      const source = `${isNegative ? '-' : ''}${number}`
      const text = at.reduceRight<string>((inner, key) => {
        if (typeof key === 'number') return `[${'0,'.repeat(key)}${inner}]`
        return `{"x": "9007199254740993 ,9007199254740993", ${JSON.stringify(key)}: ${inner}}`
      }, source)

      assert.throws(
        () => parseJson(text, { depthMax }),
        (e) =>
          isFailure(e, 'request_invalid') &&
          e.detail.faults.length === 1 &&
          assert.deepEqual(e.detail.faults[0]?.location, ['body', ...at]) === undefined,
      )
    }),
  )
})

test('parseJson() answers every text with a value or a failure, never with a bug', () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({
      unit: fc.constantFrom('{', '}', '[', ']', '"', ',', ':', '1', 'e', '\\', 'u', '0', ' '),
    }),
  )

  fc.assert(
    fc.property(text, (given) => {
      try {
        parseJson(given, { depthMax })
      } catch (error) {
        assert.ok(isFailure(error), String(error))
      }
    }),
    { numRuns: Math.max(2_000, Number(process.env['NACRE_PROPERTY_RUNS'] ?? 0)) },
  )
})
