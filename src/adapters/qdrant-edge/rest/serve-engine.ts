import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { isFailure } from '../../../domain/failure.ts'
import type { Logger } from '../../../ports/logger.ts'
import { EngineRejection, type VectorEngine } from '../../../ports/vector-engine.ts'
import { RestRefusal, restRoutes } from './rest-routes.ts'

/** As a Qdrant server's own default. */
const bodyBytesMax = 32 << 20
const keepAliveMs = 65_000
/** What `GET /` says: the version whose words are spoken, and that it is we who speak them. */
const about = { title: 'nacre', version: '1.19.0' }

export interface ServedEngine extends AsyncDisposable {
  url: string
  /** Made anew at each start; sent as `api-key`. */
  apiKey: string
  /** Whether anybody with the key has called yet. */
  isUsed(): boolean
}

/**
 * Serves the engine of this process on loopback, so that other processes (a worker, a second API) reach
 * the shards that only one may own: they use the `qdrant-server` adapter (design 7). Disposing it ends
 * calls under way and leaves the engine open.
 */
export async function serveEngine(engine: VectorEngine, log: Logger): Promise<ServedEngine> {
  const apiKey = randomBytes(32).toString('hex')
  let isUsed = false
  const parts = { engine, apiKey, log, onCall: () => (isUsed = true) }
  const server = createServer((request, response) => void answer(parts, request, response))
  // Longer than clients keep theirs: a call never meets a connection that is just being closed.
  server.keepAliveTimeout = keepAliveMs
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('loopback gave no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    apiKey,
    isUsed: () => isUsed,
    [Symbol.asyncDispose]: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

interface Serving {
  engine: VectorEngine
  apiKey: string
  log: Logger
  /** Before anything is answered to who has the key. */
  onCall: () => void
}

async function answer(
  { engine, apiKey, log, onCall }: Serving,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const { method, url = '/', headers } = request
    if (!isSame(headers['api-key'], apiKey))
      throw new RestRefusal(401, 'The api-key is missing or wrong')
    onCall()
    if (url === '/') return send(response, 200, about)
    const { pathname } = new URL(url, 'http://loopback')
    for (const { method: own, pattern, handle } of restRoutes) {
      const match = own === method ? pattern.exec({ pathname }) : null
      if (match === null) continue
      const body = await readJson(request)
      const result = await handle({ engine, names: decoded(match.pathname.groups), body })
      return send(response, 200, { result, status: 'ok', time: 0 })
    }
    throw new RestRefusal(404, `${method} ${pathname} is not served here`)
  } catch (error) {
    const status = statusOf(error)
    if (status === 500) log.error({ err: error }, 'A call to the served engine failed.')
    send(response, status, { status: { error: sentenceOf(error) }, time: 0 })
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

async function readJson(request: IncomingMessage): Promise<object> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size > bodyBytesMax) throw new RestRefusal(413, `a body may have ${bodyBytesMax} bytes`)
    chunks.push(chunk)
  }
  if (size === 0) return {}
  try {
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString())
    if (typeof body === 'object' && body !== null) return body
  } catch (error) {
    throw new RestRefusal(400, `the body is no JSON: ${String(error)}`)
  }
  throw new RestRefusal(400, 'the body must be a JSON object')
}

function statusOf(error: unknown): number {
  if (error instanceof RestRefusal) return error.status
  if (error instanceof EngineRejection) return 400
  if (isFailure(error, 'engine_busy')) return 429
  if (isFailure(error, 'engine_unavailable')) return 503
  return 500
}

function sentenceOf(error: unknown): string {
  if (error instanceof EngineRejection) return error.reason
  return error instanceof Error ? error.message : String(error)
}

function decoded(groups: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(groups).map(([name, value = '']) => [name, decodeURIComponent(value)]),
  )
}

/** In a time that tells nothing of how much was right. */
function isSame(given: string | string[] | undefined, key: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return typeof given === 'string' && timingSafeEqual(digest(given), digest(key))
}
