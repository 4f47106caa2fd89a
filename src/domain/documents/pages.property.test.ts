import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { activeIndex, fillEngine, openReadPorts } from '../../../test/support/engine-place.ts'
import { collectionOf } from '../namespaces/namespace.ts'
import { listDocuments, type DocumentList } from './list-documents.ts'

const scope = { collectionIds: ['col_a'] }
const number = fc.integer({ min: 0, max: 4 })

/** What happens while a page is read: a document comes, or one of those that are there goes or is written again. */
const write = fc.oneof(
  fc.record({ kind: fc.constant('insert' as const), n: number }),
  fc.record({ kind: fc.constant('delete' as const), at: fc.nat(200) }),
  fc.record({ kind: fc.constant('rewrite' as const), at: fc.nat(200) }),
)

test('pages beside writes show every document that stays once, and none twice', async () => {
  await using ports = await openReadPorts()
  await fc.assert(
    fc.asyncProperty(
      fc.array(number, { minLength: 1, maxLength: 30 }),
      fc.array(fc.array(write, { maxLength: 4 }), { minLength: 1, maxLength: 20 }),
      fc.integer({ min: 1, max: 7 }),
      fc.constantFrom(null, 'asc' as const, 'desc' as const),
      fc.boolean(),
      async (numbers, rounds, limit, direction, isIndexed) => {
        const indexes = isIndexed ? [activeIndex('n', { type: 'integer' })] : []
        const payloads = numbers.map((n) => ({ n }))
        const { namespace, documents } = await fillEngine(ports, payloads, indexes)
        const collection = collectionOf(namespace)
        const staying = new Set(documents.map(({ id }) => id))
        const upsert = (id: string, payload: object) =>
          ports.vectors.write(collection, {
            kind: 'upsert',
            points: [{ id, payload: { ...payload }, vectors: {} }],
          })

        const change = async (each: (typeof rounds)[number][number]) => {
          if (each.kind === 'insert') {
            const _internal = { collection_id: 'col_a', created_at: '2024-01-01T00:00:00.000Z' }
            return await upsert(randomUUID(), { n: each.n, _internal })
          }
          const found = documents[each.at % documents.length]
          if (!found || !staying.has(found.id)) return
          if (each.kind === 'rewrite') return await upsert(found.id, { ...found.payload, seen: 1 })
          staying.delete(found.id)
          const selection = { points: [found.id] }
          await ports.vectors.write(collection, { kind: 'delete', selection })
        }

        const sort = direction === null ? [] : [{ field: 'n', direction }]
        const seen: string[] = []
        let cursor: string | null = null
        for (let round = 0; round === 0 || cursor !== null; round += 1) {
          const request = { filter: null, sort, limit, offset: 0, cursor, select: ['n'] }
          const whole = { ...request, withVectors: false }
          const changes = async () => {
            for (const each of rounds[round] ?? []) await change(each)
          }
          const changing = changes()
          const page: DocumentList = await listDocuments(ports, namespace, scope, whole)
          await changing
          seen.push(...page.records.map(({ pointId }) => pointId))
          cursor = page.nextCursor
        }

        assert.equal(new Set(seen).size, seen.length, 'one came twice')
        const lost = [...staying].filter((id) => !seen.includes(id))
        assert.deepEqual(lost, [], 'documents that stay were lost')
      },
    ),
    { numRuns: Math.max(30, Number(process.env['NACRE_PROPERTY_RUNS'] ?? 0)) },
  )
})
