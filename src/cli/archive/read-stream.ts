import { linesOf } from '../../domain/documents/lines.ts'
import { fail } from '../../domain/failure.ts'
import type { ServerClient } from '../reach-server.ts'

const lineBytesMax = 1 << 30

/** What a dump or a load met and could not get over; no bug of ours. */
export class ArchiveTrouble extends Error {
  override readonly name: string = 'ArchiveTrouble'
}

/** A stream that ended before it was whole; what came of it is true. */
export class StreamCut extends ArchiveTrouble {
  override readonly name = 'StreamCut'
}

/**
 * Lines of a stream of the server's, without its last one, which says that it is whole. Throws `StreamCut` where that
 * is missing, and `conflict` where the server told that as the reason.
 */
export async function* readStream(
  server: ServerClient,
  method: 'GET' | 'POST',
  path: string,
  signal: AbortSignal,
): AsyncGenerator<string[], void, undefined> {
  const response = await server.send(method, path)
  if (!response.body) throw new StreamCut('The server answered nothing.')
  let isWhole = false
  for await (const lines of linesOf(heard(response.body), lineBytesMax)) {
    signal.throwIfAborted()
    const texts = lines.map((line) => ('text' in line ? line.text : cut(line.reason)))
    const last = texts.at(-1) ?? ''
    if (last.startsWith('{"error":')) throw errorIn(last)
    isWhole = last === '{"end":{}}'
    yield isWhole ? texts.slice(0, -1) : texts
  }
  if (!isWhole) throw new StreamCut('The stream ended before it was whole.')
}

/** Of a line `{"<tag>":…}` what stands there, as it was written; null for another tag. */
export function tagged(line: string, tag: string): string | null {
  const head = `{"${tag}":`
  return line.startsWith(head) ? line.slice(head.length, -1) : null
}

async function* heard(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body
  } catch (cause) {
    throw new StreamCut('The connection ended before the stream was whole.', { cause })
  }
}

function cut(reason: string): never {
  throw new StreamCut(`A line ${reason}.`)
}

/** What the server met on its way; a conflict is none that passes by itself. */
function errorIn(line: string): Error {
  const { error } = JSON.parse(line) as { error: { message: string; type: string } }
  const { message, type } = error
  return type === 'ConflictError' ? fail('conflict', { reason: message }) : new StreamCut(message)
}
