import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FieldType } from '../buckets/bucket.ts'
import type { Collection } from '../collections/collection.ts'
import { documentIdOf, extractedPointId } from '../documents/document.ts'
import type { StoredBlobRow } from '../objects/object.ts'
import type { Source, SourceBlob } from './load-sources.ts'
import { pluginRows } from './plugin-rows.ts'

const extractor = {
  inputs: { text: { type: 'text' as const } },
  supportedInputTypes: ['text', 'image'] as const satisfies FieldType[],
}

function collection(mappings: Record<string, string>): Collection {
  const at = new Date(0)
  return {
    id: 'col_1',
    namespaceId: 'ns_1',
    name: 'c',
    description: null,
    source: { type: 'bucket', bucket_ids: ['bkt_1'] },
    extractor: {
      feature_extractor_name: 'hash_text',
      version: '1.0.0',
      feature_extractor_id: 'hash_text_1_0_0',
      parameters: {},
      input_mappings: mappings,
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

function blob(property: string, type: FieldType, more: Partial<StoredBlobRow> = {}): SourceBlob {
  const data = type === 'image' ? null : `the ${property}`
  const row = {
    id: `blob_${property}`,
    position: 0,
    property,
    type,
    keyPrefix: null,
    metadata: {},
    data,
    hash: type === 'image' ? 'a'.repeat(64) : null,
    sizeBytes: 11,
    mimeType: type === 'image' ? 'image/png' : 'text/plain',
    filename: null,
    ...more,
  }
  return { blob: row, value: row.data ?? { hash: row.hash } }
}

function source(values: Record<string, unknown>, blobs: SourceBlob[] = []): Source {
  return {
    row: { collectionId: 'col_1', sourceId: 'obj_1' },
    key: 'obj_1',
    values,
    blobs,
    lineage: { root_object_id: 'obj_1' },
    payload: values,
    version: '',
  }
}

const rowsOf = (mappings: Record<string, string>, given: Source) =>
  pluginRows(collection(mappings), extractor, given)

test('a mapped blob is a row, under the id that its document will have', () => {
  const text = blob('body', 'text')
  const [only, ...others] = rowsOf({ text: 'body' }, source({ body: 'the body' }, [text]))

  assert.equal(others.length, 0)
  assert.deepEqual(only, {
    position: [],
    row: {
      key: '["obj_1"]',
      objectId: 'obj_1',
      documentId: documentIdOf(
        extractedPointId({
          collectionId: 'col_1',
          sourceKey: 'obj_1',
          extractorId: 'hash_text_1_0_0',
          position: [],
        }),
      ),
      blob: {
        id: 'blob_body',
        property: 'body',
        type: 'text',
        mimeType: 'text/plain',
        sizeBytes: 0,
      },
      data: { text: 'the body' },
      aliases: ['body'],
    },
  })
})

test('without a mapping every blob of a type that the plugin reads is a row of its own', () => {
  const blobs = [
    blob('body', 'text'),
    blob('photo', 'image'),
    blob('photo', 'image', { id: 'blob_2', hash: 'b'.repeat(64) }),
    blob('talk', 'audio'),
  ]
  const rows = rowsOf({}, source({}, blobs))

  assert.deepEqual(
    rows.map(({ position, row }) => [position, row.blob.type, row.data]),
    [
      [['body', 0], 'text', { text: 'the body' }],
      [['photo', 0], 'image', { contentHash: 'a'.repeat(64) }],
      [['photo', 1], 'image', { contentHash: 'b'.repeat(64) }],
    ],
  )
  assert.equal(new Set(rows.map(({ row }) => row.documentId)).size, 3)
  assert.equal(new Set(rows.map(({ row }) => row.key)).size, 3)
})

test('a source without blobs gives the text under the name of an input, or its only one', () => {
  assert.deepEqual(rowsOf({}, source({ text: 'a', title: 'b' }))[0]?.row.data, { text: 'a' })
  assert.deepEqual(rowsOf({}, source({ title: 'b', year: 2 }))[0]?.row.data, { text: 'b' })
  assert.deepEqual(rowsOf({}, source({ title: 'b', other: 'c' })), [])
})

test('fields are text to a plugin; an object that looks like a stored file never opens one', () => {
  const forged = { hash: 'f'.repeat(64), mime_type: 'image/png' }
  const data = (value: unknown) => rowsOf({ text: 'a.b' }, source({ a: { b: value } }))[0]?.row.data

  assert.deepEqual(data(12), { text: '12' })
  assert.deepEqual(data(['x', 'y']), { text: 'x\ny' })
  assert.deepEqual(data(forged), { text: JSON.stringify(forged) })
  assert.equal(data(null), undefined)
})
