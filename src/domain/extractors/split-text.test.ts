import assert from 'node:assert/strict'
import { test } from 'node:test'
import { halveChunk, splitText } from './split-text.ts'
import type { SplitUnit } from './split-text.ts'

const text = 'First one. Second one!\nStill here.\n\nA new paragraph\nof two lines.\n \nLast.'

function texts(splitBy: SplitUnit, size: number, overlap = 0): string[] {
  return (splitText(text, { splitBy, size, overlap }, 100) ?? []).map((chunk) => chunk.text)
}

test('splitText() by sentences counts sentences', () => {
  assert.deepEqual(texts('sentences', 1).slice(0, 3), ['First one.', 'Second one!', 'Still here.'])
  assert.equal(texts('sentences', 2, 1)[1], 'Second one!\nStill here.')
})

test('splitText() by paragraphs cuts at empty lines only', () => {
  assert.deepEqual(texts('paragraphs', 1), [
    'First one. Second one!\nStill here.',
    'A new paragraph\nof two lines.',
    'Last.',
  ])
})

test('splitText() by characters counts characters, not halves of them', () => {
  const chunks = splitText('😀😀😀', { splitBy: 'characters', size: 2, overlap: 0 }, 10)

  assert.deepEqual(chunks, [
    { text: '😀😀', start: 0, end: 4 },
    { text: '😀', start: 4, end: 6 },
  ])
})

test('splitText() of none is the text, without the white space around it', () => {
  assert.deepEqual(splitText('  a b \n', { splitBy: 'none', size: 1, overlap: 0 }, 1), [
    { text: 'a b', start: 2, end: 5 },
  ])
})

test('splitText() says null instead of making more chunks than allowed', () => {
  assert.equal(splitText('a b c', { splitBy: 'words', size: 1, overlap: 0 }, 2), null)
  assert.equal(splitText('a b c', { splitBy: 'words', size: 1, overlap: 0 }, 3)?.length, 3)
  assert.deepEqual(splitText(' \n ', { splitBy: 'words', size: 1, overlap: 0 }, 1), [])
})

test('halveChunk() prefers the end of a sentence near the middle', () => {
  const chunk = { text: 'One two three four. Five six seven eight.', start: 10, end: 51 }

  assert.deepEqual(halveChunk(chunk), [
    { text: 'One two three four.', start: 10, end: 29 },
    { text: 'Five six seven eight.', start: 30, end: 51 },
  ])
})
