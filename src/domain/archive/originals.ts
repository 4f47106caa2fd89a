import { createHash } from 'node:crypto'
import type { Ports } from '../../ports/ports.ts'
import { fail, invalid } from '../failure.ts'
import { openLoad } from './begin-load.ts'

/** The bytes of an original, opened when they are asked for. Throws `not_found`, `storage_unavailable`. */
export async function openOriginal(
  { blobs }: Pick<Ports, 'blobs'>,
  hash: string,
): Promise<() => AsyncIterable<Uint8Array>> {
  if (!(await blobs.has(hash))) throw absent(hash)
  return async function* () {
    const content = await blobs.open(hash)
    if (!content) throw absent(hash)
    yield* content
  }
}

/** Of these originals those that are not here yet. */
export async function missingOriginals(
  ports: Pick<Ports, 'db' | 'blobs'>,
  hashes: readonly string[],
): Promise<string[]> {
  await openLoad(ports)
  const missing: string[] = []
  for (const hash of hashes) if (!(await ports.blobs.has(hash))) missing.push(hash)
  return missing
}

/** Stores an original of an archive. Throws `request_invalid` where the bytes are others, with nothing kept. */
export async function loadOriginal(
  ports: Pick<Ports, 'db' | 'blobs'>,
  hash: string,
  content: AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<void> {
  await openLoad(ports)
  await ports.blobs.put(checked(content, hash), signal)
}

/** The store keeps nothing of a stream that fails at its end. */
async function* checked(
  content: AsyncIterable<Uint8Array>,
  hash: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  const digest = createHash('sha256')
  for await (const chunk of content) {
    digest.update(chunk)
    yield chunk
  }
  const found = digest.digest('hex')
  if (found !== hash) throw invalid(['body'], `has the SHA-256 ${found}, not ${hash}`, 'checksum')
}

function absent(hash: string) {
  return fail('not_found', { resource: 'original', id: hash })
}
