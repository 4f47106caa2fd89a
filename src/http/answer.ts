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
  headers.set('Content-Type', 'application/json')
  const text = request.method === 'HEAD' ? null : JSON.stringify(result ?? null)
  return new Response(text, { status: route.status, headers })
}
