import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Collection } from '../collections/collection.ts'
import { planTiers, reachedFromBucket } from './plan-tiers.ts'

const texts = collection('texts', { type: 'bucket', bucket_ids: ['b1'] })
const images = collection('images', { type: 'bucket', bucket_ids: ['b1', 'b2'] })
const summaries = collection('summaries', { type: 'collection', collection_ids: ['texts'] })
const topics = collection('topics', { type: 'collection', collection_ids: ['summaries', 'images'] })
const other = collection('other', { type: 'bucket', bucket_ids: ['b2'] })
const off = { ...collection('off', { type: 'bucket', bucket_ids: ['b1'] }), enabled: false }
const all = [topics, summaries, texts, images, other, off]

describe('reachedFromBucket()', () => {
  test('finds enabled readers of the bucket and everything downstream', () => {
    assert.deepEqual(idsOf(reachedFromBucket(all, 'b1')), [
      'topics',
      'summaries',
      'texts',
      'images',
    ])
    assert.deepEqual(idsOf(reachedFromBucket(all, 'b2')), ['topics', 'images', 'other'])
    assert.deepEqual(reachedFromBucket(all, 'b3'), [])
  })
})

describe('planTiers()', () => {
  test('a reader comes one tier after the last of its sources', () => {
    assert.deepEqual(planTiers([topics, summaries, texts, images]).map(idsOf), [
      ['texts', 'images'],
      ['summaries'],
      ['topics'],
    ])
  })

  test('a restricted batch has no empty tiers', () => {
    assert.deepEqual(planTiers([summaries]).map(idsOf), [['summaries']])
    assert.deepEqual(planTiers([]).map(idsOf), [])
  })
})

function idsOf(collections: readonly Collection[]) {
  return collections.map(({ id }) => id)
}

function collection(id: string, source: Collection['source']): Collection {
  const at = new Date(0)
  return {
    id,
    namespaceId: 'ns_1',
    name: id,
    description: null,
    source,
    extractor: {
      feature_extractor_name: 'text_extractor',
      version: 'v1',
      feature_extractor_id: 'text_extractor_v1',
      parameters: {},
      input_mappings: {},
      field_passthrough: [],
      include_all_source_fields: false,
    },
    inputSchema: {},
    outputSchema: {},
    schemaVersion: 1,
    schemaSyncedAt: null,
    enabled: true,
    metadata: {},
    state: 'active',
    createdAt: at,
    updatedAt: at,
  }
}
