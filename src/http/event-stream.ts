/** Events as an answer, in the bytes of `text/event-stream`. */
export class EventStream {
  readonly body: ReadableStream<Uint8Array>

  constructor(body: ReadableStream<Uint8Array>) {
    this.body = body
  }
}

/** One event as it goes over the wire. */
export function eventBytes(event: object): Uint8Array {
  return Buffer.from(`data: ${JSON.stringify(event)}\n\n`)
}
