import type { Ports } from '../../ports/ports.ts'
import { deleteObjects as deleteRows, isBlobUsed, lockBlob } from '../../store/objects.ts'

/** Rows and their blobs; a content goes once no row names it any more. Absent ids are left out. */
export async function deleteObjects(
  { db, blobs }: Pick<Ports, 'db' | 'blobs'>,
  ids: readonly string[],
): Promise<void> {
  const hashes = await db.transaction().execute((tx) => deleteRows(tx, ids))
  for (const hash of hashes) {
    await db.transaction().execute(async (tx) => {
      await lockBlob(tx, hash, 'exclusive')
      if (!(await isBlobUsed(tx, hash))) await blobs.delete(hash)
    })
  }
}
