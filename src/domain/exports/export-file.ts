import type { Ports } from '../../ports/ports.ts'
import { readExportFile } from '../../store/export-files.ts'
import { fail } from '../failure.ts'
import { signPath } from '../signed-paths.ts'

/** A file that was made of a collection, a content of the blob store until it expires. */
export interface ExportFile {
  id: string
  namespaceId: string
  collectionId: string
  filename: string
  contentType: string
  /** Of the blob store. */
  hash: string
  sizeBytes: number
  expiresAt: Date
}

export function exportPathOf(fileId: string): string {
  return `/v1/export-files/${fileId}`
}

/** Where the file can be fetched until it expires, without a key. */
export async function exportUrlPath(
  ports: Pick<Ports, 'db'>,
  { id, expiresAt }: Pick<ExportFile, 'id' | 'expiresAt'>,
): Promise<string> {
  return await signPath(ports, 'GET', exportPathOf(id), expiresAt)
}

/** A file to be read once. Throws `not_found` for one that has expired, or went with its collection. */
export async function openExportFile(
  { db, blobs, now }: Pick<Ports, 'db' | 'blobs' | 'now'>,
  id: string,
  signal?: AbortSignal,
): Promise<ExportFile & { open: () => AsyncIterable<Uint8Array> }> {
  const file = await readExportFile(db, id, now())
  if (!file) throw fail('not_found', { resource: 'export file', id })
  const open = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    const chunks = await blobs.open(file.hash, signal)
    if (chunks) yield* chunks
  }
  return { ...file, open }
}
