import { sql, type RawBuilder } from 'kysely'
import type { Db } from './tables.ts'

/** Every read of the namespace that is kept with its values. */
export async function removeSamples(db: Db, namespaceId: string): Promise<void> {
  await db.deleteFrom('query_samples').where('namespace_id', '=', namespaceId).execute()
}

/**
 * Reads kept with their values that are older than the time, or whose namespace does not make its indexes itself any
 * more; with null all of them.
 */
export async function removeOldSamples(db: Db, before: Date | null): Promise<void> {
  if (before === null) await db.deleteFrom('query_samples').execute()
  else {
    await db.deleteFrom('query_samples').where('created_at', '<', before).execute()
    await sql`DELETE FROM query_samples USING namespaces
      WHERE namespaces.id = query_samples.namespace_id AND NOT namespaces.auto_create_indexes`.execute(
      db,
    )
  }
}

/** Counts and slow reads older than the time. */
export async function removeOldUsage(db: Db, before: Date): Promise<void> {
  await db.deleteFrom('query_usage_fields').where('hour', '<', before).execute()
  await db.deleteFrom('query_usage_shapes').where('hour', '<', before).execute()
  await db.deleteFrom('slow_reads').where('created_at', '<', before).execute()
}

/** Of namespaces with more than `most` rows the smallest go; those since `recent` stay before all others. */
export async function removeSmallUsage(db: Db, most: number, recent: Date): Promise<void> {
  await removeSmall(db, sql`query_usage_fields`, sql`path`, most, recent)
  await removeSmall(db, sql`query_usage_shapes`, sql`shape_hash`, most, recent)
}

async function removeSmall(
  db: Db,
  table: RawBuilder<unknown>,
  key: RawBuilder<unknown>,
  most: number,
  recent: Date,
): Promise<void> {
  await sql`
    DELETE FROM ${table} AS kept USING (
      SELECT namespace_id, hour, ${key} AS key, row_number() OVER (
        PARTITION BY namespace_id ORDER BY (hour >= ${recent}::timestamptz) DESC, count DESC, hour DESC) AS place
      FROM ${table} WHERE namespace_id IN (
        SELECT namespace_id FROM ${table} GROUP BY namespace_id HAVING count(*) > ${most})) AS ranked
    WHERE kept.namespace_id = ranked.namespace_id AND kept.hour = ranked.hour AND kept.${key} = ranked.key
      AND place > ${most}`.execute(db)
}
