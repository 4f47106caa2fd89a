import { Agent, request } from 'node:http'

/** A lean client on kept-alive connections: what it costs is part of every HTTP figure. */
export class HttpClient {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 8 })
  readonly #url: URL
  readonly #headers: Record<string, string>

  constructor(url: string, headers: Record<string, string>) {
    this.#url = new URL(url)
    this.#headers = headers
  }

  within(namespaceId: string): HttpClient {
    return new HttpClient(this.#url.href, { ...this.#headers, 'x-namespace': namespaceId })
  }

  /** The parsed answer; throws where the status is not 2xx. */
  async call(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
    return JSON.parse(await this.send(method, path, body === undefined ? '' : JSON.stringify(body)))
  }

  /** As `call`, for a body that is ready or comes in pieces; the answer unparsed. */
  async send(
    method: string,
    path: string,
    body: string | AsyncIterable<string>,
    type = 'application/json',
  ): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const length = typeof body === 'string' ? { 'content-length': Buffer.byteLength(body) } : {}
    const outgoing = request(
      {
        host: this.#url.hostname,
        port: this.#url.port,
        agent: this.#agent,
        method,
        path,
        headers: { ...this.#headers, 'content-type': type, ...length },
      },
      (incoming) => {
        let text = ''
        incoming.setEncoding('utf8')
        incoming.on('data', (part: string) => (text += part))
        incoming.on('error', reject)
        incoming.on('end', () => {
          const status = incoming.statusCode ?? 0
          if (status >= 200 && status < 300) resolve(text)
          else reject(new Error(`${method} ${path}: ${status} ${text}`))
        })
      },
    )
    outgoing.on('error', reject)
    if (typeof body === 'string') outgoing.end(body)
    else await this.#stream(outgoing, body)
    return await promise
  }

  async #stream(outgoing: ReturnType<typeof request>, body: AsyncIterable<string>): Promise<void> {
    for await (const part of body) {
      if (outgoing.write(part)) continue
      const { promise, resolve } = Promise.withResolvers<void>()
      outgoing.once('drain', resolve)
      await promise
    }
    outgoing.end()
  }

  close(): void {
    this.#agent.destroy()
  }
}
