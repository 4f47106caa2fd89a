import { sql, type Generated } from 'kysely'
import type { ExportFile } from '../domain/exports/export-file.ts'
import type { Time } from './column-types.ts'
import type { Db } from './tables.ts'

export interface ExportFileTable {
  id: string
  namespace_id: string
  collection_id: string
  filename: string
  content_type: string
  hash: string
  size_bytes: number
  expires_at: Time
  created_at: Generated<Date>
}

export async function insertExportFiles(db: Db, files: readonly ExportFile[]): Promise<void> {
  const rows = files.map((file) => ({
    id: file.id,
    namespace_id: file.namespaceId,
    collection_id: file.collectionId,
    filename: file.filename,
    content_type: file.contentType,
    hash: file.hash,
    size_bytes: file.sizeBytes,
    expires_at: file.expiresAt,
  }))
  await db.insertInto('export_files').values(rows).execute()
}

/** Null where it is absent or its time is up. */
export async function readExportFile(db: Db, id: string, now: Date): Promise<ExportFile | null> {
  const row = await db
    .selectFrom('export_files')
    .selectAll()
    .where('id', '=', id)
    .where('expires_at', '>', now)
    .executeTakeFirst()
  if (!row) return null
  return {
    id: row.id,
    namespaceId: row.namespace_id,
    collectionId: row.collection_id,
    filename: row.filename,
    contentType: row.content_type,
    hash: row.hash,
    sizeBytes: row.size_bytes,
    expiresAt: row.expires_at,
  }
}

/** Of more than `keep` of the namespace the oldest go. */
export async function trimExports(db: Db, namespaceId: string, keep: number): Promise<void> {
  await sql`
    delete from export_files where id in (
      select id from export_files where namespace_id = ${namespaceId}
      order by created_at desc, id desc offset ${keep}
    )`.execute(db)
}

/** Their contents are noted as unused by the database. */
export async function deleteExpiredExports(db: Db): Promise<void> {
  await sql`delete from export_files where expires_at <= now()`.execute(db)
}
