import { sql } from 'kysely'
import type { Db } from './tables.ts'

/** Of these payload paths those that a recorded read names. */
export async function readSampledPaths(
  db: Db,
  namespaceId: string,
  paths: readonly string[],
): Promise<Set<string>> {
  const { rows } = await sql<{ path: string }>`
    SELECT DISTINCT path FROM query_samples, unnest(paths) AS path
    WHERE namespace_id = ${namespaceId} AND paths && ${paths}::text[] AND path = ANY(${paths})`.execute(
    db,
  )
  return new Set(rows.map(({ path }) => path))
}
