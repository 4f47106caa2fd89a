import { openApiDocument } from '../../src/http/openapi.ts'
import type { Route } from '../../src/http/route.ts'
import { routes } from '../../src/http/routes.ts'
import { bodies, reaching } from './bodies.ts'
import { secret, type Tenant, type Things, type World } from './tenants.ts'

/** One request as an attacker sends it. */
export interface Attempt {
  route: Route
  /** Null: without a key. */
  key: string | null
  /** Of X-Namespace. */
  namespace: string
  things: Things
  body?: unknown
  query?: string
}

export interface Trial {
  attempt: Attempt
  /** Statuses that tell nothing. */
  expected: readonly number[]
  /** The same with an id that nobody has, which must be answered in the same words. */
  absent?: { attempt: Attempt; foreignId: string; absentId: string }
  /** That nothing may be found. */
  isEmpty?: boolean
}

/** One column of the matrix. */
export interface Attack {
  name: string
  trials: (route: Route, world: World) => Trial[]
}

const anyOk = [200, 201, 202, 204]
const anyRefusal = [400, 403, 404, 409, 415, 422]

export const attacks: readonly Attack[] = [
  {
    name: 'no key',
    trials: (route, { victim }) => [
      {
        attempt: { ...asOwner(route, victim), key: null },
        expected: route.access === 'public' ? [...anyOk, ...anyRefusal] : [401],
      },
    ],
  },
  {
    name: 'unknown key',
    trials: (route, { victim }) =>
      guarded(route, [
        {
          attempt: { ...asOwner(route, victim), key: 'sk_unknown_0123456789abcdef' },
          expected: [401],
        },
      ]),
  },
  {
    name: 'expired, revoked, rotated or suspended key',
    trials: (route, { victim, dead }) =>
      guarded(
        route,
        Object.values(dead).map((key) => ({
          attempt: { ...asOwner(route, victim), key },
          expected: [401],
        })),
      ),
  },
  {
    name: 'weak key',
    trials: (route, { victim, weak }) =>
      weakerThan(route).map((permission) => ({
        attempt: { ...asOwner(route, victim), key: weak[permission] },
        expected: [403],
      })),
  },
  {
    name: 'key bound to another namespace',
    trials: (route, { victim, bound }) =>
      guarded(route, [{ attempt: { ...asOwner(route, victim), key: bound }, expected: [403] }]),
  },
  {
    name: 'foreign key',
    trials: (route, { victim, attacker }) =>
      guarded(route, [
        {
          attempt: { ...asOwner(route, victim), key: attacker.key },
          expected:
            namesThings(route) || isOfServer(route)
              ? pathStatuses(route, 'task_id')
              : [...anyOk, ...anyRefusal],
        },
      ]),
  },
  {
    name: 'foreign namespace header',
    trials: (route, { victim, attacker }) =>
      route.scope === 'organization'
        ? []
        : ['namespace_id', 'namespace_name'].map((name) => ({
            attempt: { ...asOwner(route, attacker), namespace: victim.things[name] ?? '' },
            expected: [404],
          })),
  },
  {
    name: 'foreign id in path',
    trials: (route, { victim, attacker }) =>
      parametersOf(route).flatMap((name) => swapped(route, attacker, victim, name, pathStatuses)),
  },
  {
    name: "id of the organization's other namespace in path",
    trials: (route, { victim, sibling }) =>
      parametersOf(route)
        .filter((name) => inNamespace.has(name) && route.tag !== 'archive')
        .flatMap((name) => swapped(route, sibling, victim, name, pathStatuses)),
  },
  // Before the bodies, which make documents of the attacker's own that name the victim's things.
  {
    name: 'foreign id in filter',
    trials: (route, { victim, attacker }) =>
      takesFilters(route) ? filtered(route, attacker, victim) : [],
  },
  {
    name: 'foreign id in body',
    trials: (route, { victim, attacker }) => inBody(route, attacker, victim),
  },
  {
    name: "id of the organization's other namespace in body",
    trials: (route, { victim, sibling }) => inBody(route, sibling, victim, inNamespace),
  },
]

/** What one namespace has and another must not reach. */
const inNamespace: ReadonlySet<string> = new Set([
  'bucket_identifier',
  'object_identifier',
  'object_id',
  'batch_id',
  'collection_identifier',
  'collection_id',
  'document_id',
  'retriever_id',
  'execution_id',
  'plugin_id',
  'decision_id',
])

function guarded(route: Route, trials: Trial[]): Trial[] {
  return route.access === 'public' ? [] : trials
}

function asOwner(route: Route, { key, things }: Tenant, body = bodies[route.operationId]?.[0]) {
  const namespace = things['namespace_id'] ?? ''
  return { route, key, namespace, things, ...(body && { body: body(things) }) }
}

function weakerThan({ access }: Route): (keyof World['weak'])[] {
  if (access === 'public' || access === 'read') return []
  if (access === 'write') return ['read']
  return access === 'delete' ? ['read', 'write'] : ['read', 'write', 'delete']
}

export function parametersOf({ path }: Route): string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
}

/** What tells of every organization, or fills the server. */
function isOfServer({ tag, operationId }: Route): boolean {
  return tag === 'archive' || operationId === 'getMetrics'
}

function namesThings(route: Route): boolean {
  return route.scope === 'namespace' || parametersOf(route).length > 0
}

/** A foreign id in a path is as absent; to stop a task that is not there is no fault (contract 19). */
function pathStatuses(route: Route, name: string): readonly number[] {
  if (route.access === 'public') return anyRefusal
  // Only the organization that operates the server may; a malformed name may be refused before.
  if (isOfServer(route)) return [403, 422]
  return route.operationId === 'killTask' && name === 'task_id' ? [200] : [404]
}

/** The caller's own request with one name in it of the victim's, for each body; beside one with a name of nobody's. */
function swapped(
  route: Route,
  caller: Tenant,
  victim: Tenant,
  name: string,
  statusesOf: (route: Route, name: string) => readonly number[],
  body = bodies[route.operationId]?.[0],
): Trial[] {
  const foreignId = victim.things[name]
  if (foreignId === undefined || foreignId === caller.things[name]) return []
  const absentId = absentLike(foreignId)
  const made = (id: string): Attempt => ({
    ...asOwner(route, { ...caller, things: { ...caller.things, [name]: id } }, body),
    namespace: caller.things['namespace_id'] ?? '',
  })
  const absent = { attempt: made(absentId), foreignId, absentId }
  return [{ attempt: made(foreignId), expected: statusesOf(route, name), absent }]
}

/** Of the same form, as plugins' ids end with a version. */
function absentLike(id: string): string {
  return id.replace(/.{4}(?=(?:_\d+_\d+_\d+)?$)/, '0000')
}

function inBody(
  route: Route,
  caller: Tenant,
  victim: Tenant,
  among?: ReadonlySet<string>,
): Trial[] {
  const inPath = parametersOf(route)
  return (bodies[route.operationId] ?? []).flatMap((body) =>
    Object.keys(caller.things)
      .filter((name) => !inPath.includes(name) && (!among || among.has(name)))
      .filter((name) => JSON.stringify(body({ [name]: '\u0001' })).includes('\\u0001'))
      .flatMap((name) =>
        swapped(route, caller, victim, name, () => [...anyOk, ...anyRefusal], body),
      ),
  )
}

const document = openApiDocument(routes)['paths'] as Record<string, Record<string, object>>

function takesFilters(route: Route): boolean {
  return bodyText(route).includes('"filters":')
}

/** Whether the body has fields that are called by an id: new operations must be tried with a foreign one. */
export function namesIdsInBody(route: Route): boolean {
  return /"\w+_(?:ids?|identifiers?)":/.test(bodyText(route))
}

function bodyText({ path, method }: Route): string {
  const operation = document[path]?.[method.toLowerCase()] ?? {}
  return JSON.stringify(Reflect.get(operation, 'requestBody') ?? {})
}

/** Asked for what is the victim's by each field, and for all that is not the caller's. */
function filtered(route: Route, caller: Tenant, victim: Tenant): Trial[] {
  const plain = asOwner(route, caller)
  const isWrite = route.access !== 'read'
  return reaching.flatMap(([field, thing]) => {
    const value = thing === 'word' ? secret : (victim.things[thing] ?? secret)
    const own = caller.things[thing] ?? 'attackers'
    const filters = [
      { field, operator: 'eq', value },
      { AND: [{ NOT: [{ field, operator: 'eq', value: own }] }] },
    ]
    return filters.slice(0, isWrite ? 1 : 2).map((one, i) => ({
      attempt: {
        ...plain,
        body: {
          ...(plain.body as object),
          document_ids: undefined,
          updates: undefined,
          update_data: isWrite ? { seen: true } : undefined,
          filters: one,
        },
      },
      expected: [200, 400, 422],
      isEmpty: i === 0,
    }))
  })
}
