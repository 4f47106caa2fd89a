import { connect, type Socket } from 'node:net'

const headEnd = Buffer.from('\r\n\r\n')

/** One kept-alive connection of HTTP/1.1 that asks as little of the machine as it can: what it costs the server lacks. */
export class Connection {
  readonly #socket: Socket
  #received: Buffer = Buffer.alloc(0)
  #waiting: PromiseWithResolvers<Answer> | null = null

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (part: Buffer) => this.#take(part))
    socket.on('error', (error) => this.#waiting?.reject(error))
    socket.on('close', () => this.#waiting?.reject(new Error('The server closed the connection')))
  }

  static async open(url: string): Promise<Connection> {
    const { hostname, port } = new URL(url)
    const socket = connect({ host: hostname, port: Number(port), noDelay: true })
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    return new Connection(socket)
  }

  /** Sends a whole request; one at a time. */
  send(request: Buffer): Promise<Answer> {
    this.#waiting = Promise.withResolvers<Answer>()
    this.#socket.write(request)
    return this.#waiting.promise
  }

  close(): void {
    this.#socket.destroy()
  }

  #take(part: Buffer): void {
    this.#received = this.#received.length === 0 ? part : Buffer.concat([this.#received, part])
    const head = this.#received.indexOf(headEnd)
    if (head < 0) return
    const text = this.#received.toString('latin1', 0, head)
    const length = /\r\ncontent-length: (\d+)/i.exec(text)?.[1]
    if (length === undefined) return this.#fail(`An answer without a length: ${text}`)
    const begin = head + headEnd.length
    if (this.#received.length < begin + Number(length)) return
    const body = this.#received.subarray(begin, begin + Number(length))
    this.#received = Buffer.alloc(0)
    this.#waiting?.resolve({ status: Number(text.slice(9, 12)), body })
  }

  #fail(reason: string): void {
    this.#waiting?.reject(new Error(reason))
    this.close()
  }
}

export interface Answer {
  status: number
  body: Buffer
}

/** The bytes of a POST. */
export function requestOf(
  path: string,
  headers: Readonly<Record<string, string>>,
  body: string,
): Buffer {
  const all = {
    host: 'localhost',
    ...headers,
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`)
}
