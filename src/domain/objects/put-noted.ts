import { createHash } from 'node:crypto'
import type { StoredBlob } from '../../ports/blob-store.ts'
import type { Ports } from '../../ports/ports.ts'
import { lockBlob } from '../../store/objects.ts'
import type { Db } from '../../store/tables.ts'
import { forgetArrivals, noteArrivals } from '../../store/unused-blobs.ts'

type Needs = Pick<Ports, 'db' | 'blobs'>

/** A stream into the blob store, noted before it is there: what no row comes to name is removed again. */
export async function putNoted(
  { db, blobs }: Needs,
  content: AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<StoredBlob> {
  return await blobs.put(noted(db, content), signal)
}

/** A row names it from this transaction on. False where it is gone meanwhile, because nobody named it for long. */
export async function keepNoted(
  { blobs }: Pick<Ports, 'blobs'>,
  tx: Db,
  hash: string,
): Promise<boolean> {
  await lockBlob(tx, hash, 'shared')
  if (!(await blobs.has(hash))) return false
  await forgetArrivals(tx, [hash])
  return true
}

/** The store keeps nothing before the stream ends, and the stream does not end before the note is written. */
async function* noted(
  db: Db,
  content: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = createHash('sha256')
  for await (const chunk of content) {
    hash.update(chunk)
    yield chunk
  }
  await noteArrivals(db, [hash.digest('hex')])
}
