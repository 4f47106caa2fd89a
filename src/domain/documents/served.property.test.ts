import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import {
  activeIndex,
  fillEngine,
  openReadPorts,
  type EnginePlace,
} from '../../../test/support/engine-place.ts'
import type { PayloadFieldSchema } from '../../ports/vector-engine.ts'
import { evaluateFilter } from '../filters/evaluate-filter.ts'
import type { Filter } from '../filters/filter.ts'
import { documentIdOf } from './document.ts'
import { comparePlaces, sortKeys } from './document-order.ts'
import { groupDocuments } from './group-documents.ts'
import { listDocuments } from './list-documents.ts'
import type { ReadPorts } from './read.ts'
import { servedPlaces } from './served-order.ts'
import { servedValues } from './served-values.ts'
import { countValues, distinctScalars } from './value-counts.ts'

/** What stands in the fields of one collection: mostly one kind, so that indexes often hold everything. */
const kinds: Record<string, fc.Arbitrary<unknown>> = {
  integers: fc.constantFrom(0, 1, 2, 2, 2, -7, 2 ** 52, Number.MAX_SAFE_INTEGER),
  numbers: fc.constantFrom(0, 1, 1.5, -0.25, 1e300, 2.5, 2.5),
  texts: fc.constantFrom('', 'a', 'B', 'b', 'ä', 'a b', '12', 'true', '𝒳', 'z'.repeat(300)),
  dates: fc.constantFrom(
    '2024-01-01',
    '2024-01-01T00:00:00Z',
    '2024-01-01 10:00:00',
    '2023-12-31T23:59:59.123456+02:00',
    '2023-12-31T23:59:59.123457+02:00',
    '2300-01-01T00:00:00.000001Z',
    '2300-01-01T00:00:00.000002Z',
    '1500-01-01T00:00:00.000001Z',
  ),
  flags: fc.boolean(),
}
const stray = fc.constantFrom<unknown>(5, 5.5, 'a', '2024-01-01', true, null, {}, [], [[1]])

const schemas: PayloadFieldSchema[] = [
  { type: 'keyword' },
  { type: 'integer' },
  { type: 'integer', lookup: false, range: true },
  { type: 'integer', lookup: true, range: false },
  { type: 'float' },
  { type: 'bool' },
  { type: 'datetime' },
  { type: 'uuid' },
]

const fits: Record<string, PayloadFieldSchema[]> = {
  integers: [{ type: 'integer' }, { type: 'float' }],
  numbers: [{ type: 'float' }],
  texts: [{ type: 'keyword' }],
  dates: [{ type: 'datetime' }, { type: 'keyword' }],
  flags: [{ type: 'bool' }],
}

/** A field of every document: one kind; some with nulls, lists, strays and gaps among them. */
const column = fc
  .record({
    kind: fc.constantFrom(...Object.keys(kinds)),
    hasNulls: fc.boolean(),
    hasLists: fc.constantFrom(false, false, true),
    hasStrays: fc.constantFrom(false, false, false, true),
    hasGaps: fc.boolean(),
    any: fc.constantFrom(...schemas),
    isFitting: fc.constantFrom(true, true, true, false),
  })
  .chain(({ kind, hasNulls, hasLists, hasStrays, hasGaps, any, isFitting }) => {
    const scalar = kinds[kind] ?? fc.constant(null)
    const value = fc.oneof(
      { weight: 8, arbitrary: scalar },
      { weight: hasNulls ? 1 : 0, arbitrary: fc.constant(null) },
      {
        weight: hasLists ? 3 : 0,
        arbitrary: fc.array(fc.oneof({ weight: 6, arbitrary: scalar }, fc.constant(null)), {
          maxLength: 4,
        }),
      },
      { weight: hasStrays ? 1 : 0, arbitrary: stray },
      { weight: hasGaps ? 2 : 0, arbitrary: fc.constant(undefined) },
    )
    const fitting = fc.constantFrom(...(isFitting ? (fits[kind] ?? [any]) : [any]))
    return fc.record({ schema: fitting, values: fc.array(value, { minLength: 40, maxLength: 40 }) })
  })

const fields = ['value', 'deep.value', 'metadata.other'] as const
const paths = ['value', 'deep.value', 'other'] as const
const filters: (Filter | null)[] = [
  null,
  { kind: 'leaf', field: 'half', operator: 'eq', value: 1, caseSensitive: null },
  { kind: 'leaf', field: 'half', operator: 'ne', value: 1, caseSensitive: null },
  { kind: 'leaf', field: 'value', operator: 'exists', value: true, caseSensitive: null },
  { kind: 'leaf', field: 'words', operator: 'contains', value: 'x', caseSensitive: null },
]

describe('what indexes answer alone is what a pass over the documents answers', () => {
  const runs = Number(process.env['NACRE_PROPERTY_RUNS'] ?? 20)
  let ports: ReadPorts
  const stack = new AsyncDisposableStack()
  const servedCount = { order: 0, values: 0 }

  before(async () => {
    ports = stack.use(await openReadPorts())
  })
  after(async () => {
    await stack.disposeAsync()
  })

  test('sorts, facets and groups of mixed values, lists, nulls and gaps', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(column, { minLength: 3, maxLength: 3 }),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 15 }),
        async (columns, count, limit) => {
          const payloads = Array.from({ length: count }, (_, i) => payloadOf(columns, i))
          const indexes = columns.map(({ schema }, i) => activeIndex(paths[i] ?? '', schema))
          const place = await fillEngine(ports, payloads, indexes)
          for (const filter of filters) {
            for (const field of fields) await checkField(place, field, filter, limit)
          }
        },
      ),
      { numRuns: runs },
    )
    assert.ok(servedCount.order > 0 && servedCount.values > 0, 'indexes did answer')
  })

  async function checkField(
    place: EnginePlace,
    field: string,
    filter: Filter | null,
    limit: number,
  ): Promise<void> {
    const { namespace } = place
    const scope = { collectionIds: ['col_a'] }
    const why = JSON.stringify({ field, filter, limit, indexes: namespace.payloadIndexes })
    for (const direction of ['asc', 'desc'] as const) {
      const sort = [{ field, direction }]
      const request = { sort, filter, after: null, count: limit }
      if (await servedPlaces(ports, namespace, scope, request)) servedCount.order += 1
      const found = await everyPage(place, sort, filter, limit)
      assert.deepEqual(found, inOrder(place, sort, filter), why)
    }
    if (await servedValues(ports, namespace, scope, { field, filter })) servedCount.values += 1
    const expected = counted(place, field, filter)
    const facet = await countValues(ports, namespace, scope, { field, filter, limit })
    assert.deepEqual(
      facet,
      expected.slice(0, limit).map(({ value, count }) => ({ value, count })),
      why,
    )
    const request = { field, filter, limit, offset: 1, select: [], withVectors: false }
    const grouped = await groupDocuments(ports, namespace, scope, request)
    const groups = grouped.groups.map(({ key, count, records }) => ({
      value: key,
      count,
      ids: records.map(({ pointId }) => pointId),
    }))
    assert.deepEqual(groups, expected.slice(1, 1 + limit), why)
    assert.equal(grouped.totalGroups, expected.length, why)
    assert.equal(grouped.totalDocuments, matching(place, filter).length, why)
  }

  async function everyPage(
    { namespace, documents }: EnginePlace,
    sort: { field: string; direction: 'asc' | 'desc' }[],
    filter: Filter | null,
    limit: number,
  ): Promise<string[]> {
    const found: string[] = []
    const scope = { collectionIds: ['col_a'] }
    const rest = { sort, filter, limit, select: [], withVectors: false, includeTotal: true }
    const pageAt = async (offset: number, cursor: string | null) => {
      const page = await listDocuments(ports, namespace, scope, { ...rest, offset, cursor })
      assert.equal(page.total, matching({ namespace, documents }, filter).length)
      found.push(...page.records.map(({ pointId }) => pointId))
      return page.nextCursor
    }
    // The second page by its number, the following ones by their cursors.
    let cursor = await pageAt(0, null)
    if (cursor !== null) cursor = await pageAt(limit, null)
    while (cursor !== null) cursor = await pageAt(0, cursor)
    return found
  }
})

function payloadOf(columns: { values: unknown[] }[], i: number): Record<string, unknown> {
  const [value, deep, other] = columns.map(({ values }) => values[i])
  return {
    half: i % 2,
    words: i % 3 === 0 ? 'six' : 'two',
    ...(value !== undefined && { value }),
    ...(deep !== undefined && { deep: { value: deep } }),
    // Where a document has the field literally, that one wins.
    ...(other !== undefined && (other === true ? { metadata: { other } } : { other })),
  }
}

function matching({ documents, namespace }: EnginePlace, filter: Filter | null) {
  return documents
    .filter(({ id, payload }) => {
      const identity = { documentId: documentIdOf(id), namespaceId: namespace.id }
      return filter === null || evaluateFilter(filter, payload, identity)
    })
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
}

function inOrder(
  place: EnginePlace,
  sort: { field: string; direction: 'asc' | 'desc' }[],
  filter: Filter | null,
): string[] {
  return matching(place, filter)
    .map(({ id, payload }) => ({ keys: sortKeys(payload, sort), pointId: id }))
    .toSorted(comparePlaces(sort))
    .map(({ pointId }) => pointId)
}

function counted(place: EnginePlace, field: string, filter: Filter | null) {
  const ids = new Map<string | number | boolean, string[]>()
  for (const { id, payload } of matching(place, filter)) {
    const record = {
      pointId: id,
      documentId: documentIdOf(id),
      collectionId: 'col_a',
      payload,
      vectors: null,
      score: null,
    }
    for (const value of distinctScalars(record, field, place.namespace))
      ids.set(value, [...(ids.get(value) ?? []), id])
  }
  return [...ids]
    .map(([value, found]) => ({ value, count: found.length, ids: found.slice(0, 100) }))
    .toSorted((a, b) => b.count - a.count || (String(a.value) < String(b.value) ? -1 : 1))
}
