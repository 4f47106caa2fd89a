import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ServerRefused, type ServerClient } from '../reach-server.ts'
import { exists, linesIn, originalPath } from './archive-folder.ts'
import { ArchiveTrouble, StreamCut } from './read-stream.ts'

export interface Original {
  hash: string
  size_bytes: number
}

/** Fetched at once. */
const originalsAtOnce = 4

/** An original that the rows name is gone: its object was deleted after they were read. */
export class OriginalGone extends ArchiveTrouble {
  override readonly name = 'OriginalGone'
}

/**
 * The originals of a list that are not in the archive yet, each checked against its name. Throws `OriginalGone`,
 * `StreamCut`.
 */
export async function fetchOriginals(
  server: ServerClient,
  folder: string,
  listPath: string,
  signal: AbortSignal,
  onOriginal: () => void,
): Promise<void> {
  for await (const lines of linesIn(listPath)) {
    const waiting = lines.map((line) => JSON.parse(line) as Original)
    const work = async () => {
      for (let one = waiting.shift(); one; one = waiting.shift()) {
        signal.throwIfAborted()
        await fetchOne(server, folder, one.hash)
        onOriginal()
      }
    }
    await Promise.all(Array.from({ length: originalsAtOnce }, work))
  }
}

async function fetchOne(server: ServerClient, folder: string, hash: string): Promise<void> {
  const path = originalPath(folder, hash)
  if (await exists(path)) return
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const response = await server
    .send('GET', `/v1/dump/originals/${hash}`)
    .catch((error: unknown) => {
      if (!(error instanceof ServerRefused) || error.status !== 404) throw error
      throw new OriginalGone('An original was deleted while it was dumped.')
    })
  const digest = createHash('sha256')
  await pipeline(
    Readable.fromWeb(response.body ?? new ReadableStream()),
    async function* (chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        digest.update(chunk)
        yield chunk
      }
    },
    createWriteStream(`${path}.part`, { mode: 0o600, flush: true }),
  ).catch((cause: unknown) => {
    throw new StreamCut('The connection ended before an original was whole.', { cause })
  })
  if (digest.digest('hex') !== hash)
    throw new StreamCut(`The original ${hash} came as other bytes.`)
  await rename(`${path}.part`, path)
}
