import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { sql } from 'kysely'
import { openTestDatabase, type TestDatabase } from '../../test/support/database.ts'
import { isFailure } from '../domain/failure.ts'
import { parseFilter } from '../domain/filters/parse-filter.ts'
import type { ListRequest, ListResult, SortOption } from '../domain/listing.ts'
import { objectAnswer } from '../domain/objects/object-answer.ts'
import type { StoredObject } from '../domain/objects/object.ts'
import { listPage, type Listed } from './listing.ts'
import { insertObjects, withBlobs } from './objects.ts'

let database: TestDatabase
let buckets = 0

before(async () => {
  database = await openTestDatabase()
  await insertNamespace()
})
after(async () => {
  await database[Symbol.asyncDispose]()
})

describe('listPage()', () => {
  test('cursors followed to the end give every matching row once, in the order of the naive model', async () => {
    await fc.assert(
      fc.asyncProperty(rows, anySorts, narrowings, limits, async (given, sort, only, limit) => {
        const bucketId = await insertRows(given)
        const wanted = naive(given, sort, only, isByFields(sort) ? 'asc' : 'first')

        const found: string[] = []
        let cursor: string | null = null
        do {
          const page: ListResult<StoredObject> = await list(
            bucketId,
            request({ sort, only, limit, cursor }),
          )
          assert.ok(page.rows.length > 0 || cursor === null, 'an empty page ends nothing')
          found.push(...page.rows.map(keyOf))
          cursor = page.nextCursor
        } while (cursor !== null)

        assert.deepEqual(found, wanted)
      }),
      { numRuns: 60 },
    )
  })

  test('offset pages are slices of the naive model, and totals count it, sorted by columns or by fields', async () => {
    await fc.assert(
      fc.asyncProperty(
        rows,
        anySorts,
        narrowings,
        limits,
        fc.integer({ min: 0, max: 30 }),
        async (given, sort, only, limit, offset) => {
          const bucketId = await insertRows(given)
          const wanted = naive(given, sort, only, isByFields(sort) ? 'asc' : 'first')

          const page = await list(bucketId, request({ sort, only, limit, offset }))

          assert.deepEqual(page.rows.map(keyOf), wanted.slice(offset, offset + limit))
          assert.equal(page.total, wanted.length)
        },
      ),
      { numRuns: 80 },
    )
  })

  test('a row that comes in between two pages moves no row into both or out of both', async () => {
    const at = new Date('2026-01-01')
    const given = ['b', 'd', 'f', 'h'].map((key): Given => ({
      key,
      status: 'DRAFT',
      at,
      fields: { s: key },
    }))
    for (const sort of [[], [{ field: 's', direction: 'asc' as const }]]) {
      const bucketId = await insertRows(given)
      const first = await list(bucketId, request({ limit: 2, sort }))
      await insertRows([{ key: 'a', status: 'DRAFT', at, fields: { s: 'a' } }], bucketId)
      const second = await list(bucketId, request({ limit: 2, sort, cursor: first.nextCursor }))

      assert.deepEqual([...first.rows, ...second.rows].map(keyOf), ['b', 'd', 'f', 'h'])
    }
  })

  test('a cursor of another order, or none of ours, is a 422 at query.cursor', async () => {
    const bucketId = await insertRows([])
    const made = Buffer.from(JSON.stringify(['2026-01-01', 'x', 'y'])).toString('base64url')
    const byField: SortOption[] = [{ field: 'n', direction: 'asc' }]

    for (const [cursor, sort] of [
      ['nonsense', []],
      ['', []],
      [made, []],
      [made, byField],
    ] as const) {
      const asked = list(bucketId, request({ cursor, sort: [...sort] }))
      await assert.rejects(
        asked,
        (error) =>
          isFailure(error, 'request_invalid') &&
          error.detail.faults[0]?.location.join('.') === 'query.cursor',
      )
    }
  })

  test('a filter that would look through more rows than allowed is refused with the setting', async () => {
    const many = Array.from({ length: 1_500 }, (_, i): Given => ({
      key: `k${i}`,
      status: 'DRAFT',
      at: new Date(),
      fields: { n: i },
    }))
    const bucketId = await insertRows(many)
    const ports = { db: database.db, config: { listRowsMax: 1_000 } }
    const only = { filter: { field: 'n', operator: 'eq', value: -1 }, holds: () => false }

    await assert.rejects(
      listPage(ports, listed(bucketId), request({ only: { ...only, search: null } })),
      /NACRE_LIST_ROWS_MAX/,
    )
    assert.equal((await listPage(ports, listed(bucketId), request({}))).total, 1_500)
  })
})

interface Given {
  key: string
  status: 'DRAFT' | 'PENDING' | 'COMPLETED'
  at: Date
  fields: { n?: number | null | undefined; s?: string | undefined }
}

interface Narrowing {
  filter: unknown
  search: string | null
  holds: (row: Given) => boolean
}

const words = ['the owl', 'Owl and FOX', 'a fox', 'nothing', '']
const rows = fc.uniqueArray(
  fc.record({
    key: fc.stringMatching(/^[a-z0-9]{1,4}$/),
    status: fc.constantFrom('DRAFT', 'PENDING', 'COMPLETED'),
    // Few instants, so that many rows are equal.
    at: fc.integer({ min: 0, max: 3 }).map((n) => new Date(Date.UTC(2026, 0, 1, 0, 0, 0, n))),
    fields: fc.record(
      { n: fc.option(fc.integer({ min: -3, max: 3 })), s: fc.constantFrom(...words) },
      { requiredKeys: [] },
    ),
  }),
  { selector: ({ key }) => key, maxLength: 30 },
) satisfies fc.Arbitrary<Given[]>

const direction = fc.constantFrom('asc', 'desc')
const sortBy = (...fields: string[]) =>
  fc.array(fc.record({ field: fc.constantFrom(...fields), direction }), { maxLength: 3 })
const columnSorts = sortBy('created_at', 'updated_at', 'status', 'object_id')
const fieldSorts = sortBy('n', 's', 'created_at', 'status').filter(isByFields)
const anySorts = fc.oneof(columnSorts, fieldSorts)
const limits = fc.integer({ min: 1, max: 9 })

const every: Narrowing = { filter: null, search: null, holds: () => true }
const filters: Narrowing[] = [
  every,
  { filter: { n: 2 }, search: null, holds: ({ fields }) => fields.n === 2 },
  {
    filter: { field: 'n', operator: 'gte', value: 0 },
    search: null,
    holds: ({ fields }) => typeof fields.n === 'number' && fields.n >= 0,
  },
  {
    filter: { OR: [{ status: 'DRAFT' }, { field: 'n', operator: 'in', value: [1, 3] }] },
    search: null,
    holds: ({ status, fields }) => status === 'DRAFT' || fields.n === 1 || fields.n === 3,
  },
  {
    filter: { NOT: [{ field: 's', operator: 'exists', value: true }] },
    search: null,
    holds: ({ fields }) => fields.s === undefined,
  },
  {
    filter: { field: 'object_id', operator: 'in', value: ['obj_a', 'obj_b1'] },
    search: null,
    holds: ({ key }) => key === 'a' || key === 'b1',
  },
]
const searches: Narrowing[] = ['owl', 'FOX'].map((search) => ({
  filter: null,
  search,
  holds: ({ fields }) => fields.s?.toLowerCase().includes(search.toLowerCase()) ?? false,
}))
const both = { ...searches[0], filter: { status: 'PENDING' } } as Narrowing
const narrowings = fc.constantFrom(...filters, ...searches, {
  ...both,
  holds: (row: Given) => row.status === 'PENDING' && (searches[0]?.holds(row) ?? false),
})

/** Every row, kept and sorted in memory, by what the contract says and nothing else. */
function naive(
  given: readonly Given[],
  sort: readonly SortOption[],
  only: Narrowing,
  ids: 'asc' | 'first',
): string[] {
  const options: readonly SortOption[] =
    sort.length > 0 ? sort : [{ field: 'created_at', direction: 'asc' }]
  const idSign = ids === 'first' && options[0]?.direction === 'desc' ? -1 : 1
  return given
    .filter(only.holds)
    .toSorted((a, b) => {
      for (const { field, direction: way } of options) {
        const [x, y] = [valueOf(a, field), valueOf(b, field)]
        // Rows without a value come last in either direction.
        if (x === null || y === null) {
          if (x !== y) return x === null ? 1 : -1
        } else if (x !== y) return (x < y ? -1 : 1) * (way === 'desc' ? -1 : 1)
      }
      return (a.key < b.key ? -1 : a.key > b.key ? 1 : 0) * idSign
    })
    .map(({ key }) => key)
}

function valueOf({ key, status, at, fields }: Given, field: string): string | number | null {
  if (field === 'n') return fields.n ?? null
  if (field === 's') return fields.s ?? null
  if (field === 'status') return status
  return field === 'object_id' ? key : at.getTime()
}

function isByFields(sort: readonly SortOption[]): boolean {
  return sort.some(({ field }) => field === 'n' || field === 's')
}

/** Keys are unique in a bucket, ids in the database. */
function keyOf({ id }: StoredObject): string {
  return id.slice(id.indexOf('_') + 1).split('#')[0] ?? ''
}

function request(given: {
  sort?: SortOption[]
  only?: Narrowing
  limit?: number
  offset?: number
  cursor?: string | null
}): ListRequest {
  const { sort = [], only = every, limit = 10, offset = 0, cursor = null } = given
  return {
    page: { limit, offset, cursor, includeTotal: true },
    filter: only.filter === null ? null : parseFilter(only.filter, ['body', 'filters']),
    search: only.search,
    sort,
  }
}

async function list(bucketId: string, asked: ListRequest): Promise<ListResult<StoredObject>> {
  const ports = { db: database.db, config: { listRowsMax: 1_000_000 } }
  return await listPage(ports, listed(bucketId), asked)
}

function listed(bucketId: string): Listed<'objects', StoredObject> {
  return {
    table: 'objects',
    where: sql`bucket_id = ${bucketId}`,
    columns: {
      object_id: 'id',
      status: 'status',
      created_at: 'created_at',
      updated_at: 'updated_at',
    },
    read: async (found) => await withBlobs(database.db, found),
    view: (object) => ({ ...objectAnswer(object), object_id: `obj_${keyOf(object)}` }),
  }
}

async function insertNamespace(): Promise<void> {
  const { db } = database
  const [now, none] = [new Date(), '{}']
  const times = { created_at: now, updated_at: now }
  const organization = { id: 'org_1', internal_id: 'int_1', name: 'org', metadata: none, ...times }
  await db
    .insertInto('organizations')
    .values({ ...organization, account_type: 'free' })
    .execute()
  await db
    .insertInto('namespaces')
    .values({
      id: 'ns_1',
      organization_id: 'org_1',
      name: 'ns',
      description: null,
      namespace_type: 'standard',
      state: 'ready',
      generation: 1,
      feature_extractors: '[]',
      vectors: none,
      embedding: none,
      auto_create_indexes: false,
      infrastructure: none,
      expires_at: null,
      ...times,
    })
    .execute()
}

/** The rows as objects of a bucket of their own, or of one that is there. */
async function insertRows(given: readonly Given[], into?: string): Promise<string> {
  const bucketId = into ?? `bkt_${++buckets}`
  const now = new Date()
  if (into === undefined) {
    await database.db
      .insertInto('buckets')
      .values({
        id: bucketId,
        namespace_id: 'ns_1',
        name: bucketId,
        description: null,
        fields: '{}',
        unique_key: null,
        metadata: '{}',
        state: 'active',
        created_at: now,
        updated_at: now,
      })
      .execute()
  }
  await insertObjects(
    database.db,
    given.map(({ key, status, at, fields }) => ({
      id: `obj_${key}#${bucketId}`,
      namespaceId: 'ns_1',
      bucketId,
      keyPrefix: null,
      uniqueValue: null,
      fields,
      status,
      error: null,
      createdAt: at,
      updatedAt: at,
      blobs: [],
    })),
  )
  return bucketId
}
