import { EventStream } from './event-stream.ts'
import type { Route } from './route.ts'

/** Bytes as an answer, sent as they come; nothing is opened before they are asked for. */
export class Download {
  readonly contentType: string
  readonly filename: string
  /** Null where nobody knows before its end. */
  readonly sizeBytes: number | null
  readonly open: () => AsyncIterable<Uint8Array>

  constructor(given: Pick<Download, 'contentType' | 'filename' | 'sizeBytes' | 'open'>) {
    this.contentType = given.contentType
    this.filename = given.filename
    this.sizeBytes = given.sizeBytes
    this.open = given.open
  }
}

/** JSON that its handler has as text. */
export class JsonText {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** What a handler returned, as a Response: JSON, or nothing where the route has no answer (contract 2.1, 6-7). */
export function answerOf(
  route: Route,
  result: unknown,
  request: Request,
  headers: Headers,
): Response {
  if (route.response === null || route.status === 204) {
    return new Response(null, { status: route.status, headers })
  }
  if (isUnchanged(request, headers)) return new Response(null, { status: 304, headers })
  if (result instanceof Download) return downloadOf(result, route.status, request, headers)
  if (result instanceof EventStream) {
    headers.set('Content-Type', 'text/event-stream')
    return new Response(result.body, { status: route.status, headers })
  }
  headers.set('Content-Type', 'application/json')
  const text = result instanceof JsonText ? result.text : JSON.stringify(result ?? null)
  const body = request.method === 'HEAD' ? null : text
  return new Response(body, { status: route.status, headers })
}

function downloadOf(
  { contentType, filename, sizeBytes, open }: Download,
  status: number,
  request: Request,
  headers: Headers,
): Response {
  headers.set('Content-Type', contentType)
  headers.set('Content-Disposition', `attachment; filename="${filename}"`)
  if (sizeBytes !== null) headers.set('Content-Length', String(sizeBytes))
  const body = request.method === 'HEAD' ? null : ReadableStream.from(open())
  return new Response(body, { status, headers })
}

/** Whether the client has what the handler's ETag names (contract 1.2). */
function isUnchanged(request: Request, headers: Headers): boolean {
  const tag = headers.get('etag')
  const known = request.headers.get('if-none-match')
  if (tag === null || known === null) return false
  return known === '*' || known.split(',').some((one) => one.trim().replace(/^W\//, '') === tag)
}
