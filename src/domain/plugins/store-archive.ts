import { createHash } from 'node:crypto'
import type { StoredBlob } from '../../ports/blob-store.ts'
import type { Ports } from '../../ports/ports.ts'
import { lockBlob } from '../../store/objects.ts'
import type { Db } from '../../store/tables.ts'
import { forgetArrivals, noteArrivals } from '../../store/unused-blobs.ts'
import { fail } from '../failure.ts'

type Needs = Pick<Ports, 'db' | 'blobs' | 'config'>

/**
 * Streams an archive into the blob store and counts while it comes. It is noted before it is there, so that one which
 * no row comes to name is removed again. Throws `body_too_large` beyond pluginArchiveBytesMax, `bad_request` for nothing.
 */
export async function storeArchive(
  { db, blobs, config }: Needs,
  content: AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<StoredBlob> {
  return await blobs.put(noted(db, content, config.pluginArchiveBytesMax), signal)
}

/** A row names it from this transaction on. Throws `conflict` where it is gone meanwhile. */
export async function keepArchive(
  { blobs }: Pick<Ports, 'blobs'>,
  tx: Db,
  hash: string,
): Promise<void> {
  await lockBlob(tx, hash, 'shared')
  if (!(await blobs.has(hash))) {
    throw fail('conflict', { reason: 'The archive was removed meanwhile; upload it again.' })
  }
  await forgetArrivals(tx, [hash])
}

/** The store keeps nothing before the stream ends, and the stream does not end before the note is written. */
async function* noted(
  db: Db,
  content: AsyncIterable<Uint8Array>,
  limitBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = createHash('sha256')
  let sizeBytes = 0
  for await (const chunk of content) {
    sizeBytes += chunk.byteLength
    if (sizeBytes > limitBytes) {
      throw fail('body_too_large', { limitBytes, setting: 'NACRE_PLUGIN_ARCHIVE_BYTES_MAX' })
    }
    hash.update(chunk)
    yield chunk
  }
  // An empty PUT would use its URL up.
  if (sizeBytes === 0) throw fail('bad_request', { reason: 'The archive is empty.' })
  await noteArrivals(db, [hash.digest('hex')])
}
