import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { halveChunk, splitText, splitUnits } from './split-text.ts'
import type { SplitRule } from './split-text.ts'

const anyText = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom(' ', '. ', '\n\n', '\n', '😀', 'word ', '中文'),
    ),
    {
      maxLength: 60,
    },
  )
  .map((parts) => parts.join(''))

const anyRule: fc.Arbitrary<SplitRule> = fc
  .record({
    splitBy: fc.constantFrom(...splitUnits),
    size: fc.integer({ min: 1, max: 40 }),
    share: fc.nat({ max: 99 }),
  })
  .map(({ splitBy, size, share }) => ({ splitBy, size, overlap: Math.floor((size * share) / 100) }))

test('splitText() loses nothing but white space, and says truly where each chunk stands', () => {
  fc.assert(
    fc.property(anyText, anyRule, (text, rule) => {
      const chunks = splitText(text, rule, Infinity) ?? []
      const covered = new Set<number>()
      for (const { text: chunk, start, end } of chunks) {
        assert.equal(text.slice(start, end), chunk)
        for (let i = start; i < end; i++) covered.add(i)
      }
      for (let i = 0; i < text.length; i++) {
        if (!covered.has(i))
          assert.equal(text[i]?.trim(), '', `lost ${JSON.stringify(text[i])} at ${i}`)
      }
    }),
  )
})

test('splitText() cuts no character in two, and no chunk lies within the one before', () => {
  fc.assert(
    fc.property(anyText, anyRule, (text, rule) => {
      const chunks = splitText(text, rule, Infinity) ?? []
      for (const [i, chunk] of chunks.entries()) {
        assert.ok(chunk.text.isWellFormed() || !text.isWellFormed())
        const before = chunks[i - 1]
        if (before) assert.ok(chunk.start > before.start && chunk.end > before.end)
      }
    }),
  )
})

test('splitText() by words makes chunks of the size asked for that share the overlap asked for', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), anyRule, (count, { size, overlap }) => {
      const words = Array.from({ length: count }, (_, i) => `w${i}`)
      const chunks = splitText(words.join(' '), { splitBy: 'words', size, overlap }, Infinity) ?? []
      const parts = chunks.map(({ text }) => text.split(' '))
      for (const [i, part] of parts.entries()) {
        assert.ok(part.length <= size)
        const next = parts[i + 1]
        if (!next) continue
        assert.equal(part.length, size)
        assert.deepEqual(part.slice(size - overlap), next.slice(0, overlap))
      }
      assert.equal(parts.at(-1)?.at(-1), words.at(-1))
    }),
  )
})

test('halveChunk() gives two smaller chunks that hold all of it', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const [chunk] = splitText(text, { splitBy: 'none', size: 1, overlap: 0 }, 1) ?? []
      if (!chunk) return
      const halves = halveChunk(chunk)
      if (!halves) return assert.equal(Array.from(chunk.text).length, 1)
      for (const half of halves) {
        assert.equal(text.slice(half.start, half.end), half.text)
        assert.ok(half.text.length < chunk.text.length)
      }
      assert.equal(text.slice(halves[0].end, halves[1].start).trim(), '')
    }),
  )
})
