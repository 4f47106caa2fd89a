import type { Ports } from '../../ports/ports.ts'
import { deleteObjects as deleteRows } from '../../store/objects.ts'
import { removeUnusedBlobs } from './remove-unused-blobs.ts'

/** Rows and their blobs; a content goes once no row names it any more. Absent ids are left out. */
export async function deleteObjects(
  ports: Pick<Ports, 'db' | 'blobs'>,
  ids: readonly string[],
): Promise<void> {
  await deleteRows(ports.db, ids)
  await removeUnusedBlobs(ports)
}
