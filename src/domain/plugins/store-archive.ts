import type { StoredBlob } from '../../ports/blob-store.ts'
import type { Ports } from '../../ports/ports.ts'
import type { Db } from '../../store/tables.ts'
import { fail } from '../failure.ts'
import { keepNoted, putNoted } from '../objects/put-noted.ts'

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
  const limited = withinLimit(content, config.pluginArchiveBytesMax)
  return await putNoted({ db, blobs }, limited, signal)
}

/** A row names it from this transaction on. Throws `conflict` where it is gone meanwhile. */
export async function keepArchive(
  ports: Pick<Ports, 'blobs'>,
  tx: Db,
  hash: string,
): Promise<void> {
  if (!(await keepNoted(ports, tx, hash))) {
    throw fail('conflict', { reason: 'The archive was removed meanwhile; upload it again.' })
  }
}

/** An empty PUT would use its URL up. */
async function* withinLimit(
  content: AsyncIterable<Uint8Array>,
  limitBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let sizeBytes = 0
  for await (const chunk of content) {
    sizeBytes += chunk.byteLength
    if (sizeBytes > limitBytes) {
      throw fail('body_too_large', { limitBytes, setting: 'NACRE_PLUGIN_ARCHIVE_BYTES_MAX' })
    }
    yield chunk
  }
  if (sizeBytes === 0) throw fail('bad_request', { reason: 'The archive is empty.' })
}
