import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFailure } from '../failure.ts'
import type { VectorDefinition } from '../namespaces/namespace.ts'
import { resolveFeatureUri } from './feature-uri.ts'

const model = 'universal_sentence_encoder_lite_en_v1'
const text: VectorDefinition = {
  name: 'text_extractor_v1_embedding',
  description: 'The text of a chunk',
  type: 'dense',
  dimensions: 512,
  distance: 'cosine',
  inferenceName: model,
  extractorId: 'text_extractor_v1',
  featureUri: `mixpeek://text_extractor@v1/${model}`,
}
const title: VectorDefinition = {
  ...text,
  name: 'my_plugin_1_0_0_title',
  inferenceName: 'own_model',
  extractorId: 'my_plugin_1_0_0',
  featureUri: 'mixpeek://my_plugin@1.0.0/title',
}
const body: VectorDefinition = {
  ...title,
  name: 'my_plugin_1_0_0_body',
  featureUri: 'mixpeek://my_plugin@1.0.0/body',
}
const namespace = { vectors: { [text.name]: text, [title.name]: title, [body.name]: body } }

test('every documented way to name the text vector finds it', () => {
  const uris = [
    text.featureUri,
    'mixpeek://text_extractor@v1',
    'mixpeek://text_extractor@v1/embedding',
    'mixpeek://text_extractor@v1/text_embedding',
    'mixpeek://text_extractor@v1/multilingual_e5_large_instruct_v1',
    'mixpeek://text_extractor@v1/text_extractor_v1_embedding',
    'mixpeek://text_extractor@1.0.0/embedding',
    'text_extractor@v1/embedding',
    'text_extractor_v1_embedding',
    model,
  ]

  for (const uri of uris) assert.equal(resolveFeatureUri(namespace, uri), text, uri)
})

test("a plugin's vectors are told apart by their output", () => {
  assert.equal(resolveFeatureUri(namespace, 'mixpeek://my_plugin@1.0.0/title'), title)
  assert.equal(resolveFeatureUri(namespace, 'mixpeek://my_plugin@v1/body'), body)
})

test('422 with the valid URIs where a URI means nothing, or more than one vector', () => {
  const location = ['body', 'stages', 0, 'feature_uri']
  for (const uri of [
    'mixpeek://text_extractor@v2/embedding',
    'mixpeek://my_plugin@1.0.0',
    'own_model',
    'x',
    '',
  ]) {
    assert.throws(
      () => resolveFeatureUri(namespace, uri, location),
      (error) => {
        assert.ok(isFailure(error, 'request_invalid'))
        assert.deepEqual(error.detail.faults[0]?.location, location)
        assert.match(error.message, /mixpeek:\/\/my_plugin@1\.0\.0\/body/)
        return true
      },
      uri,
    )
  }
})

test('a documented output of an extractor with two vectors is not guessed', () => {
  assert.throws(
    () => resolveFeatureUri(namespace, 'mixpeek://my_plugin@1.0.0/embedding'),
    /no vector/,
  )
})
