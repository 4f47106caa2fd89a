import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { EngineRejection } from '../../ports/vector-engine.ts'
import { engineKey, portKey } from './key-path.ts'

describe('payload paths', () => {
  for (const [path, expected] of [
    ['a', 'a'],
    ['a-b_C.d9', 'a-b_C.d9'],
    ['list[].a', 'list[].a'],
    ['list[0][].a', 'list[0][].a'],
    ['<string>', '"<string>"'],
    ['metadata.<string>', 'metadata."<string>"'],
    ['a b.c', '"a b".c'],
    ['a b[].c', '"a b"[].c'],
    ['"a.b".c', '"a.b".c'],
    ['in."a.b"', 'in."a.b"'],
    ['"x[0]"', '"x[0]"'],
    ['x[y]', '"x[y]"'],
    ['ünï', '"ünï"'],
    ['', '""'],
    ['a..b', 'a."".b'],
    ['line\nbreak', '"line\nbreak"'],
  ] as const) {
    test(`${JSON.stringify(path)} is ${expected} to the engine`, () => {
      assert.equal(engineKey(path), expected)
    })
  }

  for (const path of ['a"b', '"a', 'a\\b', '"a\\b"', 'x"y.z"']) {
    test(`${JSON.stringify(path)} cannot be said to the engine`, () => {
      assert.throws(() => engineKey(path), EngineRejection)
    })
  }

  test('what the engine answers comes back as it was sent, without needless quotes', () => {
    const key = fc.string({ minLength: 1 }).filter((text) => !/["\\.[\]]/.test(text))
    fc.assert(
      fc.property(fc.array(key, { minLength: 1, maxLength: 4 }), (keys) => {
        const path = keys.join('.')
        assert.equal(portKey(engineKey(path)), path)
      }),
    )
  })

  test('quotes stay where the key needs them', () => {
    assert.equal(portKey('in."a.b"'), 'in."a.b"')
    assert.equal(portKey('"x[0]"'), '"x[0]"')
  })

  test('the engine form of an engine form is itself', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const path = text.replaceAll(/["\\]/g, '')
        assert.equal(engineKey(engineKey(path)), engineKey(path))
      }),
    )
  })
})
