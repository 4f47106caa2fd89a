import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { openApiDocument } from '../../src/http/openapi.ts'
import type { Route } from '../../src/http/route.ts'
import { routes } from '../../src/http/routes.ts'
import { bodies } from '../isolation/bodies.ts'
import { startTestServer, type Answer, type TestServer } from '../support/server.ts'
import { addOrganization, furnish, furnishPlugin, type Things } from '../support/tenant.ts'

// What one part refuses is tested beside it (src/http/api.test.ts, src/domain/*); here every route is asked.
let server: TestServer
let ours: Things
let theirs: Things
let theirKey: string

before(async () => {
  server = await startTestServer({ NACRE_BODY_BYTES_MAX: '65536' })
  ours = await withPlugin(server.call)
  theirKey = await addOrganization(server.ports)
  theirs = await withPlugin((method, path, body, headers) =>
    server.call(method, path, body, { ...headers, authorization: `Bearer ${theirKey}` }),
  )
})
after(async () => {
  await server[Symbol.asyncDispose]()
})

async function withPlugin(call: TestServer['call']): Promise<Things> {
  const things = await furnish(call)
  const { plugin_id } = await furnishPlugin(call, things.namespace_id)
  return { ...things, plugin_id }
}

const guarded = routes.filter(({ access }) => access !== 'public')
const takingJson = routes.filter(({ bodyKind, body }) => bodyKind === 'json' && body)
const documented = openApiDocument(routes)['paths'] as Record<
  string,
  Record<string, { requestBody?: Answer; responses: Record<string, unknown> }>
>

describe('every route that needs a key', () => {
  for (const [what, headers] of [
    ['without one', { authorization: '' }],
    ['with an unknown one', { authorization: 'Bearer sk_unknown_0123456789abcdef' }],
  ] as const) {
    test(`is 401 ${what}, whatever it is sent`, async () => {
      for (const route of guarded) {
        const answer = await send(route, { body: '{', headers })

        assert.equal(answer.status, 401, answer.what)
        assert.equal(answer.error.type, 'UnauthorizedError', answer.what)
      }
    })
  }
})

describe('what belongs to another organization', () => {
  test('is not found by any route, in the same words as what does not exist, and stays as it is', async () => {
    const before = await census(theirs, theirKey)
    // An archive is of the whole server, and `ours` is its operator's organization (test/isolation asks as another).
    for (const route of guarded.filter(({ tag }) => tag !== 'archive')) {
      for (const name of parametersOf(route)) {
        const theirId = String(theirs[name])
        const absentId = `${theirId.slice(0, -4)}0000`
        const foreign = await send(route, { things: { ...ours, [name]: theirId } })
        const absent = await send(route, { things: { ...ours, [name]: absentId } })

        // To stop a task that is not there is no fault (contract 19).
        const isStop = route.method === 'DELETE' && name === 'task_id'
        assert.equal(foreign.status, isStop ? 200 : 404, `${foreign.what} ${name}`)
        assert.equal(foreign.text, absent.text.replaceAll(absentId, theirId), foreign.what)
      }
    }
    assert.deepEqual(await census(theirs, theirKey), before)
  })

  test('is not found through its namespace either, by id or name', async () => {
    for (const route of routes.filter(({ scope }) => scope === 'namespace')) {
      for (const identifier of [theirs.namespace_id, theirs.namespace_name]) {
        const answer = await send(route, { headers: { 'x-namespace': identifier } })

        assert.equal(answer.status, 404, answer.what)
        assert.deepEqual(answer.error.details.resource, 'namespace', answer.what)
        assert.equal(answer.error.details.id, identifier)
      }
    }
  })
})

describe('every route that takes JSON', () => {
  for (const [what, body, contentType, status, said] of [
    ['what is no JSON', '{"a": 1,,}', 'application/json', 400, /line 1, column 9/],
    ['another content type', '{"a": 1}', 'text/plain', 415, /text\/plain.*application\/json/],
    ['too much', `"${'x'.repeat(65_536)}"`, 'application/json', 413, /NACRE_BODY_BYTES_MAX/],
    [
      'a number that would be rounded',
      '{"a": [9007199254740993]}',
      'application/json',
      422,
      /a\.0/,
    ],
  ] as const) {
    test(`is ${status} for ${what}, and changes nothing`, async () => {
      const before = await census(ours)
      for (const route of takingJson) {
        const answer = await send(route, { body, headers: { 'content-type': contentType } })

        assert.equal(answer.status, status, answer.what)
        assert.match(answer.error.message, said, answer.what)
      }
      assert.deepEqual(await census(ours), before)
    })
  }

  test('says of a value of the wrong kind where it stands, in a status that the document lists', async () => {
    const junk = [7, true, 'x', '', [], [null], {}, { a: { b: [] } }, '__proto__', 2 ** 53 - 1]
    for (const route of takingJson) {
      // What a route may change or delete is made for it alone.
      const things = route.access === 'read' ? ours : await furnish(server.call)
      const { requestBody, responses } = documented[route.path]?.[route.method.toLowerCase()] ?? {}
      const { properties = {} } = requestBody.content['application/json'].schema
      const bodies = Object.keys(properties).flatMap((name) =>
        junk.map((value) => ({ [name]: value })),
      )
      for (const body of [...junk, ...bodies]) {
        const answer = await send(route, { things, body: JSON.stringify(body) })

        if (answer.status < 400) continue
        const what = `${answer.what} ${JSON.stringify(body)}: ${JSON.stringify(answer.error)}`
        assert.ok(answer.status < 500 && responses?.[answer.status], what)
        if (answer.status !== 422) continue
        const parts = answer.error.details.validation_errors.map((e: Answer) => e.location[0])
        assert.ok(parts.length > 0, what)
        assert.ok(
          parts.every((part: string) => ['body', 'query', 'path', 'header'].includes(part)),
          what,
        )
      }
    }
  })
})

describe('what the server keeps for itself', () => {
  const forgeries = [
    { _internal: { origin: 'extracted' } },
    { '_internal.lineage': { root_object_id: 'obj_forged' } },
    { _internal: { collection_id: 'col_forged' }, title: 'Changed' },
  ]
  const object = '/v1/buckets/{bucket_identifier}/objects'
  const document = '/v1/collections/{collection_identifier}/documents'
  const any = { field: 'year', operator: 'exists', value: true }
  const ways: [Route['method'], string, (fields: object) => unknown, string][] = [
    ['POST', object, (fields) => fields, 'body'],
    ['PATCH', `${object}/{object_identifier}`, (fields) => fields, 'body'],
    ['PUT', `${object}/{object_identifier}`, (fields) => fields, 'body'],
    ['POST', document, (fields) => fields, 'body'],
    ['PATCH', `${document}/{document_id}`, (fields) => fields, 'body'],
    ['PUT', `${document}/{document_id}`, (fields) => fields, 'body'],
    ['PATCH', '/v1/documents/{document_id}', (fields) => fields, 'body'],
    ['PUT', '/v1/documents/{document_id}', (fields) => fields, 'body'],
    ['PATCH', `${document}/bulk`, (fields) => ({ update_data: fields }), 'body.update_data'],
    [
      'POST',
      `${document}/batch`,
      (fields) => ({ filters: any, update_data: fields }),
      'body.update_data',
    ],
  ]
  for (const [method, path, bodyOf, place] of ways) {
    test(`${method} ${path}: a forged _internal is 422 at its place, and nothing is written`, async () => {
      const route = routes.find((one) => one.method === method && one.path === path)
      assert.ok(route)
      const before = await census(ours)
      for (const forged of forgeries) {
        const answer = await send(route, { body: JSON.stringify(bodyOf(forged)) })

        assert.equal(answer.status, 422, JSON.stringify(answer.error))
        const [fault] = answer.error.details.validation_errors
        assert.equal(fault.location.join('.'), `${place}.${Object.keys(forged)[0]}`)
      }
      assert.deepEqual(await census(ours), before)
    })
  }
})

test('an import tells the line and the reason of what is forged, rounded or broken, and writes the rest', async () => {
  const { documents } = await census(ours)
  const lines = [
    '{"title": "Good"}',
    '{"title": "Forged", "_internal": {"origin": "extracted"}}',
    '{"title": "Rounded", "at": {"deep": [1, 9007199254740993]}}',
    '{"title": "Broken"',
    '["title"]',
  ]

  const path = `/v1/collections/${ours['collection_identifier']}/documents/import`
  const response = await server.fetch(path, {
    method: 'POST',
    headers: { 'x-namespace': ours.namespace_id, 'content-type': 'application/x-ndjson' },
    body: lines.join('\n'),
  })
  const { received, written, failed, errors }: Answer = await response.json()

  assert.equal(response.status, 200)
  assert.deepEqual({ received, written, failed }, { received: 5, written: 1, failed: 4 })
  const [forged, rounded, broken, list] = errors
  assert.equal(forged.line, 2)
  assert.match(forged.reason, /_internal.*system's own/)
  assert.equal(rounded.line, 3)
  assert.match(rounded.reason, /at\.deep\.1: .*9007199254740993/)
  assert.equal(broken.line, 4)
  assert.match(broken.reason, /is not JSON \(column 19\)/)
  assert.equal(list.line, 5)
  assert.equal((await census(ours)).documents, documents + 1)
})

describe('a URL where data is due', () => {
  const blob = { property: 'content', type: 'text', data: 'https://example.com/plot.txt' }
  const object = '/v1/buckets/{bucket_identifier}/objects'
  for (const [method, path, body] of [
    ['POST', object, { blobs: [blob] }],
    ['POST', object, { content: 'https://example.com/plot.txt' }],
    ['PATCH', `${object}/{object_identifier}`, { blobs: [blob] }],
    ['PUT', `${object}/{object_identifier}`, { blobs: [blob] }],
  ] as const) {
    test(`${method} ${path} with ${JSON.stringify(body)} is 403 NotEnabledError, nothing stored`, async () => {
      const route = routes.find((one) => one.method === method && one.path === path)
      assert.ok(route)
      const before = await census(ours)

      const answer = await send(route, { body: JSON.stringify(body) })

      assert.equal(answer.status, 403, JSON.stringify(answer.error))
      assert.equal(answer.error.type, 'NotEnabledError')
      assert.match(answer.error.details.hint, /base64/)
      assert.deepEqual(await census(ours), before)
    })
  }
})

test('a batch of objects keeps what is right and tells of the rest by index, kind and reason', async () => {
  const before = await census(ours)
  const objects = [
    { content: 'A storm comes.' },
    { content: 'https://example.com/plot.txt' },
    { content: 'Forged.', _internal: { lineage: {} } },
    { content: 'Undated.', year: 'last year' },
  ]

  const path = `/v1/buckets/${ours['bucket_identifier']}/objects/batch`
  const headers = { 'x-namespace': ours.namespace_id }
  const { succeeded_count, failed } = await server.call('POST', path, { objects }, headers)

  assert.equal(succeeded_count, 1)
  const told = failed.map((one: Answer) => [one.object_index, one.error_type])
  assert.deepEqual(told, [
    [1, 'NotEnabledError'],
    [2, 'ValidationError'],
    [3, 'ValidationError'],
  ])
  assert.match(failed[1].error, /_internal/)
  assert.match(failed[2].error, /year.*'last year'/)
  assert.equal((await census(ours)).objects, before.objects + 1)
})

interface Sent {
  things?: Things
  body?: string
  headers?: Record<string, string>
}

/** A request to the route with the things in its path; what it answered, and what it was. */
async function send(route: Route, { things = ours, body, headers }: Sent) {
  const path = route.path.replace(/\{(\w+)\}/g, (_, name) =>
    encodeURIComponent(things[name] ?? 'x'),
  )
  const text = body ?? (route.bodyRequired ? exampleOf(route) : undefined)
  const response = await server.fetch(path, {
    method: route.method,
    headers: {
      'x-namespace': things.namespace_id,
      ...(text !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(text !== undefined && route.method !== 'GET' && { body: text }),
  })
  const answer: Answer = await response.json().catch(() => null)
  const what = `${route.method} ${route.path}`
  return { status: response.status, error: answer?.error, text: withoutRequestId(answer), what }
}

/** A body that a route does not refuse before it has looked for what its path names. */
function exampleOf({ operationId }: Route): string {
  const [bodyOf] = bodies[operationId] ?? []
  return JSON.stringify(bodyOf ? bodyOf(ours) : { description: 'x' })
}

/** The parameters that name something of one organization; a user or key of another has no id of its own to try. */
function parametersOf({ path }: Route): string[] {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
  // A tier has a number, which is the same everywhere.
  return names.filter((name) => name in ours && name !== 'tier_num')
}

function withoutRequestId(answer: Answer): string {
  return JSON.stringify(answer, (key, value) => (key === 'request_id' ? undefined : value)) ?? ''
}

/** How much there is of each noun, and how the one thing of it looks. */
async function census(things: Things, key: string = server.key) {
  const call = (method: string, path: string, body?: unknown) =>
    server.call(method, path, body, {
      'x-namespace': things.namespace_id,
      authorization: `Bearer ${key}`,
    })
  const { bucket_identifier: bucket, collection_identifier: collection } = things
  const total = async (path: string) =>
    (await call('POST', `${path}?include_total=true&limit=1`, {})).pagination.total
  return {
    namespaces: await total('/v1/namespaces/list'),
    buckets: await total('/v1/buckets/list'),
    objects: await total(`/v1/buckets/${bucket}/objects/list`),
    batches: await total(`/v1/buckets/${bucket}/batches/list`),
    collections: await total('/v1/collections/list'),
    retrievers: await total('/v1/retrievers/list'),
    documents: await total(`/v1/collections/${collection}/documents/list`),
    object: await call('GET', `/v1/buckets/${bucket}/objects/${things['object_identifier']}`),
    document: await call('GET', `/v1/documents/${things['document_id']}`),
    namespace: await call('GET', `/v1/namespaces/${things.namespace_id}`),
  }
}
