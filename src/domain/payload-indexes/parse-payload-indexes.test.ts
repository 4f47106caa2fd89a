import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isFailure, type Fault } from '../failure.ts'
import { parsePayloadIndexes, type PayloadIndexConfig } from './parse-payload-indexes.ts'
import type { DeclaredIndex, PayloadIndex } from './payload-index.ts'
import { systemIndexes } from './system-indexes.ts'

describe('parsePayloadIndexes()', () => {
  test('lets type win over the field_schema beside it, whose options of another type it ignores', () => {
    const [index] = parse([
      {
        field_name: '<string>',
        type: 'keyword',
        field_schema: {
          type: 'text',
          tokenizer: 'word',
          min_token_len: 2,
          max_token_len: 15,
          lowercase: true,
        },
        is_protected: false,
      },
    ])

    assert.deepEqual(index, {
      fieldName: '<string>',
      path: '<string>',
      schema: { type: 'keyword', is_tenant: false },
    })
  })

  test('generates an absent field_schema from the type', () => {
    const all = parse(
      (['keyword', 'integer', 'float', 'bool', 'geo', 'datetime', 'text', 'uuid'] as const).map(
        (type) => ({
          field_name: type,
          type,
        }),
      ),
    )

    assert.deepEqual(
      all.map(({ schema }) => schema),
      [
        { type: 'keyword', is_tenant: false },
        { type: 'integer', lookup: true, range: true },
        { type: 'float' },
        { type: 'bool' },
        { type: 'geo' },
        { type: 'datetime' },
        { type: 'text', tokenizer: 'word', min_token_len: 2, max_token_len: 15, lowercase: true },
        { type: 'uuid', is_tenant: false },
      ],
    )
  })

  test('keeps what the type may be told', () => {
    const [index] = parse([
      {
        field_name: 'title',
        type: 'text',
        field_schema: { tokenizer: 'prefix', min_token_len: 1, lowercase: null },
      },
    ])

    assert.deepEqual(index?.schema, {
      type: 'text',
      tokenizer: 'prefix',
      min_token_len: 1,
      max_token_len: 15,
      lowercase: true,
    })
  })

  test('refuses an option of the type that is out of range, naming it', () => {
    const faults = faultsOf([
      { field_name: 'a', type: 'text', field_schema: { tokenizer: 'letters' } },
      { field_name: 'b', type: 'text', field_schema: { min_token_len: 0 } },
      { field_name: 'c', type: 'text', field_schema: { min_token_len: 20 } },
      { field_name: 'd', type: 'integer', field_schema: { lookup: false, range: false } },
      { field_name: 'e', type: 'keyword', field_schema: { is_tenant: 'yes' } },
    ])

    assert.deepEqual(places(faults), [
      'body.payload_indexes.0.field_schema.tokenizer',
      'body.payload_indexes.1.field_schema.min_token_len',
      'body.payload_indexes.2.field_schema.max_token_len',
      'body.payload_indexes.3.field_schema',
      'body.payload_indexes.4.field_schema.is_tenant',
    ])
  })

  test('refuses an option that no type knows, and says which was probably meant', () => {
    const [fault] = faultsOf([
      { field_name: 'a', type: 'text', field_schema: { tokeniser: 'word' } },
    ])

    assert.equal(fault?.location.join('.'), 'body.payload_indexes.0.field_schema.tokeniser')
    assert.match(fault?.message ?? '', /did you mean 'tokenizer'/)
  })

  test('refuses a key of an entry that it does not know', () => {
    const [fault] = faultsOf([{ field_name: 'a', type: 'text', feild_schema: {} }])

    assert.equal(fault?.type, 'unknown_field')
  })

  test('refuses one field twice, also under two names of one path', () => {
    const faults = faultsOf([
      { field_name: 'category', type: 'keyword' },
      { field_name: 'category', type: 'keyword' },
      { field_name: 'metadata.category', type: 'keyword' },
    ])

    assert.deepEqual(places(faults), [
      'body.payload_indexes.1.field_name',
      'body.payload_indexes.2.field_name',
    ])
    assert.match(faults[1]?.message ?? '', /'metadata.category' and 'category' are the same field/)
  })

  test('leaves out protected entries that come back as they were answered', () => {
    const echoed = systemIndexes().map(({ fieldName, schema }) => ({
      field_name: fieldName,
      type: schema.type,
      field_schema: { ...schema },
      is_protected: true,
      origin: 'system',
      state: 'virtual',
    }))

    assert.deepEqual(parse([...echoed, { field_name: 'category', type: 'keyword' }]).map(nameOf), [
      'category',
    ])
  })

  test('takes an echo whose options a generated client has dropped or added for one', () => {
    const declared = parse([
      {
        field_name: 'collection_id',
        type: 'keyword',
        field_schema: { type: 'keyword', min_token_len: 2, max_token_len: 15, lowercase: true },
        is_protected: true,
      },
    ])

    assert.deepEqual(declared, [])
  })

  test('refuses an echo that changes a protected index', () => {
    const faults = faultsOf([
      { field_name: 'collection_id', type: 'uuid', is_protected: true },
      {
        field_name: 'internal_id',
        type: 'keyword',
        field_schema: { is_tenant: false },
        is_protected: true,
      },
    ])

    assert.deepEqual(places(faults), [
      'body.payload_indexes.0.type',
      'body.payload_indexes.1.field_schema',
    ])
  })

  test('refuses a new entry that claims protection', () => {
    const [fault] = faultsOf([{ field_name: 'category', type: 'keyword', is_protected: true }])

    assert.equal(fault?.location.join('.'), 'body.payload_indexes.0.is_protected')
  })

  test('refuses a system field by its short name, by its path, and any other field below _internal', () => {
    const faults = faultsOf([
      { field_name: 'document_id', type: 'keyword' },
      { field_name: '_internal.collection_id', type: 'keyword' },
      { field_name: '_internal.patch.title', type: 'keyword' },
      { field_name: '"_internal".patch', type: 'keyword' },
      { field_name: '_vectors', type: 'keyword' },
    ])

    assert.deepEqual(
      faults.map(({ type }) => type),
      Array(5).fill('protected_field'),
    )
  })

  test('lets a client take over an automatic index, and ignores its echo', () => {
    const automatic: PayloadIndex = {
      fieldName: 'category',
      path: 'category',
      schema: { type: 'keyword' },
      origin: 'auto',
      isProtected: true,
      state: 'active',
      error: null,
    }
    const entry = { field_name: 'category', type: 'keyword' } as const

    assert.deepEqual(parse([{ ...entry, is_protected: false }], [automatic]).map(nameOf), [
      'category',
    ])
    assert.deepEqual(parse([{ ...entry, is_protected: true }], [automatic]), [])
  })

  test('refuses names that no document can have', () => {
    const names = [
      'a\u0000b',
      'a..b',
      '.a',
      'a.',
      '\ud800',
      '   ',
      'a[b',
      'a"b',
      'a\\b',
      'line\nbreak',
    ]
    const faults = faultsOf(names.map((field_name) => ({ field_name, type: 'keyword' })))

    assert.deepEqual(
      places(faults),
      names.map((_, i) => `body.payload_indexes.${i}.field_name`),
    )
  })

  test('refuses more indexes than the setting allows, naming it', () => {
    const [fault] = faultsOf(
      Array.from({ length: 4 }, (_, i) => ({ field_name: `f${i}`, type: 'keyword' })),
      3,
    )

    assert.match(
      fault?.message ?? '',
      /declares 4 indexes; a namespace has at most 3 \(NACRE_INDEXES_MAX\)/,
    )
  })
})

function parse(
  entries: readonly PayloadIndexConfig[],
  extra: readonly PayloadIndex[] = [],
): DeclaredIndex[] {
  return parsePayloadIndexes(entries, {
    location: ['body', 'payload_indexes'],
    existing: [...systemIndexes(), ...extra],
    indexesMax: 100,
  })
}

function faultsOf(
  entries: readonly (Omit<PayloadIndexConfig, 'type'> & { type: string })[],
  indexesMax = 100,
): readonly Fault[] {
  try {
    parsePayloadIndexes(entries as PayloadIndexConfig[], {
      location: ['body', 'payload_indexes'],
      existing: systemIndexes(),
      indexesMax,
    })
  } catch (error) {
    if (isFailure(error, 'request_invalid')) return error.detail.faults
    throw error
  }
  return []
}

function places(faults: readonly Fault[]): string[] {
  return faults.map(({ location }) => location.join('.'))
}

function nameOf({ fieldName }: DeclaredIndex): string {
  return fieldName
}
