import { sql } from 'kysely'
import { archiveTables, type ArchiveTable } from './archive-tables.ts'
import type { Db } from './tables.ts'

/** Rows of one step of the cursor: their sizes are the clients', so few of them. */
const rowsAtOnce = 200

/** All tables as they are at one moment, until it is closed: a transaction that changes and locks nothing. */
export interface Snapshot extends AsyncDisposable {
  db: Db
  at: Date
}

export async function openSnapshot(db: Db): Promise<Snapshot> {
  const tx = await db
    .startTransaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute()
  const snapshot = {
    db: tx,
    at: new Date(0),
    [Symbol.asyncDispose]: () => tx.rollback().execute(),
  }
  try {
    // The moment is that of the first query.
    const { rows } = await sql<{ at: Date }>`select clock_timestamp() as at`.execute(tx)
    return { ...snapshot, at: rows[0]?.at ?? snapshot.at }
  } catch (error) {
    await snapshot[Symbol.asyncDispose]()
    throw error
  }
}

/** Rows as PostgreSQL writes them in JSON, by the table's key; in a transaction, for it uses a cursor. */
export async function* readArchiveRows(
  tx: Db,
  { name, key, ofServer, ofNamespace }: ArchiveTable,
  namespaceId: string | null,
): AsyncGenerator<string[], void, undefined> {
  const which = namespaceId === null ? ofServer : ofNamespace?.(namespaceId)
  if (!which) return
  const columns = await keyOrder(tx, name, key)
  await sql`declare archive_rows no scroll cursor for
    select row_to_json(one)::text as line from ${sql.table(name)} as one
    where ${which} order by ${sql.join(columns)}`.execute(tx)
  try {
    for (;;) {
      const { rows } = await sql<{ line: string }>`
        fetch forward ${sql.lit(rowsAtOnce)} from archive_rows`.execute(tx)
      if (rows.length === 0) return
      yield rows.map(({ line }) => line)
    }
  } finally {
    await sql`close archive_rows`.execute(tx)
  }
}

/** Text by its bytes, so that one order holds on every server. */
async function keyOrder(tx: Db, table: string, key: readonly string[]) {
  const types = await columnTypes(tx, table)
  return key.map((column) =>
    types.get(column) === 'text' ? sql`${sql.ref(column)} collate "C"` : sql.ref(column),
  )
}

/** Column → type, of a table of ours; empty where there is none. */
export async function columnTypes(db: Db, table: string): Promise<Map<string, string>> {
  const { rows } = await sql<{ column: string; type: string }>`
    select column_name as column, data_type as type from information_schema.columns
    where table_schema = current_schema() and table_name = ${table}`.execute(db)
  return new Map(rows.map(({ column, type }) => [column, type]))
}

/** Contents of the blob store that archived rows name, each once, by hash. */
export async function* readArchiveOriginals(
  tx: Db,
  namespaceId: string | null,
): AsyncGenerator<string[], void, undefined> {
  const plugins = archiveTables.find(({ name }) => name === 'plugins')
  const owned = namespaceId === null ? plugins?.ofServer : plugins?.ofNamespace?.(namespaceId)
  await sql`declare archive_originals no scroll cursor for
    select json_build_object('hash', hash, 'size_bytes', max(size_bytes))::text as line from (
      select hash, size_bytes from object_blobs
      where hash is not null and data is null
        and bucket_id in (select id from buckets where namespace_id = ${namespaceId})
      union all
      select archive_hash, archive_bytes from plugins where ${owned ?? sql`false`}
    ) as named group by hash order by hash collate "C"`.execute(tx)
  for (;;) {
    const { rows } = await sql<{ line: string }>`
      fetch forward ${sql.lit(rowsAtOnce)} from archive_originals`.execute(tx)
    if (rows.length === 0) break
    yield rows.map(({ line }) => line)
  }
  await sql`close archive_originals`.execute(tx)
}

/** What waits in the queue, or runs, for a namespace. */
export async function readArchiveJobs(tx: Db, namespaceId: string): Promise<string[]> {
  const { rows } = await sql<{ line: string }>`
    select json_build_object(
      'name', name,
      'payload', data -> 'payload',
      'delay_seconds', case when state = 'active' then 0
        else greatest(0, extract(epoch from start_after - now())) end,
      'singleton_key', singleton_key
    )::text as line
    from pgboss.job
    where state in ('created', 'retry', 'active') and (
      data -> 'payload' ->> 'namespace_id' = ${namespaceId}
      or data -> 'payload' ->> 'batch_id' in (select id from batches where namespace_id = ${namespaceId})
      or data -> 'payload' ->> 'bucket_id' in (select id from buckets where namespace_id = ${namespaceId})
    )
    order by name collate "C", created_on, id`.execute(tx)
  return rows.map(({ line }) => line)
}

/** Namespaces that an archive holds: not those that are being made or deleted. */
export async function readArchiveNamespaces(
  db: Db,
): Promise<{ id: string; name: string; organization_id: string }[]> {
  return await db
    .selectFrom('namespaces')
    .select(['id', 'name', 'organization_id'])
    .where('state', '=', 'ready')
    .orderBy('created_at')
    .orderBy('id')
    .execute()
}

/** Lines that `readArchiveRows` gave, all of one table and one version. Throws where it has no such column. */
export async function insertArchiveRows(
  db: Db,
  { name, loadedAs, isShared }: ArchiveTable,
  columns: readonly string[],
  lines: readonly string[],
): Promise<void> {
  const names = sql.join(columns.map((column) => sql.ref(column)))
  await sql`
    insert into ${sql.table(name)} (${names}) overriding system value
    select ${names} from (
      select ${loadedAs ?? sql`r`} as r from jsonb_array_elements(${`[${lines.join(',')}]`}::jsonb) as given (r)
    ) as changed, jsonb_populate_record(null::${sql.table(name)}, changed.r)
    ${isShared ? sql`on conflict do nothing` : sql``}`.execute(db)
}

/** Numbers that a table gives out by itself go on after those that were loaded. */
export async function advanceIdentities(db: Db): Promise<void> {
  const { rows } = await sql<{ table: string; column: string }>`
    select table_name as table, column_name as column from information_schema.columns
    where table_schema = current_schema() and is_identity = 'YES'`.execute(db)
  for (const { table, column } of rows) {
    await sql`select setval(pg_get_serial_sequence(${table}, ${column}), max(${sql.ref(column)}))
      from ${sql.table(table)} having max(${sql.ref(column)}) is not null`.execute(db)
  }
}
