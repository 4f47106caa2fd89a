import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { activeIndex, fillEngine, openReadPorts } from '../../../test/support/engine-place.ts'
import type { Payload, PayloadFieldSchema } from '../../ports/vector-engine.ts'
import { evaluateFilter } from '../filters/evaluate-filter.ts'
import type { Filter, Leaf, Operator } from '../filters/filter.ts'
import type { Namespace } from '../namespaces/namespace.ts'
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
    await using ports = await openReadPorts()
    await fc.assert(
      fc.asyncProperty(
        fc.array(payload, { minLength: 1, maxLength: 30 }),
        fc.array(filter, { minLength: 1, maxLength: 40 }),
        async (payloads, filters) => {
          const { namespace, documents } = await fillEngine(ports, payloads, [])
          for (const each of filters) await checkAnswer(ports, namespace, documents, each)
        },
      ),
      { numRuns: runs },
    )
  })

  test('with a payload index of any type on each field', async () => {
    await using ports = await openReadPorts()
    await fc.assert(
      fc.asyncProperty(
        fc.array(payload, { minLength: 1, maxLength: 30 }),
        fc.array(filter, { minLength: 1, maxLength: 40 }),
        fc.tuple(...indexed.map(() => fc.constantFrom(...schemas))),
        async (payloads, filters, chosen) => {
          const indexes = indexed.map((path, i) =>
            activeIndex(path, chosen[i] ?? { type: 'keyword' }),
          )
          const { namespace, documents } = await fillEngine(ports, payloads, indexes)
          for (const each of filters) await checkAnswer(ports, namespace, documents, each)
        },
      ),
      { numRuns: runs },
    )
  })
})

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
