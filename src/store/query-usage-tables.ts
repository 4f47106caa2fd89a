import type { Generated } from 'kysely'
import type { AskedKind } from '../domain/query-usage/asked-read.ts'
import type { Json, Time } from './column-types.ts'

/** What one hour's reads of a namespace did with one field. */
export interface QueryUsageFieldTable {
  namespace_id: string
  hour: Time
  path: string
  field: string
  count: number
  count_error: number
  filters: number
  sorts: number
  groups: number
  facets: number
  operators: Json<Record<string, number>>
  kinds: Json<Record<string, number>>
  total_ms: number
  max_ms: number
  histogram: number[]
  slow: number
  very_slow: number
  first_seen: Time
  last_seen: Time
}

/** One hour's reads of a namespace that have one shape. */
export interface QueryUsageShapeTable {
  namespace_id: string
  hour: Time
  /** MD5 of the shape: a row's key has to be short. */
  shape_hash: string
  shape: string
  kind: AskedKind
  paths: string[]
  using_vector: string | null
  count: number
  count_error: number
  total_ms: number
  histogram: number[]
  candidates: number
  results: number
  first_seen: Time
  last_seen: Time
}

export interface SlowReadTable {
  id: Generated<string>
  namespace_id: string
  retriever_id: string | null
  shape: string
  duration_ms: number
  results: number
  fields: string[]
  created_at: Time
}

export interface QuerySampleTable {
  id: Generated<string>
  namespace_id: string
  shape_hash: string
  shape: string
  kind: AskedKind
  paths: string[]
  /** JSON as text: jsonb has no place for every string that a filter may hold. */
  filter: string
  collection_ids: string[] | null
  using_vector: string | null
  limit_count: number | null
  duration_ms: number
  created_at: Time
}
