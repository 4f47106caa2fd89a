import { ArchiveProblem } from './archive-entry.ts'

/** A stream of chunks, read by counts of bytes. */
export interface ByteReader {
  /** Exactly so many bytes; null where the stream ends before the first. */
  take(count: number): Promise<Buffer | null>
  /** So many bytes in pieces as they come. */
  pieces(count: number): AsyncGenerator<Buffer, void, undefined>
}

/** Throws ArchiveProblem where the stream ends amid what was asked for. */
export function byteReader(chunks: AsyncIterable<Uint8Array>): ByteReader {
  const iterator = chunks[Symbol.asyncIterator]()
  let rest: Buffer = Buffer.alloc(0)

  async function next(count: number): Promise<Buffer | null> {
    while (rest.length === 0) {
      const { done, value } = await iterator.next()
      if (done) return null
      rest = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    }
    const piece = rest.subarray(0, count)
    rest = rest.subarray(piece.length)
    return piece
  }

  async function* pieces(count: number): AsyncGenerator<Buffer, void, undefined> {
    for (let left = count; left > 0;) {
      const piece = await next(left)
      if (!piece) throw new ArchiveProblem('the archive was cut off')
      left -= piece.length
      yield piece
    }
  }

  return {
    async take(count) {
      const first = await next(count)
      if (!first || first.length === count) return first
      const parts = [first]
      for await (const piece of pieces(count - first.length)) parts.push(piece)
      return Buffer.concat(parts)
    },
    pieces,
  }
}
