import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import { openMetrics } from '../../adapters/prom-metrics/open-metrics.ts'
import { z } from 'zod'
import { openTestDatabase } from '../../../test/support/database.ts'
import { silentLogger } from '../../../test/support/silent-logger.ts'
import { readConfig } from '../../config.ts'
import { ensureFirstKey } from '../../domain/organizations/ensure-first-key.ts'
import type { Ports } from '../../ports/ports.ts'
import { openRowCache } from '../../store/cache.ts'
import { createApi } from '../api.ts'
import { route } from '../route.ts'
import { apiKeyRoutes } from './api-keys.ts'
import { organizationRoutes } from './organizations.ts'
import { userRoutes } from './users.ts'
import type { Answer } from '../../../test/support/server.ts'

const whichNamespace = route({
  operationId: 'whichNamespace',
  method: 'GET',
  path: '/v1/which/{bucket_identifier}',
  summary: 'Names its namespace',
  tag: 'test',
  access: 'read',
  scope: 'namespace',
  response: z.object({ id: z.string() }),
  failures: [],
  handle: async ({ namespace }) => ({ id: namespace.id }),
})

/** The routes of this noun on a real database, with the first key. */
async function open(now: () => Date = () => new Date()) {
  await using stack = new AsyncDisposableStack()
  const { db, url } = stack.use(await openTestDatabase())
  const cache = stack.use(await openRowCache(url, { entriesMax: 100, log: silentLogger }))
  const newId = (prefix: string) => `${prefix}_${randomBytes(10).toString('hex')}`
  const config = readConfig({})
  const ports = {
    db,
    cache,
    log: silentLogger,
    metrics: openMetrics(),
    now,
    newId,
    config,
  } as unknown as Ports
  const key = await ensureFirstKey(ports, { adminKey: null })
  assert.ok(key)
  const routes = [...organizationRoutes, ...userRoutes, ...apiKeyRoutes, whichNamespace]
  const api = stack.use(createApi(routes, ports))
  const call = async (
    method: string,
    path: string,
    body?: unknown,
    init: { key?: string; headers?: object } = {},
  ) => {
    const headers = {
      authorization: `Bearer ${init.key ?? key}`,
      'content-type': 'application/json',
      ...init.headers,
    }
    const request = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) }
    const response = await api.fetch(new Request(`http://test${path}`, request))
    return { status: response.status, body: (await response.json()) as Answer }
  }
  const owned = stack.move()
  return { ports, api, key, call, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

const admin = '/v1/organizations/users/admin%40localhost'

describe('ensureFirstKey()', () => {
  test('makes one organization, admin and key, however many processes start at once', async () => {
    await using database = await openTestDatabase()
    await using cache = await openRowCache(database.url, { entriesMax: 10, log: silentLogger })
    const newId = (prefix: string) => `${prefix}_${randomBytes(10).toString('hex')}`
    const ports = { db: database.db, cache, now: () => new Date(), newId } as unknown as Ports

    const made = await Promise.all(
      Array.from({ length: 6 }, () => ensureFirstKey(ports, { adminKey: null })),
    )

    assert.equal(made.filter((key) => key !== null).length, 1)
    const keys = await database.db.selectFrom('api_keys').select('id').execute()
    assert.equal(keys.length, 1)
  })

  test('takes a given key, and another given later replaces it at once', async () => {
    await using bench = await open()

    assert.equal(await ensureFirstKey(bench.ports, { adminKey: 'sk_given_0123456789' }), null)

    assert.equal((await bench.call('GET', '/v1/organizations')).status, 401)
    assert.equal(
      (await bench.call('GET', '/v1/organizations', undefined, { key: 'sk_given_0123456789' }))
        .status,
      200,
    )
    assert.equal(await ensureFirstKey(bench.ports, { adminKey: null }), null)
  })
})

describe('a key', () => {
  test('is refused in one sentence where it is unknown, missing or malformed', async () => {
    await using bench = await open()

    for (const authorization of [
      '',
      'Bearer sk_unknown_000000000',
      'Basic abc',
      'Bearer ',
      'Bearer pk_x',
    ]) {
      const { status, body } = await bench.call('GET', '/v1/organizations', undefined, {
        headers: { authorization },
      })
      assert.equal(status, 401, authorization)
      assert.equal(body.error.type, 'UnauthorizedError')
    }
  })

  test('sent twice in joined lines counts once: the first', async () => {
    await using bench = await open()
    const authorization = `Bearer ${bench.key}, Bearer sk_other_00000000000`

    const { status } = await bench.call('GET', '/v1/organizations', undefined, {
      headers: { authorization },
    })

    assert.equal(status, 200)
  })

  test('reaches what its strongest permission reaches, and no further', async () => {
    await using bench = await open()
    const made = await bench.call('POST', `${admin}/api-keys`, {
      name: 'reader',
      permissions: ['read'],
    })
    const { key } = made.body

    assert.equal((await bench.call('GET', '/v1/organizations', undefined, { key })).status, 200)
    const refused = await bench.call('PATCH', '/v1/organizations', {}, { key })
    assert.equal(refused.status, 403)
    assert.equal(refused.body.error.details.needed, 'admin')
  })

  test('stops to work when it expires, is revoked, or its user is suspended', async () => {
    let now = new Date('2026-06-01T00:00:00Z')
    await using bench = await open(() => now)
    await bench.call('POST', '/v1/organizations/users', { email: 'A@b.co', user_name: 'Ann' })
    const user = '/v1/organizations/users/a%40b.co'
    const expires_at = '2026-06-02T00:00:00+00:00'
    const { key } = (await bench.call('POST', `${user}/api-keys`, { name: 'one', expires_at })).body
    const status = async () =>
      (await bench.call('GET', '/v1/organizations', undefined, { key })).status
    assert.equal(await status(), 200)

    now = new Date('2026-06-02T00:00:00Z')
    assert.equal(await status(), 401)
    assert.equal((await bench.call('GET', `${user}/api-keys`)).body.results[0].status, 'expired')
    await bench.call('PATCH', `${user}/api-keys/one`, { expires_at: null })
    assert.equal(await status(), 200)

    await bench.call('PATCH', user, { status: 'suspended' })
    assert.equal(await status(), 401)
    await bench.call('PATCH', user, { status: 'active' })
    assert.equal(await status(), 200)

    await bench.call('DELETE', `${user}/api-keys/one`)
    assert.equal(await status(), 401)
  })

  test('is remembered as used, in a batch', async () => {
    await using bench = await open()
    await bench.call('GET', '/v1/organizations')

    await bench.api[Symbol.asyncDispose]()

    const row = await bench.ports.db
      .selectFrom('api_keys')
      .select('last_used_at')
      .executeTakeFirstOrThrow()
    assert.ok(row.last_used_at)
  })

  test('bound to a resource reaches that resource only', async () => {
    await using bench = await open()
    await insertNamespace(bench.ports, 'ns_a', 'films')
    const scopes = [{ resource_type: 'bucket', resource_id: 'bkt_*', operations: ['read_data'] }]
    const { key } = (await bench.call('POST', `${admin}/api-keys`, { name: 'bound', scopes })).body

    assert.equal((await bench.call('GET', '/v1/which/bkt_1', undefined, { key })).status, 200)
    assert.equal((await bench.call('GET', '/v1/which/other', undefined, { key })).status, 403)
    assert.equal((await bench.call('GET', '/v1/organizations', undefined, { key })).status, 403)
  })
})

describe('X-Namespace', () => {
  test('is by id or name, of this organization only, and may be missing where there is one', async () => {
    await using bench = await open()
    const which = (headers: object = {}) => bench.call('GET', '/v1/which/x', undefined, { headers })
    const none = await which()
    assert.equal(none.status, 400)
    assert.equal(none.body.error.details.header, 'X-Namespace')

    await insertNamespace(bench.ports, 'ns_a', 'films')
    assert.equal((await which()).body.id, 'ns_a')
    await insertNamespace(bench.ports, 'ns_b', 'songs')
    assert.equal((await which()).status, 400)
    assert.equal((await which({ 'x-namespace': 'songs' })).body.id, 'ns_b')
    assert.equal((await which({ 'x-namespace-id': 'ns_a' })).body.id, 'ns_a')
    const absent = await which({ 'x-namespace': 'ns_c' })
    assert.equal(absent.status, 404)
    assert.deepEqual(absent.body.error.details.resource, 'namespace')
  })
})

describe('PATCH /v1/organizations', () => {
  test('200: changes what is given; metadata is replaced, rate limits are merged', async () => {
    await using bench = await open()
    await bench.call('PATCH', '/v1/organizations', {
      metadata: { a: 1 },
      rate_limits: { search: 99 },
    })

    const { status, body } = await bench.call('PATCH', '/v1/organizations', {
      organization_name: 'Films',
      metadata: { b: 2 },
      rate_limits: { data: 5 },
    })

    assert.equal(status, 200)
    assert.equal(body.organization_name, 'Films')
    assert.deepEqual(body.metadata, { b: 2 })
    assert.deepEqual(body.rate_limits, {
      metadata: 10,
      data: 5,
      search: 99,
      upload: 10,
      compute: 10,
    })
    assert.equal('internal_id' in body, false)
  })
})

describe('users', () => {
  test('are made, listed, changed and deleted by e-mail, in whatever case', async () => {
    await using bench = await open()
    const made = await bench.call('POST', '/v1/organizations/users', {
      email: 'Ann@B.co',
      user_name: 'Ann',
    })
    assert.equal(made.status, 200)
    assert.equal(made.body.user.email, 'ann@b.co')

    assert.equal(
      (await bench.call('POST', '/v1/organizations/users', { email: 'ann@b.co', user_name: 'An' }))
        .status,
      409,
    )
    const patched = await bench.call('PATCH', '/v1/organizations/users/ANN%40b.co', {
      role: 'viewer',
    })
    assert.equal(patched.body.role, 'viewer')
    const list = await bench.call('GET', '/v1/organizations/users?limit=1&skip=1')
    assert.equal(list.body.total, 2)
    assert.equal(list.body.results[0].email, 'ann@b.co')
    assert.equal((await bench.call('GET', '/v1/organizations/users?role=viewer')).body.total, 1)
    assert.equal(
      (await bench.call('DELETE', '/v1/organizations/users/ann%40b.co')).body.success,
      true,
    )
    assert.equal((await bench.call('GET', '/v1/organizations/users/ann%40b.co')).status, 404)
  })

  test('admin@localhost can be neither suspended nor deleted', async () => {
    await using bench = await open()

    assert.equal((await bench.call('PATCH', admin, { status: 'suspended' })).status, 403)
    assert.equal((await bench.call('DELETE', admin)).status, 403)
  })
})

describe('api keys', () => {
  test('a key is shown once, listed with its prefix only, and its hash is SHA-256', async () => {
    await using bench = await open()
    const { status, body } = await bench.call('POST', `${admin}/api-keys`, {
      name: 'one',
      description: 'first',
    })

    assert.equal(status, 200)
    assert.match(body.key, /^sk_/)
    assert.equal(body.key_prefix, `${body.key.slice(0, 10)}...`)
    assert.match(body.key_hash, /^[0-9a-f]{64}$/)
    const list = await bench.call('GET', `${admin}/api-keys`)
    assert.deepEqual(list.body.results.map((k: { name: string }) => k.name).toSorted(), [
      'admin-key',
      'one',
    ])
    assert.equal(JSON.stringify(list.body).includes(body.key), false)
  })

  test('a name is taken once; a revoked key gives it up', async () => {
    await using bench = await open()
    await bench.call('POST', `${admin}/api-keys`, { name: 'one' })
    assert.equal((await bench.call('POST', `${admin}/api-keys`, { name: 'one' })).status, 409)

    await bench.call('DELETE', `${admin}/api-keys/one`)

    assert.equal((await bench.call('POST', `${admin}/api-keys`, { name: 'one' })).status, 200)
    const all = await bench.call('GET', `${admin}/api-keys?include_revoked=true`)
    assert.equal(all.body.total, 3)
  })

  test('a rotated key answers to its new secret only', async () => {
    await using bench = await open()
    const before = (await bench.call('POST', `${admin}/api-keys`, { name: 'a b/c' })).body.key
    const after = (await bench.call('POST', `${admin}/api-keys/a%20b%2Fc/rotate`)).body.key

    assert.equal(
      (await bench.call('GET', '/v1/organizations', undefined, { key: before })).status,
      401,
    )
    assert.equal(
      (await bench.call('GET', '/v1/organizations', undefined, { key: after })).status,
      200,
    )
  })

  test('admin-key can be neither changed nor revoked nor rotated, and no other key takes its name', async () => {
    await using bench = await open()

    assert.equal(
      (await bench.call('PATCH', `${admin}/api-keys/admin-key`, { name: 'x' })).status,
      403,
    )
    assert.equal((await bench.call('DELETE', `${admin}/api-keys/admin-key`)).status, 403)
    assert.equal((await bench.call('POST', `${admin}/api-keys/admin-key/rotate`)).status, 403)
    assert.equal((await bench.call('POST', `${admin}/api-keys`, { name: 'admin-key' })).status, 403)
  })

  test('422 names what is wrong of a new key', async () => {
    await using bench = await open()

    const { status, body } = await bench.call('POST', `${admin}/api-keys`, {
      permissions: ['wirte'],
      expires_at: '2026-02-31',
    })

    assert.equal(status, 422)
    const at = body.error.details.validation_errors.map((e: { location: unknown[] }) =>
      e.location.join('.'),
    )
    assert.deepEqual(at, ['body.name', 'body.permissions.0', 'body.expires_at'])
    assert.match(body.error.message, /did you mean 'write'/)
  })
})

async function insertNamespace({ db, cache }: Ports, id: string, name: string): Promise<void> {
  const { id: organization_id } = await db
    .selectFrom('organizations')
    .select('id')
    .executeTakeFirstOrThrow()
  await db
    .insertInto('namespaces')
    .values({
      id,
      organization_id,
      name,
      description: null,
      namespace_type: 'standard',
      state: 'ready',
      generation: 1,
      feature_extractors: '[]',
      vectors: '{}',
      embedding: '{}',
      auto_create_indexes: false,
      infrastructure: '{}',
      expires_at: null,
      created_at: new Date(),
      updated_at: new Date(),
    })
    .execute()
  cache.forget('namespaces')
}
