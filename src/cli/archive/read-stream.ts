import { linesOf } from '../../domain/documents/lines.ts'
import type { ServerClient } from '../reach-server.ts'

const lineBytesMax = 1 << 30

/** A stream that ended before it was whole; what came of it is true. */
export class StreamCut extends Error {
  override readonly name = 'StreamCut'
}

/**
 * Lines of a stream of the server's, without its last one, which says that it is whole. Throws `StreamCut` where that
 * is missing, with the server's reason if it told one.
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
    if (last.startsWith('{"error":')) throw new StreamCut(messageIn(last))
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

function messageIn(line: string): string {
  const { error } = JSON.parse(line) as { error: { message: string } }
  return error.message
}
