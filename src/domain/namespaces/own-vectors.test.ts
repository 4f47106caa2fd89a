import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { builtinExtractors } from '../extractors/catalogue.ts'
import { isFailure } from '../failure.ts'
import { OwnVectors, ownVectorsAnswer, parseOwnVectors } from './own-vectors.ts'

const rules = {
  location: ['body', 'vectors'],
  extractors: builtinExtractors,
  taken: new Map([['text_extractor_v1_embedding', 'text_extractor_v1']]),
  ownVectorsMax: 3,
}

describe('parseOwnVectors()', () => {
  test('a dense vector is cosine unless it says otherwise, and its name is its feature URI', () => {
    const { own } = parse({ own: { dimensions: 128 } })

    assert.equal(own?.type, 'dense')
    assert.equal(own?.dimensions, 128)
    assert.equal(own?.distance, 'cosine')
    assert.equal(own?.featureUri, 'own')
    assert.equal(own?.extractorId, null)
    assert.ok((own?.description.length ?? 0) >= 10, 'generated clients want 10 characters')
  })

  test('an answer can be sent again and means the same', () => {
    const vectors = parse({
      near: { dimensions: 2, distance: 'euclid' },
      words: { type: 'sparse' },
    })

    const answer = ownVectorsAnswer(vectors)

    assert.deepEqual(answer, {
      near: { type: 'dense', dimensions: 2, distance: 'euclidean' },
      words: { type: 'sparse' },
    })
    assert.deepEqual(parse(answer), vectors)
  })

  const refused: [string, object, (string | number)[], RegExp][] = [
    ['a dotted name', { 'a.b': { dimensions: 2 } }, ['a.b'], /letters, digits/],
    ['an empty name', { '': { dimensions: 2 } }, [''], /letters, digits/],
    ['a name of 101 letters', { ['x'.repeat(101)]: { dimensions: 2 } }, ['x'.repeat(101)], /100/],
    [
      "an extractor's vector",
      { text_extractor_v1_embedding: { dimensions: 2 } },
      ['text_extractor_v1_embedding'],
      /the vector of text_extractor_v1/,
    ],
    ["a system's key", { document_id: { dimensions: 2 } }, ['document_id'], /documents/],
    ['a word of requests', { metadata: { dimensions: 2 } }, ['metadata'], /documents/],
    ['a field of an extractor', { text: { dimensions: 2 } }, ['text'], /text_extractor_v1 fills/],
    ['no dimensions', { own: {} }, ['own', 'dimensions'], /missing.*65536/],
    [
      'dimensions of a sparse one',
      { own: { type: 'sparse', dimensions: 2 } },
      ['own', 'dimensions'],
      /dense vectors only/,
    ],
    [
      'more than the limit',
      Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [name, { dimensions: 2 }])),
      [],
      /at most 3.*NACRE_OWN_VECTORS_MAX/,
    ],
  ]
  for (const [what, given, place, message] of refused) {
    test(`${what} is refused at its place`, () => {
      assert.throws(
        () => parse(given),
        (error) => {
          assert.ok(isFailure(error, 'request_invalid'))
          const [fault] = error.detail.faults
          assert.deepEqual(fault?.location, ['body', 'vectors', ...place])
          assert.match(fault?.message ?? '', message)
          return true
        },
      )
    })
  }

  test('every fault is told at once', () => {
    assert.throws(
      () => parse({ 'a.b': { dimensions: 2 }, c: {} }),
      (error) => isFailure(error, 'request_invalid') && error.detail.faults.length === 2,
    )
  })
})

function parse(given: object) {
  return parseOwnVectors(OwnVectors.parse(given), rules)
}
