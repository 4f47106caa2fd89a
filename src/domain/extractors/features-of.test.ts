import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isFailure } from '../failure.ts'
import type { Namespace, VectorDefinition } from '../namespaces/namespace.ts'
import type { Extractor } from './extractor.ts'
import { featuresIn, hasVector, lackingRequest, resolveFeature } from './features-of.ts'
import { passthroughExtractor } from './passthrough-extractor.ts'

const at = new Date(0)
const model = {
  model: 'bundled',
  inferenceName: 'use',
  dimensions: 512,
  languages: ['en'],
  tokensMax: 128,
}

function vector(extractor: string, version: string, name: string, dimensions = 64) {
  return {
    name,
    description: name,
    type: 'dense' as const,
    dimensions,
    distance: 'cosine' as const,
    inferenceName: name,
    extractorId: `${extractor}_${version.replaceAll('.', '_')}`,
    featureUri: `mixpeek://${extractor}@${version}/${name}`,
  }
}

function plugin(name: string, version: string, vectors: VectorDefinition[], declaredUri?: string) {
  const id = `${name}_${version.replaceAll('.', '_')}`
  const base: Extractor = { ...passthroughExtractor, id, name, version, source: 'custom' }
  return { ...base, vectors: () => vectors, ...(declaredUri !== undefined && { declaredUri }) }
}

function namespace(...vectors: VectorDefinition[]): Namespace {
  return {
    id: 'ns_1',
    organizationId: 'org_1',
    name: 'films',
    description: null,
    namespaceType: 'standard',
    state: 'ready',
    generation: 1,
    featureExtractors: [],
    vectors: Object.fromEntries(vectors.map((one) => [one.name, one])),
    embedding: model,
    payloadIndexes: [],
    autoCreateIndexes: false,
    infrastructure: {},
    createdAt: at,
    updatedAt: at,
  }
}

describe('resolveFeature()', () => {
  test('two versions of a plugin that share a vector have an address each', () => {
    const first = vector('hash', '1.0.0', 'hash_embedding')
    const second = vector('hash', '1.1.0', 'hash_embedding')
    const plugins = [plugin('hash', '1.0.0', [first]), plugin('hash', '1.1.0', [second])]
    const features = featuresIn(namespace(first), plugins)

    assert.equal(resolveFeature(features, second.featureUri), second)
    assert.equal(resolveFeature(features, 'mixpeek://hash@v1'), first)
    assert.equal(resolveFeature(features, 'hash@1.1.0').extractorId, 'hash_1_1_0')
    assert.equal(resolveFeature(features, 'hash_embedding').name, 'hash_embedding')
  })

  test('an address that its author made up means the plugin’s only vector', () => {
    const only = vector('template', '1.0.0', 'template_v1_embedding')
    const declared = 'mixpeek://template@1.0.0/template_v1'
    const one = featuresIn(namespace(only), [plugin('template', '1.0.0', [only], declared)])
    assert.equal(resolveFeature(one, declared), only)
    assert.equal(resolveFeature(one, 'mixpeek://template@v1/template_v1'), only)

    const other = vector('template', '1.0.0', 'other_embedding')
    const both = [plugin('template', '1.0.0', [only, other], declared)]
    assert.throws(
      () => resolveFeature(featuresIn(namespace(only, other), both), declared),
      (error) => isFailure(error, 'request_invalid') && error.message.includes(other.featureUri),
    )
  })

  test('a vector that a deployed plugin writes and the namespace lacks is named with the request to send', () => {
    const there = vector('hash', '1.0.0', 'hash_embedding')
    const lacking = vector('words', '2.0.0', 'words_embedding')
    const plugins = [plugin('hash', '1.0.0', [there]), plugin('words', '2.0.0', [lacking])]
    const features = featuresIn(namespace(there), plugins)

    assert.throws(
      () => resolveFeature(features, 'mixpeek://words@2.0.0/words_embedding'),
      (error) => {
        assert.ok(isFailure(error, 'bad_request'))
        assert.deepEqual(error.detail.details, {
          missing_vector_indexes: ['words_embedding'],
          request: {
            method: 'POST',
            path: '/v1/namespaces/ns_1/plugins/reconfigure',
            body: { confirm: true, strategy: 'online' },
          },
        })
        return true
      },
    )
    assert.throws(() => resolveFeature(features, 'mixpeek://nothing@1.0.0'), /hash@1.0.0/)
  })
})

test('a vector of another size is as good as none, and needs the collection made anew', () => {
  const small = vector('hash', '1.0.0', 'hash_embedding', 64)
  const large = vector('hash', '2.0.0', 'hash_embedding', 128)
  const place = namespace(small)

  assert.equal(hasVector(place, small), true)
  assert.equal(hasVector(place, large), false)
  assert.deepEqual(lackingRequest(place, [large]).body, { confirm: true })
})
