import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { addKey } from '../../test/support/asked.ts'
import { startTestServer, type Answer, type TestServer } from '../../test/support/server.ts'
import { createRouter } from './router.ts'
import { routes } from './routes.ts'

test('every operation answers at its own path, whatever stands beside it', () => {
  const router = createRouter(routes)
  for (const route of routes) {
    const match = router.match(route.method, route.path.replace(/\{\w+\}/g, 'an%2Fid'))
    assert.equal(match?.route, route)
    assert.equal(match?.namespace, null)
  }
})

test('every operation of a namespace also answers below /v1/namespaces/{namespace_id}', () => {
  const router = createRouter(routes)
  for (const route of routes.filter(({ scope }) => scope === 'namespace')) {
    const within = route.path.slice('/v1'.length).replace(/\{\w+\}/g, 'an%2Fid')

    const match = router.match(route.method, `/v1/namespaces/my%20films${within}`)

    assert.equal(match?.route, route)
    assert.equal(match?.namespace, 'my films')
    const names = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
    assert.deepEqual(match?.params, Object.fromEntries(names.map((name) => [name, 'an/id'])))
  }
})

test('a path that names a namespace as its own resource is not taken over', () => {
  const router = createRouter(routes)

  for (const path of ['/v1/namespaces/films/extractors', '/v1/namespaces/films']) {
    const match = router.match('GET', path)
    assert.equal(match?.route.scope, 'organization', path)
    assert.equal(match?.namespace, null, path)
  }
})

describe('a namespace in the path', () => {
  let server: TestServer
  let id: string

  before(async () => {
    server = await startTestServer()
    const made = await server.call('POST', '/v1/namespaces', { namespace_name: 'films' })
    id = made.namespace_id
    await server.call('POST', '/v1/namespaces', { namespace_name: 'books' })
    await server.call('POST', '/v1/namespaces/films/buckets', { name: 'plots' })
  })
  after(() => server[Symbol.asyncDispose]())

  test('is found by id and by name, and only holds what is its own', async () => {
    for (const name of [id, 'films']) {
      const { bucket_name: found } = await server.call(
        'GET',
        `/v1/namespaces/${name}/buckets/plots`,
      )
      assert.equal(found, 'plots')
    }
    assert.equal((await server.fetch('/v1/namespaces/books/buckets/plots')).status, 404)
  })

  test('that is not there is a 404, and one with U+0000 a 422 that says where', async () => {
    const absent = await server.fetch('/v1/namespaces/music/buckets/plots')
    assert.equal(absent.status, 404)
    const { details } = (await json(absent)).error
    assert.deepEqual([details.resource, details.id], ['namespace', 'music'])
    const unstorable = await server.fetch('/v1/namespaces/a%00/buckets/plots')
    assert.equal(unstorable.status, 422)
    assert.deepEqual((await json(unstorable)).detail[0].loc, ['path', 'namespace_id'])
  })

  test('may be repeated in X-Namespace, by id or name; another one there is a 400 that names both', async () => {
    for (const name of [id, 'films']) {
      const headers = { 'x-namespace': name }
      await server.call('GET', '/v1/namespaces/films/buckets/plots', undefined, headers)
    }
    const other = await server.fetch('/v1/namespaces/films/buckets/plots', {
      headers: { 'x-namespace': 'books' },
    })
    assert.equal(other.status, 400)
    assert.match((await json(other)).error.message, /'films'.*'books'/)
  })

  test('is held to the permissions and scopes of the key', async () => {
    const reader = await addKey(server, 'read')
    const bound = await boundKey('books')
    const ask = async (method: string, path: string, key: string) =>
      (await server.fetch(path, { method, headers: { authorization: `Bearer ${key}` } })).status

    assert.equal(await ask('GET', '/v1/namespaces/films/buckets/plots', reader), 200)
    assert.equal(await ask('DELETE', '/v1/namespaces/films/buckets/plots', reader), 403)
    assert.equal(await ask('GET', '/v1/namespaces/films/buckets/plots', bound), 403)
    assert.equal(await ask('POST', '/v1/namespaces/books/buckets/list', bound), 200)
  })

  async function boundKey(namespace: string): Promise<string> {
    const { results } = await server.call('GET', '/v1/organizations/users')
    const path = `/v1/organizations/users/${encodeURIComponent(results[0].email)}/api-keys`
    const scopes = [{ resource_type: 'namespace', resource_id: namespace }]
    const made = await server.call('POST', path, { name: 'bound', permissions: ['read'], scopes })
    return made.key
  }
})

async function json(response: Response): Promise<Answer> {
  return await response.json()
}
