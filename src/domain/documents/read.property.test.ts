import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { silentLogger } from '../../../test/support/silent-logger.ts'
import { openQdrantEdge } from '../../adapters/qdrant-edge/open-qdrant-edge.ts'
import { readConfig } from '../../config.ts'
import type { Payload, PayloadFieldSchema } from '../../ports/vector-engine.ts'
import { evaluateFilter } from '../filters/evaluate-filter.ts'
import type { Filter, Leaf, Operator } from '../filters/filter.ts'
import { aliasOf, collectionOf, type Namespace } from '../namespaces/namespace.ts'
import type { PayloadIndex } from '../payload-indexes/payload-index.ts'
import { documentIdOf } from './document.ts'
import { countDocuments, scanDocuments, type ReadPorts } from './read.ts'

const fields = [
  'n',
  's',
  'list',
  'deep.x',
  'metadata.m',
  'm',
  'created_at',
  'missing',
  'deep.list[]',
] as const
const indexed = ['n', 's', 'list', 'deep.x', 'metadata.m', 'm', 'created_at'] as const

const words = [
  'red',
  'Red fox',
  'the quick red fox',
  'straße',
  'x',
  'averyveryverylongword here',
  '',
]
const dates = [
  '2024-01-01',
  '2024-01-01T00:00:00Z',
  '2024-01-01 10:00:00',
  '2023-12-31T23:59:59.123456+02:00',
]
const ids = ['550e8400-e29b-41d4-a716-446655440000', '550E8400-E29B-41D4-A716-446655440000']
const numbers = [0, 5, 5.5, 6, -3, 1e300, 2 ** 52, 1704067200]
const scalar = fc.constantFrom<unknown>(...words, ...dates, ...ids, ...numbers, true, false)
const element = fc.oneof(
  { weight: 9, arbitrary: scalar },
  { weight: 1, arbitrary: fc.constantFrom(null, { a: 1 }, [5]) },
)
const value = fc.oneof(
  { weight: 6, arbitrary: element },
  { weight: 3, arbitrary: fc.array(element, { maxLength: 3 }) },
)
const payload = fc.record(
  {
    n: value,
    s: value,
    list: value,
    m: value,
    deep: fc.oneof(value, fc.record({ x: value, list: value }, { requiredKeys: [] })),
    metadata: fc.oneof(value, fc.record({ m: value }, { requiredKeys: [] })),
    created_at: value,
  },
  { requiredKeys: [] },
)

const field = fc.constantFrom(...fields)
const leaf: fc.Arbitrary<Leaf> = fc.oneof(
  leafOf(['eq', 'ne'], scalar),
  leafOf(['in', 'nin'], fc.array(scalar, { maxLength: 4 })),
  leafOf(['gt', 'gte', 'lt', 'lte'], fc.constantFrom<unknown>(...numbers, ...dates)),
  leafOf(['exists', 'is_null'], fc.boolean()),
  leafOf(
    ['text', 'phrase', 'contains', 'starts_with', 'ends_with'],
    fc.constantFrom<unknown>(...words, 'red averyveryverylongword'),
  ),
)
const filter: fc.Arbitrary<Filter> = fc.letrec<{ node: Filter }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaf,
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const, 'not' as const),
      filters: fc.array(tie('node'), { maxLength: 3 }),
    }),
  ),
})).node

const schemas: PayloadFieldSchema[] = [
  { type: 'keyword' },
  { type: 'integer' },
  { type: 'integer', lookup: false, range: true },
  { type: 'integer', lookup: true, range: false },
  { type: 'float' },
  { type: 'bool' },
  { type: 'datetime' },
  { type: 'uuid' },
  { type: 'text', tokenizer: 'word', min_token_len: 2, max_token_len: 15, lowercase: true },
  { type: 'text', tokenizer: 'prefix', min_token_len: 2, max_token_len: 6, lowercase: true },
  { type: 'text', tokenizer: 'whitespace', lowercase: true },
  { type: 'text', tokenizer: 'word', lowercase: false },
]

function leafOf(operators: Operator[], given: fc.Arbitrary<unknown>): fc.Arbitrary<Leaf> {
  return fc.record({
    kind: fc.constant('leaf' as const),
    field,
    operator: fc.constantFrom(...operators),
    value: given,
    caseSensitive: fc.constantFrom(null, null, true, false),
  })
}

describe('the read gate answers every filter as evaluateFilter() does', () => {
  const runs = Number(process.env['NACRE_PROPERTY_RUNS'] ?? 12)

  test('without payload indexes', async () => {
    await using place = await openPlace()
    await fc.assert(
      fc.asyncProperty(
        fc.array(payload, { minLength: 1, maxLength: 30 }),
        fc.array(filter, { minLength: 1, maxLength: 40 }),
        async (payloads, filters) => {
          const { namespace, documents } = await place.fill(payloads, [])
          for (const each of filters) await checkAnswer(place.ports, namespace, documents, each)
        },
      ),
      { numRuns: runs },
    )
  })

  test('with a payload index of any type on each field', async () => {
    await using place = await openPlace()
    await fc.assert(
      fc.asyncProperty(
        fc.array(payload, { minLength: 1, maxLength: 30 }),
        fc.array(filter, { minLength: 1, maxLength: 40 }),
        fc.tuple(...indexed.map(() => fc.constantFrom(...schemas))),
        async (payloads, filters, chosen) => {
          const indexes = indexed.map((path, i) => indexOf(path, chosen[i] ?? { type: 'keyword' }))
          const { namespace, documents } = await place.fill(payloads, indexes)
          for (const each of filters) await checkAnswer(place.ports, namespace, documents, each)
        },
      ),
      { numRuns: runs },
    )
  })
})

function indexOf(path: string, schema: PayloadFieldSchema): PayloadIndex {
  return {
    fieldName: path,
    path,
    schema,
    origin: 'user',
    isProtected: false,
    state: 'active',
    error: null,
  }
}

async function checkAnswer(
  ports: ReadPorts,
  namespace: Namespace,
  documents: readonly { id: string; payload: Payload }[],
  filter: Filter,
): Promise<void> {
  const expected = documents
    .filter(({ id, payload: each }) =>
      evaluateFilter(filter, each, { documentId: documentIdOf(id), namespaceId: namespace.id }),
    )
    .map(({ id }) => id)
    .toSorted()

  const found: string[] = []
  const scan = { filter, select: [], withVectors: false }
  for await (const page of scanDocuments(ports, namespace, { collectionIds: ['col_a'] }, scan)) {
    found.push(...page.map(({ pointId }) => pointId))
  }
  const count = await countDocuments(ports, namespace, { collectionIds: null }, filter)

  assert.deepEqual(found.toSorted(), expected, JSON.stringify(filter))
  assert.equal(count, expected.length, JSON.stringify(filter))
}

async function openPlace() {
  const folder = await mkdtemp(join(tmpdir(), 'nacre-read-'))
  const config = readConfig({ NACRE_DATA: folder })
  const vectors = await openQdrantEdge({ folder, config, log: silentLogger })
  let made = 0
  return {
    ports: { vectors, config, log: silentLogger },
    async fill(payloads: readonly Payload[], payloadIndexes: PayloadIndex[]) {
      const namespace = namespaceOf(`ns_test${made++}`, payloadIndexes)
      const collection = collectionOf(namespace)
      await vectors.createCollection(collection, { vectors: {}, sparse_vectors: {} })
      await vectors.setAlias(aliasOf(namespace), collection)
      const documents = payloads.map((each) => ({
        id: randomUUID(),
        payload: {
          ...each,
          _internal: { collection_id: 'col_a', created_at: '2024-01-01T00:00:00.000Z' },
        },
      }))
      // Half before the indexes and half after: built from what is there, and kept up to date.
      const half = documents.length >> 1
      const points = documents.map((document) => ({ ...document, vectors: {} }))
      await vectors.write(collection, { kind: 'upsert', points: points.slice(0, half) })
      for (const { path, schema } of payloadIndexes)
        await vectors.createPayloadIndex(collection, path, schema)
      await vectors.write(collection, { kind: 'upsert', points: points.slice(half) })
      return { namespace, documents }
    },
    async [Symbol.asyncDispose]() {
      await vectors[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function namespaceOf(id: string, payloadIndexes: PayloadIndex[]): Namespace {
  return {
    id,
    organizationId: 'org_test',
    name: id,
    description: null,
    namespaceType: 'standard',
    state: 'ready',
    generation: 1,
    featureExtractors: [],
    vectors: {},
    embedding: {
      model: 'bundled',
      inferenceName: 'test',
      dimensions: 2,
      languages: ['en'],
      tokensMax: 10,
    },
    payloadIndexes,
    autoCreateIndexes: false,
    infrastructure: {},
    createdAt: new Date(0),
    updatedAt: new Date(0),
  }
}
