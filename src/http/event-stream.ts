/** Events as an answer (`text/event-stream`), each sent as it comes. */
export class EventStream {
  readonly #events: ReadableStream<object>

  constructor(events: ReadableStream<object>) {
    this.#events = events
  }

  /** The bytes; where nobody reads on, the source is told. */
  body(): ReadableStream<Uint8Array> {
    const encoder = new TextEncoder()
    return this.#events.pipeThrough(
      new TransformStream({
        transform: (event, sink) =>
          sink.enqueue(encoder.encode(`data: ${JSON.stringify(event)}\n\n`)),
      }),
    )
  }
}
