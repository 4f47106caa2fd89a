import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { FoundDocument } from '../stage.ts'
import { aggregateFunctions } from '../../aggregate/accumulators.ts'
import { DocumentAggregate } from './aggregate-documents.ts'
import { distinctByContent, distinctByFields } from './deduplicate.ts'
import { groupFound } from './group-found.ts'
import { sortByScore } from './sort-relevance.ts'
import { isAlike, triplesOf } from './text-likeness.ts'

const namespace = { id: 'ns_1' }
const value = fc.oneof(
  fc.constantFrom('a', 'b', 'A', 'b ', ''),
  fc.integer({ min: -2, max: 2 }),
  fc.boolean(),
  fc.constant(null),
)
const fields = fc.record(
  {
    a: value,
    b: fc.oneof(value, fc.array(value, { maxLength: 3 })),
    n: fc.integer({ min: -9, max: 9 }),
  },
  { requiredKeys: [] },
)
const documents = fc.array(fields, { maxLength: 12 }).map((all) => all.map(documentOf))

function documentOf(payload: Record<string, unknown>, i: number): FoundDocument {
  const pointId = `00000000-0000-8000-8000-${String(i).padStart(12, '0')}`
  return { pointId, documentId: `doc_${i}`, collectionId: 'c', payload, vectors: null, score: null }
}

function listed(document: FoundDocument, field: string): unknown[] {
  const found = document.payload?.[field]
  return [found].flat().filter((one) => one !== undefined && one !== null)
}

test('deduplicate by fields keeps the first of each combination, and all that lack one', () => {
  fc.assert(
    fc.property(documents, fc.boolean(), (all, case_sensitive) => {
      const given = { fields: ['a', 'b'], case_sensitive }
      const { kept, withoutValue } = distinctByFields(all, given, namespace)

      const keyOf = (document: FoundDocument) => {
        const text = JSON.stringify([
          [document.payload?.['a']].flat(),
          [document.payload?.['b']].flat(),
        ])
        return case_sensitive ? text : text.toLowerCase()
      }
      const isWhole = (one: FoundDocument) => ['a', 'b'].every((f) => listed(one, f).length > 0)
      const wanted = all.filter(
        (one, i) =>
          !isWhole(one) ||
          !all.slice(0, i).some((other) => isWhole(other) && keyOf(other) === keyOf(one)),
      )
      assert.deepEqual(kept, wanted)
      assert.equal(withoutValue, all.filter((one) => !isWhole(one)).length)
    }),
  )
})

test('two texts are alike as the share of letter triples says', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', ' ', 'c'), maxLength: 30 })
  fc.assert(
    fc.property(text, text, fc.integer({ min: 0, max: 20 }), (a, b, twentieths) => {
      const count = (triples: readonly number[]) =>
        new Map([...new Set(triples)].map((t) => [t, triples.filter((one) => one === t).length]))
      const [left, right] = [[...triplesOf(a)], [...triplesOf(b)]]
      const [x, y] = [count(left), count(right)]
      const shared = [...x].reduce((sum, [t, n]) => sum + Math.min(n, y.get(t) ?? 0), 0)
      const all = left.length + right.length
      const likeness = all === 0 ? 1 : (2 * shared) / all
      const threshold = twentieths / 20
      assert.equal(isAlike(triplesOf(a), triplesOf(b), threshold), likeness >= threshold - 1e-9)
    }),
  )
})

test('deduplicate by content leaves no two that are alike, and drops none that is alike to none', async () => {
  const texts = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', ' '), maxLength: 12 }), {
    maxLength: 10,
  })
  await fc.assert(
    fc.asyncProperty(texts, fc.constantFrom(0, 0.5, 0.8, 1), async (all, threshold) => {
      const found = all.map((content, i) => documentOf({ content }, i))
      const given = {
        content_field: 'content',
        similarity_threshold: threshold,
        case_sensitive: true,
      }
      const call = {
        namespace: namespace as never,
        signal: new AbortController().signal,
        ports: { config: { contentDuplicatesMax: 100 } },
      }
      const { kept } = await distinctByContent(found, given, call)

      const alike = (one: FoundDocument, other: FoundDocument) =>
        isAlike(
          triplesOf(String(one.payload?.['content'])),
          triplesOf(String(other.payload?.['content'])),
          threshold,
        )
      const naive: FoundDocument[] = []
      for (const one of found) if (!naive.some((other) => alike(one, other))) naive.push(one)
      assert.deepEqual(kept, naive)
    }),
  )
})

test('aggregates are what their definitions say', () => {
  fc.assert(
    fc.property(documents, fc.constantFrom(null, 'a', 'b'), (all, by) => {
      const metrics = aggregateFunctions.map((name) => ({
        function: name,
        field: 'n',
        alias: name,
      }))
      const keys = by === null ? [] : [{ field: by, alias: 'key' }]
      const aggregate = new DocumentAggregate(
        keys,
        [...metrics, { function: 'count', field: null, alias: 'documents' }],
        namespace,
        { valuesMax: 10_000 },
      )
      for (const document of all) aggregate.add(document)

      const naive = naively(all, by)
      const results = aggregate.results()
      assert.equal(results.length, naive.size)
      for (const { group, metrics: numbers } of results)
        assert.deepEqual(numbers, naive.get(JSON.stringify(group['key'] ?? null)))
    }),
  )
})

function naively(all: readonly FoundDocument[], by: string | null): Map<string, unknown> {
  const keysOf = (one: FoundDocument) => {
    const keys = by === null ? [] : listed(one, by)
    return keys.length === 0 ? [null] : keys
  }
  const keys = new Set(
    by === null ? ['null'] : all.flatMap((one) => keysOf(one).map((k) => JSON.stringify(k))),
  )
  return new Map(
    [...keys].map((key) => {
      const members = all.filter((one) => keysOf(one).some((k) => JSON.stringify(k) === key))
      const values = members.flatMap((one) => listed(one, 'n')) as number[]
      const sum = values.reduce((a, b) => a + b, 0)
      const metrics = {
        count: values.length,
        count_distinct: new Set(values).size,
        sum,
        avg: values.length === 0 ? null : sum / values.length,
        min: values.length === 0 ? null : Math.min(...values),
        max: values.length === 0 ? null : Math.max(...values),
        first: values[0] ?? null,
        last: values.at(-1) ?? null,
        collect: values,
        collect_distinct: [...new Set(values)],
        documents: members.length,
      }
      return [key, metrics]
    }),
  )
}

test('sums do not depend on the order of documents', () => {
  const numbers = fc.array(fc.constantFrom(1e16, 1, -1e16, 0.1, 3), { maxLength: 8 })
  fc.assert(
    fc.property(numbers, (all) => {
      const sumOf = (given: readonly number[]) => {
        const sum = { function: 'sum' as const, field: 'n', alias: 's' }
        const aggregate = new DocumentAggregate([], [sum], namespace, { valuesMax: 9 })
        for (const [i, n] of given.entries()) aggregate.add(documentOf({ n }, i))
        return Number(aggregate.results()[0]?.metrics['s'])
      }
      assert.ok(
        Math.abs(sumOf(all) - sumOf(all.toReversed())) <= 1e-9 + Math.abs(sumOf(all)) * 1e-15,
      )
    }),
  )
})

test('groups hold each document once for each of its values, the first of each kept', () => {
  fc.assert(
    fc.property(documents, fc.integer({ min: 1, max: 3 }), (all, maxPerGroup) => {
      const found = groupFound(all, { field: 'b', maxPerGroup }, namespace as never)

      for (const { key, count, documents: kept } of found.groups) {
        const members = all.filter((one) => listed(one, 'b').includes(key))
        assert.equal(count, members.length)
        assert.deepEqual(kept, members.slice(0, maxPerGroup))
      }
      const keys = new Set(all.flatMap((one) => listed(one, 'b')))
      assert.deepEqual(new Set(found.groups.map(({ key }) => key)), keys)
      assert.equal(found.withoutValue, all.filter((one) => listed(one, 'b').length === 0).length)
    }),
  )
})

test('a sort by score is stable, and what has no score goes where it was said', () => {
  const scored = fc.array(fc.option(fc.integer({ min: 0, max: 3 })), { maxLength: 10 })
  fc.assert(
    fc.property(scored, fc.constantFrom('asc', 'desc'), (scores, direction) => {
      const items = scores.map((score, place) => ({ score, place }))
      const sign = direction === 'asc' ? 1 : -1
      const present = items.filter(({ score }) => score !== null)
      const sorted = present.toSorted(
        (a, b) => sign * (Number(a.score) - Number(b.score)) || a.place - b.place,
      )
      const without = items.filter(({ score }) => score === null)
      assert.deepEqual(sortByScore(items, direction, 'bottom'), [...sorted, ...without])
      assert.deepEqual(sortByScore(items, direction, 'top'), [...without, ...sorted])
      const preserved = sortByScore(items, direction, 'preserve')
      assert.deepEqual(
        preserved.filter(({ score }) => score !== null),
        sorted,
      )
      for (const one of without) assert.equal(preserved[one.place], one)
    }),
  )
})
