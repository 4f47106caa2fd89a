import { sql } from 'kysely'
import type { ArchiveHeader } from '../domain/archive/archive.ts'
import { archiveTables } from './archive-tables.ts'
import type { Db } from './tables.ts'

export interface Load {
  archiveId: string
  state: 'loading' | 'loaded'
  header: ArchiveHeader
  organizationId: string
}

/** The archive that is being loaded; null where none is. */
export async function readOpenLoad(db: Db): Promise<Load | null> {
  return await readOne(db, (query) => query.where('state', '=', 'loading'))
}

export async function readLoad(db: Db, archiveId: string): Promise<Load | null> {
  return await readOne(db, (query) => query.where('id', '=', archiveId))
}

async function readOne(
  db: Db,
  which: (query: ReturnType<typeof loadQuery>) => ReturnType<typeof loadQuery>,
): Promise<Load | null> {
  const row = await which(loadQuery(db)).executeTakeFirst()
  if (!row) return null
  const { id: archiveId, state, header, organization_id: organizationId } = row
  return { archiveId, state, header, organizationId }
}

function loadQuery(db: Db) {
  return db.selectFrom('loads').select(['id', 'state', 'header', 'organization_id'])
}

/** A unique violation where another is open. */
export async function insertLoad(
  db: Db,
  header: ArchiveHeader,
  organizationId: string,
): Promise<void> {
  await db
    .insertInto('loads')
    .values({
      id: header.archive_id,
      state: 'loading',
      header: JSON.stringify(header),
      organization_id: organizationId,
    })
    .execute()
}

/** Its parts are forgotten: it is whole. */
export async function endLoad(db: Db, archiveId: string): Promise<void> {
  await db.deleteFrom('load_parts').where('load_id', '=', archiveId).execute()
  await db
    .updateTable('loads')
    .set({ state: 'loaded', ended_at: sql<Date>`now()` })
    .where('id', '=', archiveId)
    .execute()
}

/** Lines of each part that are here; a part that has not begun is absent. */
export async function readPositions(db: Db, archiveId: string): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('load_parts')
    .select(['part', 'position'])
    .where('load_id', '=', archiveId)
    .execute()
  return new Map(rows.map(({ part, position }) => [part, position]))
}

/** False, with nothing changed, where the part does not stand at `from`: another request was there before. */
export async function movePosition(
  db: Db,
  { archiveId, part, from, to }: { archiveId: string; part: string; from: number; to: number },
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    insert into load_parts (load_id, part, position)
    select ${archiveId}, ${part}, ${to}::integer where ${from}::integer = 0
    on conflict (load_id, part) do nothing`.execute(db)
  if (numAffectedRows === 1n) return true
  const { numUpdatedRows } = await db
    .updateTable('load_parts')
    .set({ position: to })
    .where('load_id', '=', archiveId)
    .where('part', '=', part)
    .where('position', '=', from)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** Number of the last migration. */
export async function readSchemaNumber(db: Db): Promise<number> {
  const { rows } = await sql<{ number: number }>`
    select max(number) as number from nacre_migrations`.execute(db)
  return rows[0]?.number ?? 0
}

/** What the first start of a server makes, one of each. */
const ofFirstStart: readonly string[] = ['organizations', 'users', 'api_keys']

/** The first table that holds more than a first start leaves behind; null where the server is empty. */
export async function findOccupiedTable(db: Db): Promise<string | null> {
  for (const { name } of archiveTables) {
    const allowed = ofFirstStart.includes(name) ? 1 : 0
    const { rows } = await sql<{ is_more: boolean }>`
      select exists (select from ${sql.table(name)} offset ${allowed}) as is_more`.execute(db)
    if (rows[0]?.is_more) return name
  }
  return null
}

/** Every namespace that was loaded answers from now on; tasks of what does not go on end. */
export async function openLoadedNamespaces(db: Db, namespaceIds: readonly string[]): Promise<void> {
  await db
    .updateTable('namespaces')
    .set({ state: 'ready' })
    .where('id', 'in', namespaceIds)
    .where('state', '=', 'loading')
    .execute()
  await sql`
    update tasks set status = 'CANCELED', finished_at = now(), updated_at = now(),
      error = 'It was under way where the archive was made; begin it again.'
    where status in ('PENDING', 'IN_PROGRESS', 'PROCESSING')
      and id in (select task_id from reconfigurations where state in ('cancelled', 'undone', 'erased'))
  `.execute(db)
}

/** What the first start made, for what an archive brings takes its place; `keepsOrganization`: but for that. */
export async function removeFirstStart(
  db: Db,
  organizationId: string,
  { keepsOrganization }: { keepsOrganization: boolean },
): Promise<void> {
  await db.deleteFrom('users').where('organization_id', '=', organizationId).execute()
  if (!keepsOrganization)
    await db.deleteFrom('organizations').where('id', '=', organizationId).execute()
}
