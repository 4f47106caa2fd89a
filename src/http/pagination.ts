import { z } from 'zod'
import { fail, type Fault } from '../domain/failure.ts'
import {
  filterLimits,
  type FilterConfig,
  type FilterLimits,
} from '../domain/filters/filter-limits.ts'
import { parseFilter } from '../domain/filters/parse-filter.ts'
import type { ListPage, ListRequest, ListResult, SortOption } from '../domain/listing.ts'

export const pageLimitMax = 1_000
/** Deeper only with a cursor (contract 4). */
export const pageOffsetMax = 10_000
const sortsMax = 10

const count = (min: number, max: number) => z.number().int().min(min).max(max)
/** A whole number as a query has it. */
export const countText = (min: number, max: number) =>
  z
    .union([
      z.number(),
      z
        .string()
        .regex(/^-?\d+$/, { error: 'must be a whole number' })
        .transform(Number),
    ])
    .pipe(count(min, max))

/** `limit`, `offset`, `cursor`, `include_total`, and the aliases of other clients (contract 4). */
export const pageQuery = z.object({
  limit: countText(1, pageLimitMax).optional(),
  offset: countText(0, pageOffsetMax).optional(),
  cursor: z.string().optional(),
  include_total: z.stringbool().optional(),
  page: countText(1, pageOffsetMax).optional(),
  page_number: countText(1, pageOffsetMax).optional(),
  page_size: countText(1, pageLimitMax).optional(),
})
export type PageQuery = z.infer<typeof pageQuery>

const sortOption = z.union([
  z.object({ field: z.string().min(1), direction: z.enum(['asc', 'desc']).nullish() }),
  z.string().min(1),
  // `{ created_at: 'desc' }`, or -1 for the same.
  z.record(z.string(), z.union([z.enum(['asc', 'desc']), z.literal([1, -1])])),
])
const sorts = z.union([sortOption, z.array(sortOption).max(sortsMax)])

/** The same in the body, with what a list can be asked besides. Other routes extend it: `pageBody.extend({…})`. */
export const pageBody = z.object({
  limit: count(1, pageLimitMax).nullish(),
  offset: count(0, pageOffsetMax).nullish(),
  cursor: z.string().nullish(),
  include_total: z.boolean().nullish(),
  page: count(1, pageOffsetMax).nullish(),
  page_number: count(1, pageOffsetMax).nullish(),
  page_size: count(1, pageLimitMax).nullish(),
  search: z.string().max(1_000).nullish(),
  filters: z.unknown().optional(),
  sort: sorts.nullish(),
  sorts: sorts.nullish(),
  case_sensitive: z.boolean().nullish(),
})
export type PageBody = z.infer<typeof pageBody>

export interface ListDefaults {
  limit: number
  /** Where a list allows fewer than `pageLimitMax`. */
  limitMax?: number
  sort?: SortOption[]
  /** What bounds the filter. */
  config: FilterConfig
}

/**
 * What a list is asked, of query and body: a cursor wins over an offset, the query over the body, `limit` over
 * `page_size`. Throws `request_invalid` for a page out of bounds and for a wrong filter.
 */
export function listRequest(
  query: Partial<PageQuery> | undefined,
  body: Partial<PageBody> | undefined,
  defaults: ListDefaults,
): ListRequest {
  const sort = sortOptions(body?.sort ?? body?.sorts)
  return {
    page: listPage(query, body, defaults),
    filter: filterOf(body, filterLimits(defaults.config)),
    search: body?.search || null,
    sort: sort.length > 0 ? sort : (defaults.sort ?? []),
  }
}

/** The page alone, for lists that are asked nothing else. */
export function listPage(
  query: Partial<PageQuery> | undefined,
  body: Partial<PageBody> | undefined,
  defaults: Pick<ListDefaults, 'limit' | 'limitMax'>,
): ListPage {
  const asked = (name: keyof PageQuery): number | undefined => {
    const value = query?.[name] ?? body?.[name]
    return typeof value === 'number' ? value : undefined
  }
  const limitMax = defaults.limitMax ?? pageLimitMax
  const limit = asked('limit') ?? asked('page_size') ?? defaults.limit
  if (limit > limitMax)
    refusePage(query, 'limit', `is the number ${limit}; it must be at most ${limitMax}`)
  const page = asked('page') ?? asked('page_number')
  const offset = asked('offset') ?? (page === undefined ? 0 : (page - 1) * limit)
  if (offset > pageOffsetMax) {
    refusePage(
      query,
      'page',
      `reaches beyond the first ${pageOffsetMax} results; go on with next_cursor`,
    )
  }
  const cursor = query?.cursor || body?.cursor || null
  const includeTotal = query?.include_total ?? body?.include_total ?? false
  return { limit, offset: cursor === null ? offset : 0, cursor, includeTotal }
}

/** For lists whose answer requires a total, whether or not it was asked for (contract 4, list wrappers). */
export function withTotal(request: ListRequest): ListRequest {
  return { ...request, page: { ...request.page, includeTotal: true } }
}

export const paginationSchema = z
  .object({
    total: z.int().nullable(),
    page: z.int().nullable(),
    page_size: z.int().nullable(),
    total_pages: z.int().nullable(),
    next_page: z.string().nullable(),
    previous_page: z.string().nullable(),
    next_cursor: z.string().nullable(),
    has_more: z.boolean(),
    limit: z.int(),
    offset: z.int(),
  })
  .meta({ id: 'Pagination' })
export type Pagination = z.infer<typeof paginationSchema>

/** Contract 4's `pagination`; `next_page` and `previous_page` are query strings for the same route. */
export function paginationAnswer(
  result: Pick<ListResult<unknown>, 'total' | 'nextCursor'> & { rows: { length: number } },
  page: ListPage,
): Pagination {
  const { limit, offset, cursor } = page
  const { total, nextCursor } = result
  const byOffset = cursor === null
  const hasMore =
    nextCursor !== null || (byOffset && total !== null && offset + result.rows.length < total)
  const next = offset + limit
  const nextPage =
    byOffset && next <= pageOffsetMax
      ? `?limit=${limit}&offset=${next}`
      : cursorPage(limit, nextCursor)
  return {
    total,
    page: byOffset ? Math.floor(offset / limit) + 1 : null,
    page_size: limit,
    total_pages: total === null ? null : Math.ceil(total / limit),
    next_page: hasMore ? nextPage : null,
    previous_page:
      byOffset && offset > 0 ? `?limit=${limit}&offset=${Math.max(0, offset - limit)}` : null,
    next_cursor: nextCursor,
    has_more: hasMore,
    limit,
    offset,
  }
}

function cursorPage(limit: number, cursor: string | null): string | null {
  return cursor === null ? null : `?limit=${limit}&cursor=${encodeURIComponent(cursor)}`
}

/** `case_sensitive` beside the filter means the filter (contract 4). */
function filterOf(
  body: Partial<PageBody> | undefined,
  limits: FilterLimits,
): ListRequest['filter'] {
  const given = body?.filters
  if (given === undefined || given === null) return null
  const isPlain = typeof given === 'object' && !Array.isArray(given)
  const withCase = isPlain && body?.case_sensitive === true && !('case_sensitive' in given)
  const filter = withCase ? { ...given, case_sensitive: true } : given
  return parseFilter(filter, ['body', 'filters'], { limits })
}

function sortOptions(given: z.infer<typeof sorts> | null | undefined): SortOption[] {
  if (given === null || given === undefined) return []
  return [given].flat().flatMap((one): SortOption[] => {
    if (typeof one === 'string') {
      return one.startsWith('-')
        ? [{ field: one.slice(1), direction: 'desc' }]
        : [{ field: one, direction: 'asc' }]
    }
    if (isSortOption(one)) return [{ field: one.field, direction: one.direction ?? 'asc' }]
    return Object.entries(one).map(([field, direction]) => ({
      field,
      direction: direction === 'desc' || direction === -1 ? 'desc' : 'asc',
    }))
  })
}

function isSortOption(
  value: object,
): value is { field: string; direction?: 'asc' | 'desc' | null | undefined } {
  return 'field' in value && typeof value.field === 'string' && !/^(?:asc|desc)$/.test(value.field)
}

function refusePage(
  query: Partial<PageQuery> | undefined,
  name: keyof PageQuery,
  message: string,
): never {
  const part = query?.[name] === undefined ? 'body' : 'query'
  const fault: Fault = {
    location: [part, name],
    message: `${name} ${message}`,
    type: 'out_of_range',
  }
  throw fail('request_invalid', { faults: [fault] })
}
