import { sql, type Selectable } from 'kysely'
import type { PluginScope, PluginUpload } from '../domain/plugins/plugin.ts'
import type { Db, Tables } from './tables.ts'

type UploadRow = Selectable<Tables['plugin_uploads']>

/** How long after its end an upload that nobody confirmed is still known, so that late callers are told why. */
const keptSeconds = 24 * 3600

export async function insertUpload(db: Db, upload: PluginUpload): Promise<void> {
  await db
    .insertInto('plugin_uploads')
    .values({
      id: upload.id,
      organization_id: upload.organizationId,
      namespace_id: upload.namespaceId,
      name: upload.name,
      version: upload.version,
      description: upload.description,
      size_bytes_declared: upload.sizeBytesDeclared,
      archive_hash: null,
      archive_bytes: null,
      plugin_row_id: null,
      expires_at: upload.expiresAt,
      created_at: upload.createdAt,
    })
    .execute()
}

/** Of any scope: for one who holds its signed URL. */
export async function readUpload(db: Db, id: string): Promise<PluginUpload | null> {
  const row = await db
    .selectFrom('plugin_uploads')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst()
  return row ? uploadOf(row) : null
}

/** False where an archive has come before. */
export async function setUploadArchive(
  db: Db,
  id: string,
  { hash, sizeBytes }: { hash: string; sizeBytes: number },
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('plugin_uploads')
    .set({ archive_hash: hash, archive_bytes: sizeBytes })
    .where('id', '=', id)
    .where('archive_hash', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

export async function setUploadPlugin(db: Db, id: string, pluginRowId: string): Promise<void> {
  await db
    .updateTable('plugin_uploads')
    .set({ plugin_row_id: pluginRowId })
    .where('id', '=', id)
    .execute()
}

/** Uploads of the scope that are neither confirmed nor over. */
export async function countOpenUploads(db: Db, scope: PluginScope, now: Date): Promise<number> {
  const { count } = await db
    .selectFrom('plugin_uploads')
    .select(({ fn }) => fn.countAll<string>().as('count'))
    .where('organization_id', '=', scope.organizationId)
    .where('namespace_id', scope.namespaceId === null ? 'is' : '=', scope.namespaceId)
    .where('plugin_row_id', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** Removes what was never confirmed and ended a day ago; the database notes its archives as unused. */
export async function deleteOldUploads(db: Db): Promise<void> {
  await sql`
    delete from plugin_uploads
    where plugin_row_id is null and expires_at < now() - make_interval(secs => ${keptSeconds})
  `.execute(db)
}

function uploadOf(row: UploadRow): PluginUpload {
  return {
    id: row.id,
    organizationId: row.organization_id,
    namespaceId: row.namespace_id,
    name: row.name,
    version: row.version,
    description: row.description,
    sizeBytesDeclared: row.size_bytes_declared,
    archive:
      row.archive_hash === null
        ? null
        : { hash: row.archive_hash, sizeBytes: row.archive_bytes ?? 0 },
    pluginRowId: row.plugin_row_id,
    expiresAt: row.expires_at,
    createdAt: row.created_at,
  }
}
