/** A line of a newline-delimited body: its text, or why it has none. Numbers begin at 1. */
export type Line = { number: number; text: string } | { number: number; reason: string }

/**
 * The lines of a stream of bytes, as many at a time as a chunk of it brings; whoever takes them holds the stream
 * back meanwhile. A line longer than `lineBytesMax` is passed over without being kept.
 */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
  lineBytesMax: number,
): AsyncGenerator<Line[], void, undefined> {
  let parts: Uint8Array[] = []
  let bytes = 0
  let number = 0

  function take(part: Uint8Array): void {
    bytes += part.length
    if (bytes > lineBytesMax) parts = []
    else if (part.length > 0) parts.push(part)
  }
  function finish(): Line {
    number += 1
    const line = bytes > lineBytesMax ? tooLong(number, lineBytesMax) : decoded(number, parts)
    parts = []
    bytes = 0
    return line
  }

  for await (const chunk of chunks) {
    const lines: Line[] = []
    let start = 0
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      take(chunk.subarray(start, end))
      lines.push(finish())
      start = end + 1
    }
    take(chunk.subarray(start))
    if (lines.length > 0) yield lines
  }
  if (bytes > 0) yield [finish()]
}

const newline = 10
const utf8 = new TextDecoder('utf-8', { fatal: true })

function decoded(number: number, parts: readonly Uint8Array[]): Line {
  const [only] = parts
  try {
    return { number, text: utf8.decode(parts.length === 1 && only ? only : Buffer.concat(parts)) }
  } catch {
    return { number, reason: 'is not UTF-8' }
  }
}

function tooLong(number: number, lineBytesMax: number): Line {
  return { number, reason: `is longer than ${lineBytesMax} bytes (NACRE_IMPORT_LINE_BYTES_MAX)` }
}
