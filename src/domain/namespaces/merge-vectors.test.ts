import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { EmbeddingModel } from '../../ports/embedder.ts'
import { textExtractor } from '../extractors/text-extractor.ts'
import type { Extractor } from '../extractors/extractor.ts'
import { isFailure } from '../failure.ts'
import { collectionSpec, mergeVectors } from './merge-vectors.ts'

describe('mergeVectors()', () => {
  test("gives a namespace the text extractor's vector in its model's size", () => {
    const vectors = mergeVectors([text], model)

    assert.deepEqual(collectionSpec(vectors), {
      vectors: { text_extractor_v1_embedding: { size: 512, distance: 'Cosine' } },
      sparse_vectors: {},
    })
  })

  test('makes one vector of a name that two extractors declare alike', () => {
    const twin: Extractor = { ...text, id: 'twin_v1' }

    assert.deepEqual(Object.keys(mergeVectors([text, twin], model)), [
      'text_extractor_v1_embedding',
    ])
  })

  test('refuses a name that two extractors declare differently, naming both', () => {
    const other: Extractor = {
      ...text,
      id: 'other_v1',
      vectors: (given) =>
        text
          .vectors(given)
          .map((vector) => ({ ...vector, dimensions: 7, extractorId: 'other_v1' })),
    }

    assert.throws(
      () => mergeVectors([text, other], model),
      (error) =>
        isFailure(error, 'conflict') && /text_extractor_v1 and other_v1/.test(error.message),
    )
  })

  test('leaves a namespace without extractors without vectors', () => {
    assert.deepEqual(collectionSpec(mergeVectors([], model)), { vectors: {}, sparse_vectors: {} })
  })
})

const text = textExtractor

const model: EmbeddingModel = {
  model: 'bundled',
  inferenceName: 'some_model_v1',
  dimensions: 512,
  languages: ['en'],
  tokensMax: 100,
}
