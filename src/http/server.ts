import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { Logger } from '../ports/logger.ts'
import type { Api } from './api.ts'

export interface ServerOptions {
  api: Pick<Api, 'fetch'>
  host: string
  /** 0 takes a free one. */
  port: number
  log: Logger
  /** How long requests under way may go on once the server is closed. */
  drainTimeoutMs: number
  /** Longest wait for a request's headers. */
  headersTimeoutMs?: number
  /** An idle connection is kept so long; more than the 60 s of common proxies, so that they close first. */
  keepAliveTimeoutMs?: number
  /** A connection on which nothing moves for so long is cut. */
  socketTimeoutMs?: number
}

export interface RunningServer extends AsyncDisposable {
  url: string
  port: number
}

/** The address cannot be had: in use, or not ours. `message` says so in words for the one who started us. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
}

/**
 * Serves the API until it is disposed: then it takes no new connection, lets requests under way end, and cuts what is
 * left after `drainTimeoutMs`. Throws `ListenError` where it cannot listen.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { api, host, port, log, drainTimeoutMs } = options
  const listener = getRequestListener((request, env) => api.fetch(request, env), {
    hostname: host,
    errorHandler: refuseRequest,
  })
  const server = createServer({
    headersTimeout: options.headersTimeoutMs ?? 20_000,
    // Imports stream as long as they stream; `timeout` cuts the silent.
    requestTimeout: 0,
    keepAliveTimeout: options.keepAliveTimeoutMs ?? 65_000,
    noDelay: true,
  })
  server.timeout = options.socketTimeoutMs ?? 600_000
  let isDraining = false
  server.on('request', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    if (isDraining) outgoing.setHeader('Connection', 'close')
    listener(incoming, outgoing).catch((error: unknown) => {
      log.error({ err: error }, 'request listener failed')
      outgoing.destroy()
    })
  })
  server.on('clientError', refuseSocket)
  await listen(server, host, port)
  const address = server.address() as AddressInfo
  return {
    port: address.port,
    url: `http://${urlHost(host)}:${address.port}`,
    async [Symbol.asyncDispose]() {
      if (isDraining) return
      isDraining = true
      await close(server, drainTimeoutMs)
    },
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)))
    server.listen({ host, port }, () => {
      server.removeAllListeners('error')
      resolve()
    })
  })
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const at = `${urlHost(host)}:${port}`
  const sentences: Readonly<Record<string, string>> = {
    EADDRINUSE: `Another program listens on ${at}; stop it, or choose another port (NACRE_PORT, 0 for a free one).`,
    EACCES: `This user may not listen on ${at}; choose a port above 1023 (NACRE_PORT).`,
    EADDRNOTAVAIL: `${host} is not an address of this machine (NACRE_HOST).`,
    ENOTFOUND: `${host} is not a name of this machine (NACRE_HOST).`,
  }
  return new ListenError(
    sentences[error.code ?? ''] ?? `Cannot listen on ${at}: ${error.message}`,
    {
      cause: error,
    },
  )
}

/** `close()` ends idle connections by itself; busy ones end with their answer. */
async function close(server: Server, drainTimeoutMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  const timer = setTimeout(() => server.closeAllConnections(), drainTimeoutMs)
  await closed
  clearTimeout(timer)
}

/** An IPv6 address stands in brackets; what listens everywhere is reached on loopback. */
function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}

/** What is no request at all, e.g. a malformed Host: in the envelope of every other error. */
function refuseRequest(error: unknown): Response {
  const reason = error instanceof Error ? error.message : 'it cannot be read'
  return Response.json(envelope(400, `This is no HTTP request: ${reason}.`), { status: 400 })
}

const socketAnswers: Readonly<Record<string, [number, string, string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large', 'The headers are too large.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout', 'The request took too long to arrive.'],
}

function refuseSocket(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const [status, title, message] = socketAnswers[error.code ?? ''] ?? [
    400,
    'Bad Request',
    'This is no HTTP request.',
  ]
  const body = JSON.stringify(envelope(status, message))
  const head = `HTTP/1.1 ${status} ${title}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}`
  socket.end(`${head}\r\nConnection: close\r\n\r\n${body}`)
}

function envelope(status: number, message: string) {
  return { success: false, status, error: { message, type: 'BadRequestError', details: {} } }
}
