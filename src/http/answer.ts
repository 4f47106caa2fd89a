import type { Route } from './route.ts'

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
  headers.set('Content-Type', 'application/json')
  const text = request.method === 'HEAD' ? null : JSON.stringify(result ?? null)
  return new Response(text, { status: route.status, headers })
}

/** Whether the client has what the handler's ETag names (contract 1.2). */
function isUnchanged(request: Request, headers: Headers): boolean {
  const tag = headers.get('etag')
  const known = request.headers.get('if-none-match')
  if (tag === null || known === null) return false
  return known === '*' || known.split(',').some((one) => one.trim().replace(/^W\//, '') === tag)
}
