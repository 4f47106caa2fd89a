import { createHash } from 'node:crypto'
import { sql, type RawBuilder } from 'kysely'
import type { FieldCounts, FieldUses, ShapeCounts } from '../domain/query-usage/usage-counts.ts'
import type { QuerySample, SlowRead } from './query-usage.ts'
import type { Db } from './tables.ts'

/** What is added to one field's counts of one hour. */
export interface FieldUsageRow extends FieldCounts<Date>, FieldUses {
  hour: Date
}

/** What is added to one shape's counts of one hour. */
export interface ShapeUsageRow extends ShapeCounts<Date> {
  hour: Date
  countError: number
}

/** How long a row that somebody else has locked is waited for. */
const lockWaitMs = 2_000

/**
 * The namespace's row, held so that it is neither deleted nor `auto_create_indexes` switched before the transaction
 * ends; null where it is gone.
 */
export async function holdNamespace(
  tx: Db,
  namespaceId: string,
): Promise<{ autoCreateIndexes: boolean } | null> {
  await sql`select set_config('lock_timeout', ${`${lockWaitMs}ms`}, true)`.execute(tx)
  const row = await tx
    .selectFrom('namespaces')
    .select('auto_create_indexes')
    .where('id', '=', namespaceId)
    .where('state', '=', 'ready')
    .forShare()
    .executeTakeFirst()
  return row ? { autoCreateIndexes: row.auto_create_indexes } : null
}

/** Adds to what other processes have counted; rows with one hour and path must not come twice. */
export async function addFieldUsage(
  db: Db,
  namespaceId: string,
  rows: readonly FieldUsageRow[],
): Promise<void> {
  if (rows.length === 0) return
  await sql`
    INSERT INTO query_usage_fields AS kept (namespace_id, hour, path, field, count, count_error, filters, sorts,
      groups, facets, operators, kinds, total_ms, max_ms, histogram, slow, very_slow, first_seen, last_seen)
    SELECT ${namespaceId}, hour, path, field, count, "countError", filters, sorts, groups, facets, operators, kinds,
      "totalMs", "maxMs", histogram, slow, "verySlow", "firstSeen", "lastSeen"
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS given(
      hour timestamptz, path text, field text, count bigint, "countError" bigint, filters bigint, sorts bigint,
      groups bigint, facets bigint, operators jsonb, kinds jsonb, "totalMs" double precision,
      "maxMs" double precision, histogram integer[], slow bigint, "verySlow" bigint,
      "firstSeen" timestamptz, "lastSeen" timestamptz)
    ORDER BY hour, path
    ON CONFLICT (namespace_id, hour, path) DO UPDATE SET
      field = excluded.field,
      count = kept.count + excluded.count,
      count_error = kept.count_error + excluded.count_error,
      filters = kept.filters + excluded.filters,
      sorts = kept.sorts + excluded.sorts,
      groups = kept.groups + excluded.groups,
      facets = kept.facets + excluded.facets,
      operators = ${sumOfCounts('operators')},
      kinds = ${sumOfCounts('kinds')},
      total_ms = kept.total_ms + excluded.total_ms,
      max_ms = greatest(kept.max_ms, excluded.max_ms),
      histogram = ${sumOfHistograms()},
      slow = kept.slow + excluded.slow,
      very_slow = kept.very_slow + excluded.very_slow,
      first_seen = least(kept.first_seen, excluded.first_seen),
      last_seen = greatest(kept.last_seen, excluded.last_seen)`.execute(db)
}

/** As `addFieldUsage`, for shapes. */
export async function addShapeUsage(
  db: Db,
  namespaceId: string,
  rows: readonly ShapeUsageRow[],
): Promise<void> {
  if (rows.length === 0) return
  const given = rows.map((row) => ({ ...row, hash: hashOf(row.shape) }))
  await sql`
    INSERT INTO query_usage_shapes AS kept (namespace_id, hour, shape_hash, shape, kind, paths, using_vector, count,
      count_error, total_ms, histogram, candidates, results, first_seen, last_seen)
    SELECT ${namespaceId}, hour, hash, shape, kind, paths, "using", count, "countError", "totalMs", histogram,
      candidates, results, "firstSeen", "lastSeen"
    FROM jsonb_to_recordset(${JSON.stringify(given)}::jsonb) AS given(
      hour timestamptz, hash text, shape text, kind text, paths text[], "using" text, count bigint,
      "countError" bigint, "totalMs" double precision, histogram integer[], candidates bigint, results bigint,
      "firstSeen" timestamptz, "lastSeen" timestamptz)
    ORDER BY hour, hash
    ON CONFLICT (namespace_id, hour, shape_hash) DO UPDATE SET
      count = kept.count + excluded.count,
      count_error = kept.count_error + excluded.count_error,
      total_ms = kept.total_ms + excluded.total_ms,
      histogram = ${sumOfHistograms()},
      candidates = kept.candidates + excluded.candidates,
      results = kept.results + excluded.results,
      first_seen = least(kept.first_seen, excluded.first_seen),
      last_seen = greatest(kept.last_seen, excluded.last_seen)`.execute(db)
}

/** Remembers slow reads; of more than `most` of the namespace the newest half and the slowest. */
export async function addSlowReads(
  db: Db,
  namespaceId: string,
  reads: readonly SlowRead[],
  most: number,
): Promise<void> {
  if (reads.length === 0) return
  await db
    .insertInto('slow_reads')
    .values(
      reads.map(({ retrieverId, shape, durationMs, results, fields, at }) => ({
        namespace_id: namespaceId,
        retriever_id: retrieverId,
        shape,
        duration_ms: durationMs,
        results,
        fields,
        created_at: at,
      })),
    )
    .execute()
  const half = Math.ceil(most / 2)
  await sql`
    DELETE FROM slow_reads USING (
      SELECT id, row_number() OVER (ORDER BY created_at DESC, id DESC) AS newest,
        row_number() OVER (ORDER BY duration_ms DESC, id DESC) AS slowest
      FROM slow_reads WHERE namespace_id = ${namespaceId}) AS ranked
    WHERE slow_reads.id = ranked.id AND newest > ${half} AND slowest > ${most - half}`.execute(db)
}

/** Remembers reads with their values: the newest of each shape, and of all. */
export async function addSamples(
  db: Db,
  namespaceId: string,
  samples: readonly (QuerySample & { paths: readonly string[] })[],
  most: { shape: number; total: number },
): Promise<void> {
  if (samples.length === 0) return
  await db
    .insertInto('query_samples')
    .values(
      samples.map((sample) => ({
        namespace_id: namespaceId,
        shape_hash: hashOf(sample.shape),
        shape: sample.shape,
        kind: sample.kind,
        paths: [...sample.paths],
        filter: JSON.stringify(sample.filter),
        collection_ids: sample.collectionIds,
        using_vector: sample.using,
        limit_count: sample.limit,
        duration_ms: sample.durationMs,
        created_at: sample.at,
      })),
    )
    .execute()
  await sql`
    DELETE FROM query_samples USING (
      SELECT id, row_number() OVER (PARTITION BY shape_hash ORDER BY created_at DESC, id DESC) AS in_shape,
        row_number() OVER (ORDER BY created_at DESC, id DESC) AS in_all
      FROM query_samples WHERE namespace_id = ${namespaceId}) AS ranked
    WHERE query_samples.id = ranked.id AND (in_shape > ${most.shape} OR in_all > ${most.total})`.execute(
    db,
  )
}

/** Of these paths: reads that filtered by them since the time's hour, and how long all reads with them took. */
export async function readFilterCounts(
  db: Db,
  namespaceId: string,
  paths: readonly string[],
  since: Date,
): Promise<Map<string, { filters: number; totalMs: number }>> {
  const { rows } = await sql<{ path: string; filters: number; totalMs: number }>`
    SELECT path, sum(filters)::double precision AS filters, sum(total_ms) AS "totalMs"
    FROM query_usage_fields
    WHERE namespace_id = ${namespaceId} AND path = ANY(${paths}) AND hour >= date_trunc('hour', ${since}::timestamptz)
    GROUP BY path`.execute(db)
  return new Map(rows.map(({ path, filters, totalMs }) => [path, { filters, totalMs }]))
}

/** Of an hour with more than twice as many fields or shapes, those that were named most stay. */
export async function trimHours(
  db: Db,
  namespaceId: string,
  hours: readonly Date[],
  most: { fields: number; shapes: number },
): Promise<void> {
  await trim(db, sql`query_usage_fields`, sql`path`, namespaceId, hours, most.fields)
  await trim(db, sql`query_usage_shapes`, sql`shape_hash`, namespaceId, hours, most.shapes)
}

async function trim(
  db: Db,
  table: RawBuilder<unknown>,
  key: RawBuilder<unknown>,
  namespaceId: string,
  hours: readonly Date[],
  most: number,
): Promise<void> {
  await sql`
    DELETE FROM ${table} AS kept USING (
      SELECT hour, ${key} AS key, count(*) OVER (PARTITION BY hour) AS all_of_hour,
        row_number() OVER (PARTITION BY hour ORDER BY count DESC, last_seen DESC, ${key}) AS place
      FROM ${table} WHERE namespace_id = ${namespaceId} AND hour = ANY(${hours}::timestamptz[])) AS ranked
    WHERE kept.namespace_id = ${namespaceId} AND kept.hour = ranked.hour AND kept.${key} = ranked.key
      AND all_of_hour > ${2 * most} AND place > ${most}`.execute(db)
}

function sumOfCounts(column: 'operators' | 'kinds'): RawBuilder<unknown> {
  const [kept, given] = [sql.ref(`kept.${column}`), sql.ref(`excluded.${column}`)]
  return sql`(SELECT coalesce(jsonb_object_agg(key, sum), '{}') FROM (
    SELECT key, sum(value::bigint) FROM (
      SELECT * FROM jsonb_each_text(${kept}) UNION ALL SELECT * FROM jsonb_each_text(${given})) AS both_of_them
    GROUP BY key) AS sums)`
}

function sumOfHistograms(): RawBuilder<unknown> {
  return sql`(SELECT coalesce(array_agg(coalesce(a, 0) + coalesce(b, 0) ORDER BY bucket), '{}')
    FROM unnest(kept.histogram, excluded.histogram) WITH ORDINALITY AS both_of_them(a, b, bucket))`
}

function hashOf(shape: string): string {
  return createHash('md5').update(shape).digest('hex')
}
