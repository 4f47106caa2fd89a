import type { Attempt } from './attacks.ts'

/** The attempt as it goes out. */
export function requestOf(attempt: Attempt, base: string): Request {
  const { route, key, namespace, body } = attempt
  const isSent = body !== undefined && route.method !== 'GET'
  return new Request(base + pathOf(attempt), {
    method: route.method,
    headers: {
      ...(key !== null && { authorization: `Bearer ${key}` }),
      'x-namespace': namespace,
      'x-request-id': 'isolation',
      ...(isSent && { 'content-type': 'application/json' }),
    },
    ...(isSent && { body: JSON.stringify(body) }),
  })
}

/** The route's path with the attempt's things in it, and its query. */
export function pathOf({ route, things, query = '' }: Attempt): string {
  return (
    route.path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(things[name] ?? 'x')) + query
  )
}
