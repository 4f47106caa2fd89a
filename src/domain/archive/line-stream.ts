import { isFailure } from '../failure.ts'

/** Tells lines, each a JSON document; returns when the reader has taken those before them. */
export type Tell = (lines: readonly string[]) => Promise<void>

/**
 * What `produce` tells, as bytes of newline-delimited JSON. It runs by itself, at the reader's pace; where the reader
 * goes, `tell` throws, and so does everything that listens to the signal. Its error ends the stream.
 */
export function lineStream(
  produce: (tell: Tell, signal: AbortSignal) => Promise<void>,
): AsyncIterableIterator<Uint8Array> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const writer = writable.getWriter()
  const gone = new AbortController()
  writer.closed.catch((error: unknown) => gone.abort(error))
  const tell: Tell = async (lines) => {
    if (lines.length === 0) return
    await writer.write(Buffer.from(`${lines.join('\n')}\n`))
  }
  void produce(tell, gone.signal)
    .catch(async (error: unknown) => {
      // What was begun cannot be answered otherwise any more: its last line says why it is not whole.
      if (!isFailure(error)) throw error
      await tell([JSON.stringify({ error: { message: error.message, type: error.type } })])
    })
    .then(() => writer.close())
    // The reader hears of it; one that has gone has no use for it.
    .catch((error: unknown) => writer.abort(error).catch(() => {}))
  return readable.values()
}

/**
 * A stream whose first bytes are there: what fails before them is thrown here, while an answer can still say so.
 */
export async function begunStream(
  produce: (tell: Tell, signal: AbortSignal) => Promise<void>,
): Promise<AsyncIterable<Uint8Array>> {
  const begun = Promise.withResolvers<never>()
  // Heard below, or the stream has told it.
  begun.promise.catch(() => {})
  let isBegun = false
  const stream = lineStream(async (tell, signal) => {
    const telling: Tell = async (lines) => {
      isBegun = true
      await tell(lines)
    }
    await produce(telling, signal).catch((error: unknown) => {
      if (!isBegun) begun.reject(error)
      throw error
    })
  })
  const first = await Promise.race([stream.next(), begun.promise])
  return (async function* () {
    if (first.done !== true) yield first.value
    yield* stream
  })()
}
