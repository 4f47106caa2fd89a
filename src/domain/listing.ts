import type { Filter } from './filters/filter.ts'

/** What every list endpoint is asked (contract 4); `http/pagination.ts` makes it of query and body. */
export interface ListRequest {
  page: ListPage
  filter: Filter | null
  /** Substring over id, name, description and text fields. */
  search: string | null
  sort: SortOption[]
}

export interface ListPage {
  limit: number
  offset: number
  /** Wins over `offset`. Opaque: made by the list that reads it. */
  cursor: string | null
  includeTotal: boolean
}

export interface SortOption {
  field: string
  direction: 'asc' | 'desc'
}

export interface ListResult<T> {
  rows: T[]
  /** Rows that match in all; null where nobody asked. */
  total: number | null
  /** Null on the last page. */
  nextCursor: string | null
}
