import { RegExpRouter } from 'hono/router/reg-exp-router'
import { SmartRouter } from 'hono/router/smart-router'
import { TrieRouter } from 'hono/router/trie-router'
import { fail, invalid } from '../domain/failure.ts'
import type { Route } from './route.ts'

export interface RouteMatch {
  route: Route
  /** Percent-decoded. */
  params: Record<string, string>
  /** The namespace that the path itself names; null where the header says which. */
  namespace: string | null
}

export interface Router {
  /**
   * The route for a method and an encoded path; HEAD is answered as GET. Null for OPTIONS on a path that exists.
   * Throws `route_not_found`, and `method_not_allowed` naming what the path takes.
   */
  match(method: string, path: string): RouteMatch | null
  /** What an `Allow` header says of the path; empty where there is no such path. */
  allowed(path: string): string[]
}

/** All routes of one path: `{a}` and `{b}` in the same place are the same path. */
interface Place {
  methods: Map<string, Entry>
}

interface Entry {
  route: Route
  /** What the path's parameters are called, in their order. */
  names: readonly string[]
  /** The first of them is the namespace, in place of the header. */
  isNamespaced: boolean
}

/**
 * Static segments win over parameters, wherever they stand in the list (contract 1.1). What `X-Namespace` scopes also
 * answers below `/v1/namespaces/{namespace_id}`, as the tutorials write it (contract 24).
 */
export function createRouter(routes: readonly Route[]): Router {
  const router = new SmartRouter<Place>({ routers: [new RegExpRouter(), new TrieRouter()] })
  for (const [pattern, place] of placesOf(routes)) router.add('ALL', pattern, place)
  return {
    match: (method, path) => matchRoute(router, routes, method, path),
    allowed: (path) => allowedAt(findPlace(router, trimSlashes(path))?.place),
  }
}

type PlaceRouter = SmartRouter<Place>

function matchRoute(
  router: PlaceRouter,
  routes: readonly Route[],
  method: string,
  path: string,
): RouteMatch | null {
  const found = findPlace(router, trimSlashes(path))
  if (!found) throw fail('route_not_found', { method, path, hint: hintFor(router, routes, path) })
  if (method === 'OPTIONS') return null
  const { place, values } = found
  const entry = place.methods.get(method === 'HEAD' ? 'GET' : method)
  if (!entry) throw fail('method_not_allowed', { method, path, allowed: allowedAt(place) })
  const params = decodeParams(entry.names, values)
  if (!entry.isNamespaced) return { route: entry.route, params, namespace: null }
  const { [namespaceParameter]: namespace = null, ...rest } = params
  return { route: entry.route, params: rest, namespace }
}

function findPlace(router: PlaceRouter, path: string): { place: Place; values: string[] } | null {
  const [matches, stash] = router.match('GET', path)
  const first = matches[0]
  if (!first) return null
  const [place, params] = first
  // In the order of the path; an index points into what the pattern caught.
  const values = Object.keys(params).map((_, i) => {
    const value = params[`p${i + 1}`] ?? ''
    return typeof value === 'number' ? (stash?.[value] ?? '') : value
  })
  return { place, values }
}

const namespaceParameter = 'namespace_id'

function placesOf(routes: readonly Route[]): [string, Place][] {
  const places = new Map<string, Place>()
  for (const route of routes) {
    if (!addPlace(places, route, route.path, false))
      throw new Error(`Two routes for ${route.method} ${route.path}`)
  }
  for (const route of routes.filter(({ scope }) => scope === 'namespace')) {
    // A route of its own has such a path before any alias.
    addPlace(places, route, `/v1/namespaces/{${namespaceParameter}}${route.path.slice(3)}`, true)
  }
  return [...places].sort(([a], [b]) => compareSegments(a.split('/'), b.split('/')))
}

/** False where the path and the method are taken. */
function addPlace(
  places: Map<string, Place>,
  route: Route,
  path: string,
  isNamespaced: boolean,
): boolean {
  const names: string[] = []
  const pattern = trimSlashes(path).replace(/\{(\w+)\}/g, (_, name: string) => {
    names.push(name)
    return `:p${names.length}`
  })
  const place = places.get(pattern) ?? { methods: new Map<string, Entry>() }
  if (place.methods.has(route.method)) return false
  places.set(pattern, place)
  place.methods.set(route.method, { route, names, isNamespaced })
  return true
}

/**
 * At the first differing segment the static one comes first: the router takes the first that fits. A total order, for
 * a sort goes wrong where "neither comes first" is not transitive.
 */
function compareSegments(a: string[], b: string[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const [x = '', y = ''] = [a[i], b[i]]
    if (x === y) continue
    const isDynamic = Number(x.startsWith(':')) - Number(y.startsWith(':'))
    return isDynamic || (x < y ? -1 : 1)
  }
  return a.length - b.length
}

function allowedAt(place: Place | undefined): string[] {
  if (!place) return []
  const methods = [...place.methods.keys()]
  return [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS']
}

/** After routing, so that `/`, `@`, `:` and spaces may stand in a name (contract 1.1). */
function decodeParams(names: readonly string[], values: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name, i) => [name, decode(name, values[i] ?? '')]))
}

function decode(name: string, value: string): string {
  if (!value.includes('%')) return value
  try {
    return decodeURIComponent(value)
  } catch {
    throw invalid(
      ['path', name],
      `${name} is not valid percent-encoding of UTF-8`,
      'invalid_format',
    )
  }
}

function hintFor(router: PlaceRouter, routes: readonly Route[], path: string): string | undefined {
  if (path.startsWith('/v1/v1/')) return `The base URL has /v1 already: use ${path.slice(3)}.`
  if (path.startsWith('/v1/') || path === '/v1') return undefined
  const withVersion = `/v1${trimSlashes(path)}`
  if (findPlace(router, withVersion)) return `Every path begins with /v1: use ${withVersion}.`
  const start = routes.some((r) => r.path === '/v1/health') ? ' Start with GET /v1/health.' : ''
  return `Every path begins with /v1.${start}`
}

/** `/v1/buckets/` is `/v1/buckets`, without a redirect: clients loop on one (contract 1.1). */
function trimSlashes(path: string): string {
  let end = path.length
  while (end > 1 && path.charCodeAt(end - 1) === 47) end--
  return end === path.length ? path : path.slice(0, end)
}
