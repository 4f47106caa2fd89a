import type { FileHandle } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { RandomAccessReader } from 'yauzl'

const chunkBytes = 64 << 10

/**
 * An open file for yauzl, which reads where the archive tells it to: places beyond the file end are an end of file
 * here, where its own reader would hand them to `fs.read`, which throws on numbers past 2^53.
 */
export class FileSlices extends RandomAccessReader {
  readonly #file: FileHandle
  readonly #sizeBytes: number

  constructor(file: FileHandle, sizeBytes: number) {
    super()
    this.#file = file
    this.#sizeBytes = sizeBytes
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    if (!(position >= 0) || position + length > this.#sizeBytes) {
      setImmediate(callback, new Error('unexpected end of the archive'))
      return
    }
    this.#readAll(buffer.subarray(offset, offset + length), position).then(
      () => setImmediate(report, callback, length),
      (error: Error) => setImmediate(callback, error),
    )
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from(this.#chunks(start, end), { objectMode: false })
  }

  /** The opener closes the file. */
  override close(callback: (error: Error | null) => void): void {
    setImmediate(callback, null)
  }

  async *#chunks(start: number, end: number): AsyncGenerator<Buffer, void, undefined> {
    for (let at = start; at < end; at += chunkBytes) {
      const chunk = Buffer.alloc(Math.min(chunkBytes, end - at))
      await this.#readAll(chunk, at)
      yield chunk
    }
  }

  async #readAll(into: Buffer, position: number): Promise<void> {
    for (let done = 0; done < into.length;) {
      const { bytesRead } = await this.#file.read(into, done, into.length - done, position + done)
      if (bytesRead === 0) throw new Error('unexpected end of the archive')
      done += bytesRead
    }
  }
}

// yauzl reads how many bytes came from a second argument that its types do not name.
function report(callback: (error: Error | null, bytesRead?: number) => void, length: number): void {
  callback(null, length)
}
