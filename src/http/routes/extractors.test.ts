import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startTestServer, type Answer, type TestServer } from '../../../test/support/server.ts'

const model = 'universal_sentence_encoder_lite_en_v1'

let server: TestServer

before(async () => {
  server = await startTestServer()
})
after(async () => {
  await server[Symbol.asyncDispose]()
})

describe('GET /v1/collections/features/extractors', () => {
  test('200 without a key: a bare list of what runs here', async () => {
    const response = await fetch(`${server.url}/v1/collections/features/extractors`)

    const answer: Answer = await response.json()
    assert.equal(response.status, 200)
    assert.deepEqual(
      answer.map((one: Answer) => one.feature_extractor_id),
      ['text_extractor_v1', 'passthrough_extractor_v1'],
    )
    const [text, passthrough] = answer
    assert.equal(text.required_vector_indexes[0].name, 'text_extractor_v1_embedding')
    assert.equal(
      text.required_vector_indexes[0].feature_uri,
      `mixpeek://text_extractor@v1/${model}`,
    )
    assert.equal(text.required_vector_indexes[0].index.dimensions, 512)
    assert.deepEqual(text.languages, ['en'])
    assert.equal(text.parameter_schema.properties.chunk_size.maximum, 10_000)
    assert.deepEqual(passthrough.required_vector_indexes, [])
  })

  test('one by its id, 404 with the known ids for another', async () => {
    const found = await server.call('GET', '/v1/collections/features/extractors/text_extractor_v1')
    const response = await server.fetch('/v1/collections/features/extractors/image_extractor_v1')

    assert.equal(found.feature_extractor_name, 'text_extractor')
    assert.equal(response.status, 404)
    assert.match(await response.text(), /text_extractor_v1/)
  })
})

test('GET /v1/discovery/extractors answers what a collection can be made of', async () => {
  const [text] = await server.call('GET', '/v1/discovery/extractors')

  assert.equal(text.name, 'text_extractor')
  assert.equal(text.output_features[0].feature_uri, `mixpeek://text_extractor@v1/${model}`)
  assert.deepEqual(text.example_usage.feature_extractor.input_mappings, { text: 'text' })
})

describe('GET /v1/namespaces/{namespace_id}/extractors', () => {
  test('200 by name, with those of its making marked', async () => {
    const feature_extractors = [{ feature_extractor_name: 'text_extractor', version: 'v1' }]
    const { namespace_id } = await server.call('POST', '/v1/namespaces', {
      namespace_name: 'extractors',
      feature_extractors,
    })

    const answer = await server.call('GET', '/v1/namespaces/extractors/extractors')
    const custom = await server.call('GET', '/v1/namespaces/extractors/extractors?source=custom')
    const one = await server.call(
      'GET',
      `/v1/namespaces/${namespace_id}/extractors/text_extractor_v1`,
    )

    assert.equal(answer.namespace_id, namespace_id)
    assert.equal(answer.builtin_count, 2)
    assert.deepEqual(
      answer.extractors.map((each: Answer) => each.registered),
      [true, false],
    )
    assert.deepEqual(custom.extractors, [])
    assert.equal(one.feature_uri, `mixpeek://text_extractor@v1/${model}`)
  })

  test('404 for a namespace that is not there, 401 without a key', async () => {
    const absent = await server.fetch('/v1/namespaces/none/extractors')
    const keyless = await fetch(`${server.url}/v1/namespaces/extractors/extractors`)

    assert.equal(absent.status, 404)
    assert.equal(keyless.status, 401)
  })
})
