import { fail, isFailure } from '../domain/failure.ts'
import { KeyUse } from '../domain/organizations/key-use.ts'
import type { Ports } from '../ports/ports.ts'
import { dataFormat, version } from '../product.ts'
import { answerOf } from './answer.ts'
import { authorize, authorizeScope } from './auth.ts'
import { bodyStream, readJsonBody, type NodeBindings } from './body.ts'
import { failureOf, problemOf } from './errors.ts'
import { parseWith } from './faults.ts'
import { ignoredFields, ignoredFieldsHeader } from './ignored-fields.ts'
import { isUnstorable } from './json.ts'
import { namespaceOf } from './namespace-scope.ts'
import { growsData, type About, type CallContext, type Route } from './route.ts'
import { createRouter, type RouteMatch } from './router.ts'

/** The whole HTTP edge as a fetch handler: the server, the embedded mode and the tests share it. */
export interface Api extends AsyncDisposable {
  /** `env` is the Node server's bindings, where there is one. Never rejects. */
  fetch(request: Request, env?: unknown): Promise<Response>
}

/** One request under way. */
interface Exchange {
  request: Request
  env: NodeBindings | undefined
  requestId: string
  headers: Headers
  /** For the log; null until the route is known. */
  route: Route | null
  error: unknown
}

/** Turns the list of routes into a fetch handler. Disposing it writes what it still holds of keys' last use. */
export function createApi(
  routes: readonly Route[],
  ports: Ports,
  options: Partial<Omit<About, 'routes'>> = {},
): Api {
  const router = createRouter(routes)
  const about: About = { version, dataFormat, startedAt: ports.now(), ...options, routes }
  const keyUse = new KeyUse(ports)

  async function call(exchange: Exchange): Promise<Response> {
    const { request } = exchange
    const url = new URL(request.url)
    const match = router.match(request.method, url.pathname)
    if (match === null) {
      exchange.headers.set('Allow', router.allowed(url.pathname).join(', '))
      return new Response(null, { status: 204, headers: exchange.headers })
    }
    exchange.route = match.route
    return await withinTime(ports, exchange, (signal) => handle(exchange, match, url, signal))
  }

  async function handle(
    exchange: Exchange,
    { route, params, namespace: named }: RouteMatch,
    url: URL,
    signal: AbortSignal,
  ): Promise<Response> {
    const { request, env, headers } = exchange
    refuseUnstorable('path', named === null ? params : { ...params, namespace_id: named })
    const principal = await authorize(ports, route, request.headers)
    if (principal.keyId !== '') keyUse.note(principal.keyId)
    if (growsData(route)) await ports.room.assertRoom()
    const namespace =
      route.scope === 'namespace'
        ? await namespaceOf(ports, principal, request.headers, named)
        : null
    authorizeScope(principal, route, params, namespace)
    const context: CallContext = {
      ports,
      principal,
      about,
      requestId: exchange.requestId,
      signal,
      headers: request.headers,
      stream: route.bodyKind === 'json' ? nothing : bodyStream(request, env),
      setHeader: (name, value) => headers.set(name, value),
    }
    const given = {
      params: route.params ? parseWith(route.params, params, 'path') : undefined,
      query: route.query ? parseWith(route.query, queryOf(url), 'query') : undefined,
      body: await bodyOf(ports, route, exchange),
    }
    const call: never = { ...context, ...given, namespace } as never
    return answerOf(route, await route.handle(call), request, headers)
  }

  return {
    async fetch(request, env) {
      const startedAt = performance.now()
      const exchange = newExchange(ports, request, env as NodeBindings | undefined)
      const response = await call(exchange).catch(async (error: unknown) =>
        refuse(exchange, error, await shortageBehind(ports, error)),
      )
      report(ports, exchange, response.status, performance.now() - startedAt)
      return response
    },
    [Symbol.asyncDispose]: () => keyUse[Symbol.asyncDispose](),
  }
}

const nothing: AsyncIterable<Uint8Array> = { [Symbol.asyncIterator]: async function* () {} }

function newExchange(ports: Ports, request: Request, env: NodeBindings | undefined): Exchange {
  const given = request.headers.get('x-request-id')
  // What we log and send back must be harmless in a header, a log line and a URL.
  const isUsable = given !== null && /^[\w.:@/+=-]{1,128}$/.test(given)
  const requestId = isUsable ? given : ports.newId('req')
  return {
    request,
    env,
    requestId,
    headers: new Headers({ 'X-Request-Id': requestId }),
    route: null,
    error: null,
  }
}

/** Undefined where the route takes no body, so that one which clients send anyway is not even read. */
async function bodyOf(
  ports: Ports,
  route: Route,
  { request, env, headers }: Exchange,
): Promise<unknown> {
  if (route.bodyKind !== 'json' || !route.body) return undefined
  const { bodySizeBytesMax: sizeBytesMax, jsonDepthMax: depthMax } = ports.config
  const given = (await readJsonBody(request, env, { sizeBytesMax, depthMax })) ?? undefined
  const body = given === undefined && !route.bodyRequired ? {} : given
  const parsed: unknown = parseWith(route.body, body, 'body')
  const ignored = ignoredFields(route.body, body)
  if (ignored !== null) headers.set(ignoredFieldsHeader, ignored)
  return parsed
}

/** A parameter given twice is a list; an empty one is as absent. */
function queryOf(url: URL): Record<string, unknown> {
  if (url.search === '') return {}
  const query: Record<string, string | string[]> = Object.create(null)
  for (const [name, value] of url.searchParams) {
    if (value === '') continue
    const before = query[name]
    query[name] = before === undefined ? value : [before, value].flat()
  }
  refuseUnstorable('query', query)
  return { ...query }
}

function refuseUnstorable(part: string, values: Readonly<Record<string, string | string[]>>): void {
  const faults = Object.entries(values)
    .filter(([name, value]) => isUnstorable(name) || [value].flat().some(isUnstorable))
    .map(([name]) => ({
      location: [part, name],
      message: `${name} holds U+0000 or half a surrogate pair, which no name has`,
      type: 'invalid_character',
    }))
  if (faults.length > 0) throw fail('request_invalid', { faults })
}

/**
 * Runs the call with a signal that says when its client has gone or its time is up; then the answer is a 503 while
 * the work is told to stop. Bodies that stream take as long as they take.
 */
async function withinTime(
  ports: Ports,
  { request, route }: Exchange,
  work: (signal: AbortSignal) => Promise<Response>,
): Promise<Response> {
  if (route?.bodyKind !== 'json') return await work(request.signal)
  const limitMs = ports.config.requestTimeoutMs
  const controller = new AbortController()
  const leave = () => controller.abort(request.signal.reason)
  request.signal.addEventListener('abort', leave)
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    const failure = fail('request_timeout', { limitMs })
    late.reject(failure)
    controller.abort(failure)
  }, limitMs)
  try {
    return await Promise.race([work(controller.signal), late.promise])
  } finally {
    clearTimeout(timer)
    request.signal.removeEventListener('abort', leave)
  }
}

/** An engine that does not answer, or a database, is on a full disk more often than not: then that is said as well. */
async function shortageBehind(ports: Ports, error: unknown): Promise<string | null> {
  if (!isFailure(error) || error.kind !== 'unavailable' || isFailure(error, 'disk_unavailable'))
    return null
  return await ports.room.assertRoom().then(
    () => null,
    (reason: unknown) => (reason instanceof Error ? reason.message : String(reason)),
  )
}

function refuse(exchange: Exchange, error: unknown, hint: string | null): Response {
  exchange.error = error
  const { status, headers, body } = problemOf(error, exchange.requestId)
  if (hint !== null) body.error.details['hint'] = hint
  for (const [name, value] of Object.entries(headers)) exchange.headers.set(name, value)
  exchange.headers.set('Content-Type', 'application/json')
  const text = exchange.request.method === 'HEAD' ? null : JSON.stringify(body)
  return new Response(text, { status, headers: exchange.headers })
}

/** One line a request; the whole error where it is ours or an engine's. */
function report(ports: Ports, exchange: Exchange, status: number, ms: number): void {
  const { request, route, requestId, error } = exchange
  ports.metrics.count('http_requests', { status: `${Math.floor(status / 100)}xx` })
  const failure = error === null ? null : failureOf(error)
  const line = {
    method: request.method,
    route: route?.path ?? null,
    status,
    ms: Math.round(ms * 100) / 100,
    request_id: requestId,
    ...(failure && { failure: failure.code }),
  }
  // A client that has gone makes whatever was under way fail: no fault of ours.
  const isOurs = status >= 500 && !request.signal.aborted
  if (isOurs && !isFailure(error, 'request_timeout'))
    ports.log.error({ ...line, err: error }, 'request failed')
  else if (status >= 500) ports.log.warn(line, 'request failed')
  else ports.log.info(line, 'request')
}
