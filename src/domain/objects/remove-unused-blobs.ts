import type { Ports } from '../../ports/ports.ts'
import { deleteExpiredExports } from '../../store/export-files.ts'
import { isBlobUsed, lockBlob } from '../../store/objects.ts'
import { forgetUnusedBlob, readUnusedBlobs } from '../../store/unused-blobs.ts'

export const blobSweepJobName = 'blobs.sweep'
const blobsAtOnce = 500
const sweepEverySeconds = 600

/**
 * Removes contents that no row names any more, as the database has noted them. Safe to run again from any point, and
 * beside whoever adds a row for one of them: the lock decides who is first.
 */
export async function removeUnusedBlobs(
  { db, blobs }: Pick<Ports, 'db' | 'blobs'>,
  signal?: AbortSignal,
): Promise<void> {
  for (;;) {
    const hashes = await readUnusedBlobs(db, blobsAtOnce)
    if (hashes.length === 0) return
    for (const hash of hashes) {
      signal?.throwIfAborted()
      await db.transaction().execute(async (tx) => {
        await lockBlob(tx, hash, 'exclusive')
        if (!(await isBlobUsed(tx, hash))) await blobs.delete(hash)
        await forgetUnusedBlob(tx, hash)
      })
    }
  }
}

/** The job: removes what a killed process left and files that have expired, and looks again in ten minutes. */
export async function sweepBlobs(ports: Ports, signal: AbortSignal): Promise<void> {
  await deleteExpiredExports(ports.db)
  await removeUnusedBlobs(ports, signal)
  await addBlobSweep(ports, sweepEverySeconds)
}

/** At most one waits; without a delay the one that waits is brought forward. */
export async function addBlobSweep(
  { db, queue }: Pick<Ports, 'db' | 'queue'>,
  delaySeconds = 0,
): Promise<void> {
  const options = { singletonKey: 'all', ...(delaySeconds > 0 && { delaySeconds }) }
  await queue.add(db, blobSweepJobName, {}, options)
}
