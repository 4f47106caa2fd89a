import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EmbeddingModel } from '../../ports/embedder.ts'
import { isFailure } from '../failure.ts'
import { builtinExtractors } from './catalogue.ts'
import { extractorIdOf } from './extractor-id.ts'
import { pickExtractor } from './pick-extractor.ts'
import { textExtractor } from './text-extractor.ts'

const location = ['body', 'feature_extractor', 'parameters']
const model: EmbeddingModel = {
  model: 'bundled',
  inferenceName: 'universal_sentence_encoder_lite_en_v1',
  dimensions: 512,
  languages: ['en'],
  tokensMax: 128,
}

function parse(given: Record<string, unknown>) {
  return textExtractor.parseParameters(given, location, model)
}

function refusal(
  given: Record<string, unknown>,
  code: 'request_invalid' | 'not_enabled' = 'request_invalid',
): string {
  try {
    parse(given)
  } catch (error) {
    assert.ok(isFailure(error, code), String(error))
    return error.message
  }
  throw new assert.AssertionError({ message: 'it was accepted' })
}

test('no parameters mean the documented defaults', () => {
  const { parameters, warnings } = parse({})

  assert.deepEqual(parameters, textExtractor.defaultParameters)
  assert.deepEqual(warnings, [])
})

test('what a generated client sends by itself is accepted, whatever extractor it names', () => {
  const sent = {
    extractor_type: 'text_extractor',
    source_type: 'text',
    split_by: null,
    chunk_size: 1000,
    chunk_overlap: 0,
    segment_length_seconds: 120,
    language: 'en',
    extract_captions: true,
    response_shape: null,
    llm_provider: null,
  }

  assert.deepEqual(parse(sent).parameters, textExtractor.defaultParameters)
  assert.deepEqual(
    parse({ ...sent, extractor_type: 'my_plugin' }).parameters,
    textExtractor.defaultParameters,
  )
  assert.match(
    parse({ extractor_type: 'image_extractor', use_cdn: true }).warnings[0] ?? '',
    /use_cdn/,
  )
})

test('chunk_strategy is another name of split_by, in the singular too', () => {
  assert.equal(parse({ chunk_strategy: 'sentence' }).parameters['split_by'], 'sentences')
  assert.equal(parse({ split_by: 'paragraphs' }).parameters['split_by'], 'paragraphs')
  assert.match(
    refusal({ chunk_strategy: 'sentence', split_by: 'words' }),
    /another name of split_by/,
  )
})

test('a documented model that is not run here is accepted with a warning that names the one used', () => {
  const { parameters, warnings } = parse({
    embedding_model: 'intfloat/multilingual-e5-large-instruct',
  })

  assert.equal(parameters['embedding_model'], 'intfloat/multilingual-e5-large-instruct')
  assert.match(warnings[0] ?? '', /universal_sentence_encoder_lite_en_v1 embeds/)
  assert.deepEqual(parse({ embedding_model: model.inferenceName }).warnings, [])
})

test('422 names the parameter that was probably meant', () => {
  assert.match(
    refusal({ chunk_sise: 5 }),
    /chunk_sise is not known here; did you mean 'chunk_size'\?/,
  )
  assert.match(refusal({ temperature: 1 }), /known are split_by/)
})

test('422 for a value out of range or of another kind', () => {
  assert.match(refusal({ chunk_size: 0 }), /chunk_size is 0/)
  assert.match(refusal({ chunk_size: 10_001 }), /10000/)
  assert.match(refusal({ chunk_size: 2.5 }), /int/)
  assert.match(
    refusal({ split_by: 'words', chunk_size: 5, chunk_overlap: 5 }),
    /less than chunk_size/,
  )
  assert.match(refusal({ split_by: 'tokens' }), /split_by is "tokens"/)
  assert.match(refusal({ split_by: 'pages' }), /not run here/)
})

test('what needs a video site or a language model is refused as not available', () => {
  assert.match(refusal({ source_type: 'youtube' }, 'not_enabled'), /youtube/)
  assert.match(refusal({ response_shape: 'a summary' }, 'not_enabled'), /response_shape/)
  assert.match(refusal({ llm_model: 'x' }, 'not_enabled'), /llm_model/)
})

test('the catalogue holds what runs here, each under its id, name and address', () => {
  assert.deepEqual(
    builtinExtractors.map(({ id }) => id),
    ['text_extractor_v1', 'passthrough_extractor_v1'],
  )
  for (const extractor of builtinExtractors) {
    assert.equal(extractor.id, extractorIdOf(extractor.name, extractor.version))
    assert.equal(pickExtractor(builtinExtractors, extractor.id), extractor)
    assert.equal(
      pickExtractor(builtinExtractors, `mixpeek://${extractor.name}@${extractor.version}`),
      extractor,
    )
    assert.deepEqual(extractor.parseParameters({}, []).parameters, extractor.defaultParameters)
  }
  assert.equal(pickExtractor(builtinExtractors, 'image_extractor_v1'), null)
})
