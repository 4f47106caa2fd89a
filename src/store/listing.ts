import { sql, type RawBuilder, type Selectable, type SqlBool } from 'kysely'
import type { Config } from '../config.ts'
import {
  comparePlaces,
  cursorOf as placeCursor,
  firstPlaces,
  placeOf as placeAt,
  sortKeys,
  type Place,
} from '../domain/documents/document-order.ts'
import { fail, invalid } from '../domain/failure.ts'
import { filterTest } from '../domain/filters/evaluate-filter.ts'
import { hasText } from '../domain/has-text.ts'
import type { ListRequest, ListResult, SortOption } from '../domain/listing.ts'
import { Slices } from '../domain/slices.ts'
import type { Db, Tables } from './tables.ts'

/** What of one table a list shows, and by which names clients filter and sort it. */
export interface Listed<Name extends keyof Tables, T> {
  table: Name
  where: RawBuilder<SqlBool>
  /** API field → column that PostgreSQL sorts by; never null. Any other field is sorted by us. */
  columns: Readonly<Record<string, 'id' | 'name' | 'status' | 'created_at' | 'updated_at'>>
  read(rows: Selectable<Tables[Name]>[]): T[] | Promise<T[]>
  /** The item as clients see it: filters, search and sorts look at this. */
  view(item: T): Record<string, unknown>
}

type ListPorts = { db: Db; config: Pick<Config, 'listRowsMax'> }
type Row<Name extends keyof Tables> = Selectable<Tables[Name]> & { id: string; list_keys: string[] }

/** Rows read at a time where code decides which of them belong to the list. */
const rowsPerRead = 1_000

/**
 * One page of a list (contract 4), oldest first where no order was asked. Columns are sorted by PostgreSQL, other
 * fields, filters and search are answered by the one evaluator that documents have, over every row.
 * Throws `request_invalid` for a cursor of another list, `bad_request` beyond listRowsMax.
 */
export async function listPage<Name extends keyof Tables, T>(
  ports: ListPorts,
  listed: Listed<Name, T>,
  request: ListRequest,
): Promise<ListResult<T>> {
  const order = columnOrder(listed, request.sort)
  if (order === null) return await pageByFields(ports, listed, request)
  return await pageByColumns(ports, listed, request, order)
}

interface ColumnOrder {
  column: string
  isDescending: boolean
}

/** Null where one of the fields is no column. The id comes last and tells equal rows apart. */
function columnOrder(
  { columns }: Pick<Listed<keyof Tables, unknown>, 'columns'>,
  sort: readonly SortOption[],
): ColumnOrder[] | null {
  const options: readonly SortOption[] =
    sort.length > 0 ? sort : [{ field: 'created_at', direction: 'asc' }]
  const order = options.flatMap(({ field, direction }) => {
    const column = Object.hasOwn(columns, field) ? columns[field] : undefined
    return column === undefined ? [] : [{ column, isDescending: direction === 'desc' }]
  })
  if (order.length < options.length) return null
  return [...order, { column: 'id', isDescending: order[0]?.isDescending ?? false }]
}

async function pageByColumns<Name extends keyof Tables, T>(
  ports: ListPorts,
  listed: Listed<Name, T>,
  request: ListRequest,
  order: readonly ColumnOrder[],
): Promise<ListResult<T>> {
  const { limit, offset, cursor, includeTotal } = request.page
  const matches = matcher(listed, request)
  const after = cursor === null ? null : keysOf(cursor, order.length)
  const found: { item: T; keys: string[] }[] = []
  let passed = 0
  // Where every row belongs to the list, PostgreSQL steps over the offset and one read is enough.
  const skipped = matches === null ? offset : 0
  const size = matches === null ? limit + 1 : rowsPerRead
  for await (const { item, keys } of itemsByColumns(ports, listed, order, {
    after,
    skipped,
    size,
  })) {
    if (matches && !matches(item)) continue
    if (skipped === 0 && passed++ < offset) continue
    found.push({ item, keys })
    if (found.length > limit) break
  }
  const last = found[limit - 1]
  return {
    rows: found.slice(0, limit).map(({ item }) => item),
    nextCursor: found.length > limit && last ? cursorOf(last.keys) : null,
    total: includeTotal ? await countItems(ports, listed, matches) : null,
  }
}

/** Sorted by what is no column: the places of all rows are compared, few are kept (design 7). */
async function pageByFields<Name extends keyof Tables, T>(
  ports: ListPorts,
  listed: Listed<Name, T>,
  request: ListRequest,
): Promise<ListResult<T>> {
  const { limit, offset, cursor, includeTotal } = request.page
  const matches = matcher(listed, request)
  const after = cursor === null ? null : placeAt(cursor, request.sort.length, anyId)
  const skip = after ? 0 : offset
  const compare = comparePlaces(request.sort)
  const first = firstPlaces(skip + limit + 1, compare)
  let total = 0
  for await (const { item, keys } of itemsByColumns(ports, listed, byId, allRows)) {
    if (matches && !matches(item)) continue
    total += 1
    const place = placeOf(listed.view(item), request.sort, keys[0] ?? '')
    if (!after || compare(place, after) > 0) first.add(place)
  }
  const places = first.sorted().slice(skip)
  const shown = places.slice(0, limit)
  const last = shown.at(-1)
  const ids = shown.map(({ pointId }) => pointId)
  return {
    rows: await itemsOf(ports.db, listed, ids),
    nextCursor: last && places.length > limit ? placeCursor(last) : null,
    total: includeTotal || places.length > limit ? total : null,
  }
}

/** Each table has ids of its own; a cursor's stands for no row, only for a place among them. */
const anyId = /^.{1,200}$/

const byId: readonly ColumnOrder[] = [{ column: 'id', isDescending: false }]
const allRows = { after: null, skipped: 0, size: rowsPerRead }

function placeOf(view: Record<string, unknown>, sort: readonly SortOption[], id: string): Place {
  return { pointId: id, keys: sortKeys(asPayload(view), sort) }
}

/** Items page by page in the order, with the texts of what they are ordered by. */
async function* itemsByColumns<Name extends keyof Tables, T>(
  { db, config }: ListPorts,
  listed: Listed<Name, T>,
  order: readonly ColumnOrder[],
  { after, skipped, size }: { after: readonly string[] | null; skipped: number; size: number },
): AsyncIterable<{ item: T; keys: string[] }> {
  let [from, offset, read] = [after, skipped, 0]
  for (;;) {
    const rows = await readRows(db, listed, order, { after: from, offset, limit: size })
    const items = await listed.read(rows)
    const slices = new Slices()
    for (const [i, item] of items.entries()) {
      if (slices.isOver()) await slices.next()
      yield { item, keys: rows[i]?.list_keys ?? [] }
    }
    const last = rows.at(-1)
    if (!last || rows.length < size) return
    read += rows.length
    if (read >= config.listRowsMax) throw tooMany(config.listRowsMax)
    from = last.list_keys
    offset = 0
  }
}

async function readRows<Name extends keyof Tables>(
  db: Db,
  { table, where }: Pick<Listed<Name, unknown>, 'table' | 'where'>,
  order: readonly ColumnOrder[],
  { after, offset, limit }: { after: readonly string[] | null; offset: number; limit: number },
): Promise<Row<Name>[]> {
  const keys = sql.join(order.map(({ column }) => sql`${sql.ref(column)}::text`))
  const orders = sql.join(
    order.map(({ column, isDescending }) => sql`${sql.ref(column)} ${direction(isDescending)}`),
  )
  const { rows } = await sql<Row<Name>>`
    select *, array[${keys}] as list_keys from ${sql.table(table)}
    where ${where} and ${after === null ? sql`true` : isAfter(order, after)}
    order by ${orders} limit ${limit} offset ${offset}
  `.execute(db)
  return rows
}

/** a > x or (a = x and (b > y or …)), each with its own direction. */
function isAfter(order: readonly ColumnOrder[], keys: readonly string[]): RawBuilder<SqlBool> {
  const [first, ...others] = order
  if (!first) return sql`false`
  const column = sql.ref(first.column)
  const isTime = first.column.endsWith('_at')
  const key = isTime ? sql`${keys[0]}::timestamptz` : sql`${keys[0]}`
  const sign = first.isDescending ? sql`<` : sql`>`
  return sql`(${column} ${sign} ${key} or (${column} = ${key} and ${isAfter(others, keys.slice(1))}))`
}

function direction(isDescending: boolean): RawBuilder<unknown> {
  return isDescending ? sql`desc` : sql`asc`
}

async function itemsOf<Name extends keyof Tables, T>(
  db: Db,
  listed: Listed<Name, T>,
  ids: string[],
): Promise<T[]> {
  const { rows } = await sql<Row<Name>>`
    select * from ${sql.table(listed.table)} where ${listed.where} and id = any(${ids}::text[])
  `.execute(db)
  const byId = new Map(rows.map((row) => [row.id, row]))
  return await listed.read(ids.flatMap((id) => byId.get(id) ?? []))
}

async function countItems<Name extends keyof Tables, T>(
  ports: ListPorts,
  listed: Listed<Name, T>,
  matches: ((item: T) => boolean) | null,
): Promise<number> {
  if (matches === null) {
    const { rows } = await sql<{ count: string }>`
      select count(*) as count from ${sql.table(listed.table)} where ${listed.where}
    `.execute(ports.db)
    return Number(rows[0]?.count ?? 0)
  }
  let count = 0
  for await (const { item } of itemsByColumns(ports, listed, byId, allRows)) {
    if (matches(item)) count += 1
  }
  return count
}

/** Null where every row belongs to the list. */
function matcher<Name extends keyof Tables, T>(
  { view }: Pick<Listed<Name, T>, 'view'>,
  { filter, search }: Pick<ListRequest, 'filter' | 'search'>,
): ((item: T) => boolean) | null {
  if (filter === null && search === null) return null
  const holds = filter === null ? () => true : filterTest(filter)
  const wanted = search?.toLowerCase() ?? null
  return (item) => {
    const shown = view(item)
    return holds(asPayload(shown)) && (wanted === null || hasText(shown, wanted))
  }
}

/** Filters know ids by the names they have in documents; in a list those stand at the root. */
export function asPayload(view: Record<string, unknown>): Record<string, unknown> {
  const ids = { source_object_id: view['object_id'], root_bucket_id: view['bucket_id'] }
  return { ...view, _internal: { ...view, ...ids } }
}

function cursorOf(keys: readonly string[]): string {
  return Buffer.from(JSON.stringify(keys)).toString('base64url')
}

function keysOf(cursor: string, count: number): string[] {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    if (isTexts(parsed) && parsed.length === count) return parsed
  } catch {
    // Not JSON: no cursor of ours, as below.
  }
  throw noCursor()
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string')
}

function noCursor(): Error {
  return invalid(
    ['query', 'cursor'],
    'is no cursor of this list in this order; take next_cursor of the page before',
    'invalid_cursor',
  )
}

function tooMany(max: number): Error {
  return fail('bad_request', {
    reason: `This would look through more than ${max} rows, which PostgreSQL cannot filter or sort alone (NACRE_LIST_ROWS_MAX).`,
    hint: 'Leave filters, search and sort away and page through the list with next_cursor.',
  })
}
