import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openTestPorts } from '../../../test/support/ports.ts'
import {
  leafOf,
  openWrittenNamespace,
  type WrittenNamespace,
} from '../../../test/support/written-namespace.ts'
import type { Ports } from '../../ports/ports.ts'
import type { PayloadFieldSchema } from '../../ports/vector-engine.ts'
import { deleteDocuments } from '../documents/delete-documents.ts'
import type { Filter } from '../filters/filter.ts'
import { collectionOf } from '../namespaces/namespace.ts'
import type { AskedSample } from './measurement.ts'
import { sameAnswers } from './parity.ts'
import { replayIds } from './replay.ts'

const uuid = '550e8400-e29b-41d4-a716-446655440000'
const exact = { exact: true } as const

/** Design 1: each index changes an answer where the read gate is not told of it. */
const traps: {
  name: string
  values: unknown[]
  schema: PayloadFieldSchema
  filter: Filter
  /** The values whose documents are told otherwise. */
  differing: unknown[]
}[] = [
  {
    name: 'an integer index, which hides 5.5 from a range',
    values: [4, 5, 5.5, 6, 7],
    schema: { type: 'integer' },
    filter: { kind: 'and', filters: [leafOf('f', 'gte', 5), leafOf('f', 'lte', 6)] },
    differing: [5.5],
  },
  {
    name: 'an integer index, which takes 5.5 for 5',
    values: [4, 5.5, 6],
    schema: { type: 'integer' },
    filter: leafOf('f', 'ne', 5.5),
    differing: [5.5],
  },
  {
    name: 'a uuid index, which compares without case',
    values: [uuid, uuid.toUpperCase(), 'other'],
    schema: { type: 'uuid' },
    filter: leafOf('f', 'eq', uuid),
    differing: [uuid.toUpperCase()],
  },
]

describe('replayIds() and sameAnswers()', () => {
  test('the answers of queries are the same where nothing but documents changed', async () => {
    await using ports = await openTestPorts()
    const place = await openWrittenNamespace(ports, { fields: numbered(300) })
    const { namespace, pointIds } = place
    const samples = [sampleOf(leafOf('n', 'lt', 100)), sampleOf(leafOf('tag', 'eq', 't1'))]

    const before = await replayIds(ports, namespace, samples, exact)
    await place.write(numbered(40))
    await place.write(
      pointIds.slice(0, 10).map(() => ({ n: 1_000, tag: 't1' })),
      pointIds,
    )
    await deleteDocuments(ports, namespace, { pointIds: pointIds.slice(20, 30) })
    const after = await replayIds(ports, namespace, samples, { ...exact, against: before })

    assert.equal(before.queries[0]?.ids.length, 100)
    assert.equal(after.queries[0]?.ids.length, 120)
    assert.ok(after.queries.every(({ judged }) => judged.length > 0))
    assert.ok(after.queries.every(({ judged }) => judged.every(({ naive }) => naive !== null)))
    assert.deepEqual(sameAnswers(before, after), { queries: 2, differences: [] })
  })

  for (const { name, values, schema, filter, differing } of traps) {
    test(`tells of ${name}`, async () => {
      await using ports = await openTestPorts()
      const fields = values.map((f) => ({ f }))
      const { namespace, ...place } = await openWrittenNamespace(ports, { fields })
      const samples = [sampleOf(filter)]
      const before = await replayIds(ports, namespace, samples, exact)

      // Behind the read gate's back: it would have answered such values itself.
      await ports.vectors.createPayloadIndex(collectionOf(namespace), 'f', schema)
      const after = await replayIds(ports, namespace, samples, { ...exact, against: before })

      const { queries, differences } = sameAnswers(before, after)
      assert.equal(queries, 1)
      assert.deepEqual(
        differences.map(({ pointId }) => values[place.pointIds.indexOf(pointId)]),
        differing,
      )
    })
  }

  test('compares no further than both replays could look, and says what was left out', async () => {
    await using ports = await openTestPorts()
    const place = await openWrittenNamespace(ports, { fields: numbered(3_000) })
    const few: Ports = { ...ports, config: { ...ports.config, indexReplayIdsMax: 1_000 } }
    const samples = [sampleOf(leafOf('n', 'gte', 0))]

    const before = await replayIds(few, place.namespace, samples, exact)
    const after = await replayIds(few, place.namespace, samples, { ...exact, against: before })
    const none: Ports = { ...ports, config: { ...ports.config, scanDocumentsMax: 1_000 } }
    const refused = await replayIds(none, place.namespace, [sampleOf(contains())], exact)

    assert.equal(before.queries[0]?.ids.length, 1_000)
    assert.equal(before.queries[0]?.upTo, place.pointIds.toSorted()[999])
    assert.deepEqual(sameAnswers(before, after), { queries: 1, differences: [] })
    assert.deepEqual([refused.queries.length, refused.skipped], [0, 1])
  })

  test('a filter is replayed once, whatever kinds of reads asked it, in each scope', async () => {
    await using ports = await openTestPorts()
    const place = await openWrittenNamespace(ports, { fields: numbered(10) })
    const filter = leafOf('n', 'lt', 5)
    const asked = [
      sampleOf(filter),
      { ...sampleOf(filter), kind: 'count' as const },
      { ...sampleOf(filter), collectionIds: [place.collectionId] },
      { ...sampleOf(filter), collectionIds: ['col_none'] },
    ]

    const { queries } = await replayIds(ports, place.namespace, asked, exact)

    assert.deepEqual(
      queries.map(({ ids }) => ids.length),
      [5, 5, 0],
    )
  })

  test('a document that belongs to another collection by now is no difference', async () => {
    await using ports = await openTestPorts()
    const place = await openWrittenNamespace(ports, { fields: numbered(10) })
    const sample = { ...sampleOf(leafOf('n', 'lt', 5)), collectionIds: ['col_none'] }
    const before = await replayIds(ports, place.namespace, [sample], exact)
    const inverted = { ...before, queries: await withAllIds(ports, place, before.queries[0]) }

    const after = await replayIds(ports, place.namespace, [sample], { ...exact, against: inverted })

    assert.equal(after.queries[0]?.judged.length, 5)
    assert.deepEqual(sameAnswers(inverted, after).differences, [])
  })

  test('ends with its signal', async () => {
    await using ports = await openTestPorts()
    const { namespace } = await openWrittenNamespace(ports, { fields: numbered(10) })
    const signal = AbortSignal.abort(new Error('stopped'))

    const samples = [sampleOf(leafOf('n', 'lt', 5))]
    await assert.rejects(replayIds(ports, namespace, samples, { ...exact, signal }), /stopped/)
  })
})

/** As if the filter had once found them in this scope. */
async function withAllIds(
  ports: Ports,
  { namespace }: WrittenNamespace,
  query: Awaited<ReturnType<typeof replayIds>>['queries'][number] | undefined,
) {
  if (!query) return []
  const sample = sampleOf(query.filter)
  const [all] = (await replayIds(ports, namespace, [sample], exact)).queries
  return all ? [{ ...query, ids: all.ids }] : []
}

function sampleOf(filter: Filter): AskedSample {
  return { shape: 'a list', kind: 'list', filter, collectionIds: null, using: null, limit: 10 }
}

function contains(): Filter {
  return leafOf('tag', 'contains', 't')
}

function numbered(count: number): Record<string, unknown>[] {
  return Array.from({ length: count }, (_, n) => ({ n, tag: `t${n % 3}` }))
}
