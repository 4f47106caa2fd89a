import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PayloadIndex } from '../payload-indexes/payload-index.ts'
import { patchCommand } from './patch-command.ts'

const year: PayloadIndex = {
  fieldName: 'year',
  path: 'year',
  schema: { type: 'integer', lookup: false, range: true },
  origin: 'user',
  isProtected: false,
  state: 'active',
  error: null,
}

test('the command keeps every custom index with its options, and names no other', () => {
  const payloadIndexes: PayloadIndex[] = [
    year,
    { ...year, fieldName: 'genre', path: 'genre', schema: { type: 'keyword', is_tenant: false } },
    { ...year, fieldName: 'auto', path: 'auto', origin: 'auto' },
    { ...year, fieldName: 'created_at', path: '_internal.created_at', origin: 'system' },
    { ...year, fieldName: 'going', path: 'going', state: 'dropping' },
  ]

  const command = patchCommand({ id: 'ns_1', payloadIndexes }, 'metadata.country', 'keyword')

  const [, request = '', body = ''] = /^(PATCH \S+) (.*)$/.exec(command) ?? []
  assert.equal(request, 'PATCH /v1/namespaces/ns_1')
  assert.deepEqual(JSON.parse(body), {
    payload_indexes: [
      { field_name: 'year', type: 'integer', field_schema: year.schema },
      { field_name: 'genre', type: 'keyword' },
      { field_name: 'metadata.country', type: 'keyword' },
    ],
  })
})
