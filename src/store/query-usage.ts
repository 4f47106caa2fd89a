import { sql, type RawBuilder } from 'kysely'
import type { Filter } from '../domain/filters/filter.ts'
import type { AskedKind } from '../domain/query-usage/asked-read.ts'
import type { FieldCounts, ShapeCounts } from '../domain/query-usage/usage-counts.ts'
import type { Db } from './tables.ts'

/** How one field was used by clients' reads in a range of time. */
export interface FieldUsage extends FieldCounts<Date> {
  count24h: number
  count7d: number
  /** Reads that filtered by it in the last 24 hours: what the documented rule counts. */
  filtered24h: number
  /** Different shapes of reads that named it. */
  uniqueQueries: number
  /** Reads by what they used it for. */
  uses: Record<'filter' | 'sort' | 'group' | 'facet', number>
}

/** How often reads of one shape came in a range of time, and what they cost. */
export type ShapeUsage = ShapeCounts<Date>

/** A read that took long: no value of its filter is kept. */
export interface SlowRead {
  retrieverId: string | null
  shape: string
  durationMs: number
  results: number
  /** Fields as the client named them. */
  fields: string[]
  at: Date
}

/** A real read, to be replayed (design 4): personal data, kept for 48 hours at most. */
export interface QuerySample {
  shape: string
  kind: AskedKind
  filter: Filter
  collectionIds: string[] | null
  using: string | null
  limit: number | null
  durationMs: number
  at: Date
}

/**
 * Fields by how often they were named, most first. Hours count whole, so that nothing of the range is left out.
 * `now` is what 24 hours and 7 days end at.
 */
export async function readFieldUsage(
  db: Db,
  namespaceId: string,
  { since, now = new Date() }: { since: Date; now?: Date },
): Promise<FieldUsage[]> {
  const day = new Date(now.getTime() - dayMs)
  const week = new Date(now.getTime() - 7 * dayMs)
  const from = new Date(Math.min(since.getTime(), week.getTime()))
  const { rows } = await sql<FieldUsage>`
    WITH kept AS (
      SELECT *, hour >= date_trunc('hour', ${since}::timestamptz) AS is_in,
        hour >= date_trunc('hour', ${day}::timestamptz) AS is_day,
        hour >= date_trunc('hour', ${week}::timestamptz) AS is_week
      FROM query_usage_fields
      WHERE namespace_id = ${namespaceId} AND hour >= date_trunc('hour', ${from}::timestamptz)),
    sums AS (
      SELECT path, (array_agg(field ORDER BY last_seen DESC))[1] AS field,
        sum(count) FILTER (WHERE is_in) AS count, sum(count_error) FILTER (WHERE is_in) AS count_error,
        sum(count) FILTER (WHERE is_day) AS count_day, sum(count) FILTER (WHERE is_week) AS count_week,
        sum(filters) FILTER (WHERE is_day) AS filtered_day,
        sum(filters) FILTER (WHERE is_in) AS filters, sum(sorts) FILTER (WHERE is_in) AS sorts,
        sum(groups) FILTER (WHERE is_in) AS groups, sum(facets) FILTER (WHERE is_in) AS facets,
        sum(total_ms) FILTER (WHERE is_in) AS total_ms, max(max_ms) FILTER (WHERE is_in) AS max_ms,
        sum(slow) FILTER (WHERE is_in) AS slow, sum(very_slow) FILTER (WHERE is_in) AS very_slow,
        min(first_seen) FILTER (WHERE is_in) AS first_seen, max(last_seen) FILTER (WHERE is_in) AS last_seen
      FROM kept GROUP BY path HAVING bool_or(is_in)),
    ${histograms(sql`path`)},
    ${countsBy('operators')}, ${countsBy('kinds')},
    shapes AS (
      SELECT named AS path, count(DISTINCT shape_hash) AS shapes
      FROM query_usage_shapes, unnest(paths) AS named
      WHERE namespace_id = ${namespaceId} AND hour >= date_trunc('hour', ${since}::timestamptz) GROUP BY named)
    SELECT sums.field, sums.path, count::double precision AS count, count_error::double precision AS "countError",
      coalesce(count_day, 0)::double precision AS "count24h",
      coalesce(count_week, 0)::double precision AS "count7d",
      coalesce(filtered_day, 0)::double precision AS "filtered24h",
      coalesce(shapes, 1)::integer AS "uniqueQueries",
      coalesce(operators, '{}') AS operators, coalesce(kinds, '{}') AS kinds,
      jsonb_build_object('filter', filters, 'sort', sorts, 'group', groups, 'facet', facets) AS uses,
      total_ms AS "totalMs", max_ms AS "maxMs", coalesce(histogram, '[]') AS histogram,
      slow::double precision AS slow, very_slow::double precision AS "verySlow",
      first_seen AS "firstSeen", last_seen AS "lastSeen"
    FROM sums LEFT JOIN histograms USING (path) LEFT JOIN operators_of USING (path) LEFT JOIN kinds_of USING (path)
      LEFT JOIN shapes USING (path)
    ORDER BY sums.count DESC, path`.execute(db)
  return rows
}

/** Shapes by how often they came, most first; only those that name `path` where it is given. */
export async function readShapeUsage(
  db: Db,
  namespaceId: string,
  { since, path }: { since: Date; path?: string },
): Promise<ShapeUsage[]> {
  const { rows } = await sql<ShapeUsage>`
    WITH kept AS (
      SELECT *, true AS is_in FROM query_usage_shapes
      WHERE namespace_id = ${namespaceId} AND hour >= date_trunc('hour', ${since}::timestamptz)
        AND ${path === undefined ? sql`true` : sql`${path} = ANY(paths)`}),
    ${histograms(sql`shape_hash`)}
    SELECT min(shape) AS shape, min(kind) AS kind, min(paths) AS paths, min(using_vector) AS using,
      sum(count)::double precision AS count, sum(total_ms) AS "totalMs",
      coalesce((SELECT histogram FROM histograms WHERE histograms.shape_hash = kept.shape_hash), '[]') AS histogram,
      sum(candidates)::double precision AS candidates, sum(results)::double precision AS results,
      min(first_seen) AS "firstSeen", max(last_seen) AS "lastSeen"
    FROM kept GROUP BY shape_hash ORDER BY sum(kept.count) DESC, shape_hash`.execute(db)
  return rows
}

/** The slowest reads first. */
export async function readSlowReads(
  db: Db,
  namespaceId: string,
  { since, minMs, limit }: { since: Date; minMs: number; limit: number },
): Promise<SlowRead[]> {
  const { rows } = await sql<SlowRead>`
    SELECT retriever_id AS "retrieverId", shape, duration_ms AS "durationMs",
      results::double precision AS results, fields, created_at AS at
    FROM slow_reads
    WHERE namespace_id = ${namespaceId} AND created_at >= ${since} AND duration_ms >= ${minMs}
    ORDER BY duration_ms DESC, id DESC LIMIT ${limit}`.execute(db)
  return rows
}

/** The newest samples first, none older than `since`; only of shapes that name `path` where it is given. */
export async function readSamples(
  db: Db,
  namespaceId: string,
  { path, limit, since }: { path?: string; limit: number; since?: Date },
): Promise<QuerySample[]> {
  let query = db
    .selectFrom('query_samples')
    .selectAll()
    .where('namespace_id', '=', namespaceId)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
  if (path !== undefined) query = query.where(sql<boolean>`${path} = ANY(paths)`)
  if (since !== undefined) query = query.where('created_at', '>=', since)
  return (await query.execute()).map((row) => ({
    shape: row.shape,
    kind: row.kind,
    // Written by `addSamples` only, from a parsed filter.
    filter: JSON.parse(row.filter) as Filter,
    collectionIds: row.collection_ids,
    using: row.using_vector,
    limit: row.limit_count === null ? null : Number(row.limit_count),
    durationMs: row.duration_ms,
    at: row.created_at,
  }))
}

const dayMs = 86_400_000

/** Of the rows of `kept` in the range: bucket by bucket, as JSON. */
function histograms(key: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`bucket_sums AS (
      SELECT ${key}, bucket, sum(counted) AS counted
      FROM kept, unnest(histogram) WITH ORDINALITY AS buckets(counted, bucket)
      WHERE is_in GROUP BY ${key}, bucket),
    histograms AS (
      SELECT ${key}, jsonb_agg(counted ORDER BY bucket) AS histogram FROM bucket_sums GROUP BY ${key})`
}

function countsBy(column: 'operators' | 'kinds'): RawBuilder<unknown> {
  return sql`${sql.ref(`${column}_of`)} AS (
      SELECT path, jsonb_object_agg(name, counted) AS ${sql.ref(column)} FROM (
        SELECT path, key AS name, sum(value::bigint) AS counted FROM kept, jsonb_each_text(${sql.ref(column)})
        WHERE is_in GROUP BY path, key) AS ${sql.ref(`${column}_sums`)}
      GROUP BY path)`
}
