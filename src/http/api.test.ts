import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMetrics } from '../adapters/prom-metrics/open-metrics.ts'
import { z } from 'zod'
import { readConfig } from '../config.ts'
import { fail } from '../domain/failure.ts'
import { boundless } from '../ports/disk-room.ts'
import type { Ports } from '../ports/ports.ts'
import { createApi } from './api.ts'
import { route, type Route } from './route.ts'
import type { Answer } from '../../test/support/server.ts'

interface Line {
  level: string
  fields: Record<string, unknown>
}

/** Only what public routes touch; a real API over it. */
function bench(routes: readonly Route[], env: Record<string, string> = {}) {
  const lines: Line[] = []
  const write = (level: string) => (fields: object) =>
    void lines.push({ level, fields: { ...fields } })
  const log = {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
  }
  const ports = {
    config: readConfig(env),
    log,
    metrics: openMetrics(),
    now: () => new Date(),
    newId: (prefix: string) => `${prefix}_1`,
    room: boundless,
  }
  const api = createApi(routes, ports as unknown as Ports)
  const send = (method: string, path: string, init: RequestInit = {}) =>
    api.fetch(new Request(`http://test${path}`, { method, ...init }))
  return { send, lines }
}

async function json(response: Response): Promise<Answer> {
  return await response.json()
}

const anything = z.unknown()
function echo(
  method: Route['method'],
  path: `/v1/${string}`,
  more: { body?: z.ZodType; bodyRequired?: boolean } = {},
) {
  return route({
    operationId: `${method} ${path}`,
    method,
    path,
    summary: 'Says what it was given',
    tag: 'test',
    access: 'public',
    params: z.record(z.string(), z.string()),
    query: z.record(z.string(), z.unknown()),
    body: more.body ?? z.looseObject({}),
    bodyRequired: more.bodyRequired ?? false,
    response: anything,
    failures: [],
    handle: async ({ params, query, body }) => ({ path, params, query, body }),
  })
}
const anyBody = { body: anything, bodyRequired: true }
const asJson = (body: string) => ({ body, headers: { 'content-type': 'application/json' } })

test('a static segment wins over a parameter, wherever it stands in the list', async () => {
  const { send } = bench([
    echo('POST', '/v1/buckets/{bucket_identifier}'),
    echo('GET', '/v1/buckets/{id}/objects/{object_id}'),
    echo('POST', '/v1/buckets/list'),
    echo('GET', '/v1/buckets/{id}/objects/list'),
  ])

  assert.equal((await json(await send('POST', '/v1/buckets/list'))).path, '/v1/buckets/list')
  assert.deepEqual((await json(await send('POST', '/v1/buckets/lists'))).params, {
    bucket_identifier: 'lists',
  })
  assert.equal(
    (await json(await send('GET', '/v1/buckets/a/objects/list'))).path,
    '/v1/buckets/{id}/objects/list',
  )
  assert.deepEqual((await json(await send('GET', '/v1/buckets/a/objects/b'))).params, {
    id: 'a',
    object_id: 'b',
  })
})

test('path parameters are decoded after routing: a name may hold / @ : and spaces', async () => {
  const { send } = bench([echo('GET', '/v1/users/{email}/keys/{name}')])

  const answer = await json(await send('GET', '/v1/users/a%40b.co/keys/my%20ns%2F1%3A%25'))

  assert.deepEqual(answer.params, { email: 'a@b.co', name: 'my ns/1:%' })
  const broken = await send('GET', '/v1/users/%ff/keys/x')
  assert.equal(broken.status, 422)
  assert.deepEqual((await json(broken)).error.details.validation_errors[0].location, [
    'path',
    'email',
  ])
})

test('trailing slashes are served without a redirect', async () => {
  const { send } = bench([echo('POST', '/v1/webhooks/')])

  assert.equal((await send('POST', '/v1/webhooks')).status, 200)
  assert.equal((await send('POST', '/v1/webhooks/')).status, 200)
})

test('a path without its /v1 is a 404 that names the right path', async () => {
  const { send } = bench([echo('GET', '/v1/namespaces/{id}')])

  const answer = await send('GET', '/namespaces/films')

  assert.equal(answer.status, 404)
  const { error } = await json(answer)
  assert.equal(error.type, 'NotFoundError')
  assert.match(error.details.hint, /\/v1\/namespaces\/films/)
  assert.match(
    (await json(await send('GET', '/v1/v1/namespaces/films'))).error.details.hint,
    /\/v1 already/,
  )
})

test('a wrong method is a 405 with Allow; HEAD and OPTIONS are answered', async () => {
  const { send } = bench([echo('GET', '/v1/a/{id}'), echo('DELETE', '/v1/a/{other}')])

  const wrong = await send('PUT', '/v1/a/1')
  assert.equal(wrong.status, 405)
  assert.equal(wrong.headers.get('allow'), 'GET, DELETE, HEAD, OPTIONS')
  const options = await send('OPTIONS', '/v1/a/1')
  assert.equal(options.status, 204)
  assert.equal(options.headers.get('allow'), 'GET, DELETE, HEAD, OPTIONS')
  const head = await send('HEAD', '/v1/a/1')
  assert.equal(head.status, 200)
  assert.equal(await head.text(), '')
})

test('the request id comes back, in the envelope too, and stands in the log line', async () => {
  const { send, lines } = bench([echo('GET', '/v1/a')])

  const named = await send('GET', '/v1/b', { headers: { 'x-request-id': 'abc-1' } })
  assert.equal(named.headers.get('x-request-id'), 'abc-1')
  assert.equal((await json(named)).error.details.request_id, 'abc-1')
  const hostile = await send('GET', '/v1/a', { headers: { 'x-request-id': 'a"b{}' } })
  assert.equal(hostile.headers.get('x-request-id'), 'req_1')

  assert.equal(lines.length, 2)
  assert.equal(lines[0]?.fields['request_id'], 'abc-1')
  assert.equal(lines[0]?.fields['status'], 404)
  assert.equal(lines[1]?.fields['route'], '/v1/a')
})

test('an empty body is absent, whatever the Content-Type says', async () => {
  const { send } = bench([echo('POST', '/v1/a'), echo('POST', '/v1/b', anyBody)])

  for (const type of ['application/json', 'text/html']) {
    const answer = await send('POST', '/v1/a', { body: '', headers: { 'content-type': type } })
    assert.deepEqual((await json(answer)).body, {})
  }
  assert.deepEqual((await json(await send('POST', '/v1/a', asJson('null')))).body, {})
})

test('a missing body where one is needed is a 422 that says so', async () => {
  const { send } = bench([
    echo('POST', '/v1/a', { body: z.object({ a: z.string() }), bodyRequired: true }),
  ])

  const answer = await send('POST', '/v1/a')

  assert.equal(answer.status, 422)
  assert.match((await json(answer)).error.message, /the body is missing/)
})

test('JSON is read without a Content-Type and on DELETE; another type with a body is a 415', async () => {
  const { send } = bench([echo('DELETE', '/v1/a', anyBody)])
  const blob = (text: string) => new Blob([text])

  assert.deepEqual((await json(await send('DELETE', '/v1/a', { body: blob('{"b":1}') }))).body, {
    b: 1,
  })
  for (const type of [
    'application/x-www-form-urlencoded',
    'text/plain',
    'application/json; charset=latin1',
  ]) {
    const answer = await send('DELETE', '/v1/a', {
      body: '{"b":1}',
      headers: { 'content-type': type },
    })
    assert.equal(answer.status, 415)
    assert.equal((await json(answer)).error.type, 'UnsupportedMediaTypeError')
  }
  const suffixed = {
    body: '{}',
    headers: { 'content-type': 'application/merge-patch+json; charset="UTF-8"' },
  }
  assert.equal((await send('DELETE', '/v1/a', suffixed)).status, 200)
})

test('malformed JSON is a 400 with its position', async () => {
  const { send } = bench([echo('POST', '/v1/a', anyBody)])

  const answer = await send('POST', '/v1/a', asJson('{\n  "a": 1,\n  b: 2}'))

  assert.equal(answer.status, 400)
  const { error } = await json(answer)
  assert.equal(error.type, 'BadRequestError')
  assert.match(error.message, /line 3, column 3/)
  assert.equal(error.details.line, 3)
  for (const text of ['{', '"', '[1,]', '   ', 'tru', '{"a":01}', '\ufeff{]']) {
    assert.equal((await send('POST', '/v1/a', asJson(text))).status, 400, text)
  }
})

test('a body beyond the limit is a 413, also without a Content-Length', async () => {
  const { send } = bench([echo('POST', '/v1/a', anyBody)], { NACRE_BODY_BYTES_MAX: '1024' })
  const chunks = ReadableStream.from([new Uint8Array(1000), new Uint8Array(1000)])

  const streamed = await send('POST', '/v1/a', { body: chunks, duplex: 'half' } as RequestInit)

  assert.equal(streamed.status, 413)
  assert.match((await json(streamed)).error.message, /NACRE_BODY_BYTES_MAX/)
  assert.equal((await send('POST', '/v1/a', asJson(`"${'x'.repeat(1022)}"`))).status, 200)
  assert.equal((await send('POST', '/v1/a', asJson(`"${'x'.repeat(1023)}"`))).status, 413)
})

test('a whole number beyond 2^53 is a 422 with its location; 5.0 is 5', async () => {
  const { send } = bench([echo('POST', '/v1/a', anyBody)])

  const answer = await send(
    'POST',
    '/v1/a',
    asJson('{"a":[1,{"b c":9007199254740993}],"d":12345678901234567890}'),
  )

  assert.equal(answer.status, 422)
  const { error } = await json(answer)
  assert.deepEqual(
    error.details.validation_errors.map((e: { location: unknown }) => e.location).toSorted(),
    [
      ['body', 'a', 1, 'b c'],
      ['body', 'd'],
    ],
  )
  assert.match(error.message, /9007199254740993/)
  const fine =
    '{"a":5.0,"b":9007199254740991,"c":0.12345678901234567,"d":"9007199254740993","e":1234567890123456789e-10}'
  assert.equal((await json(await send('POST', '/v1/a', asJson(fine)))).body.a, 5)
  assert.equal((await send('POST', '/v1/a', asJson('99999999999999999'))).status, 422)
  assert.equal((await send('POST', '/v1/a', asJson('{"a":1e999}'))).status, 422)
})

test('what cannot be stored is a 422: U+0000 and half of a surrogate pair', async () => {
  const { send } = bench([echo('POST', '/v1/a', anyBody), echo('GET', '/v1/a/{id}')])

  const answer = await send(
    'POST',
    '/v1/a',
    asJson('{"a":["x\\u0000"],"b\\ud800":1,"c":"\\ud83d\\ude00"}'),
  )

  assert.equal(answer.status, 422)
  const { details } = (await json(answer)).error
  assert.deepEqual(
    details.validation_errors.map((e: { location: unknown }) => e.location),
    [['body'], ['body', 'a', 0]],
  )
  assert.equal((await send('GET', '/v1/a/x%00')).status, 422)
  assert.equal((await send('GET', '/v1/a/x?q=%00')).status, 422)
})

test('a body nested without end is a 422, not a crash', async () => {
  const { send } = bench([echo('POST', '/v1/a', anyBody)])

  const answer = await send('POST', '/v1/a', asJson('['.repeat(1_000_000)))

  assert.equal(answer.status, 422)
  assert.match((await json(answer)).error.message, /nested deeper/)
})

test('__proto__ in a body changes nothing', async () => {
  const { send } = bench([echo('POST', '/v1/a', { body: z.object({ a: z.number().optional() }) })])

  const answer = await send(
    'POST',
    '/v1/a',
    asJson('{"__proto__":{"a":1},"__proto__":{"admin":true}}'),
  )

  assert.deepEqual((await json(answer)).body, {})
  assert.equal(Object.hasOwn(Object.prototype, 'admin'), false)
})

test('a wrong field is a 422 in both forms, naming field, kind and what would be right', async () => {
  const body = z.object({
    name: z.string(),
    type: z.enum(['keyword', 'integer']),
    items: z.array(z.object({ size: z.int().min(1) })).optional(),
  })
  const { send } = bench([echo('POST', '/v1/a', { body, bodyRequired: true })])

  const answer = await send(
    'POST',
    '/v1/a',
    asJson('{"type":"keywrod","items":[{"size":0},{"size":"x"}]}'),
  )

  assert.equal(answer.status, 422)
  const { success, status, error, detail } = await json(answer)
  assert.equal(success, false)
  assert.equal(status, 422)
  assert.equal(error.type, 'ValidationError')
  assert.deepEqual(error.details.validation_errors, [
    {
      location: ['body', 'name'],
      message: 'name is missing; it must be a string',
      type: 'missing',
    },
    {
      location: ['body', 'type'],
      message:
        "type is the string 'keywrod'; it must be one of 'keyword', 'integer'; did you mean 'keyword'?",
      type: 'invalid_value',
    },
    {
      location: ['body', 'items', 0, 'size'],
      message: 'items[0].size is the number 0; it must be at least 1',
      type: 'out_of_range',
    },
    {
      location: ['body', 'items', 1, 'size'],
      message: "items[1].size is the string 'x'; it must be a number",
      type: 'wrong_type',
    },
  ])
  assert.deepEqual(detail[0], {
    loc: ['body', 'name'],
    msg: 'name is missing; it must be a string',
    type: 'missing',
  })
})

test('unknown fields of a lenient body are ignored and named in a header, with the nearest name', async () => {
  const { send } = bench([
    echo('POST', '/v1/a', { body: z.object({ limit: z.number().optional() }) }),
  ])

  const answer = await send('POST', '/v1/a', asJson('{"limt":1,"größe":2}'))

  assert.equal(answer.status, 200)
  assert.equal(answer.headers.get('x-nacre-ignored-fields'), 'limt; nearest=limit, gr%C3%B6%C3%9Fe')
})

test('a bug is a 500 that says nothing but the id, and is logged whole', async () => {
  const broken = route({
    operationId: 'broken',
    method: 'GET',
    path: '/v1/broken',
    summary: 'Breaks',
    tag: 'test',
    access: 'public',
    response: anything,
    failures: [],
    handle: async () => {
      throw new Error('secret detail')
    },
  })
  const { send, lines } = bench([broken])

  const answer = await send('GET', '/v1/broken')

  assert.equal(answer.status, 500)
  const text = await answer.text()
  assert.doesNotMatch(text, /secret/)
  assert.match(text, /InternalServerError.*req_1/)
  assert.equal(lines[0]?.level, 'error')
  assert.match(String(lines[0]?.fields['err']), /secret detail/)
})

test('what does not answer is a 503 with Retry-After; what takes too long is one too', async () => {
  const aborted: string[] = []
  const waiting = (path: `/v1/${string}`, handle: (signal: AbortSignal) => Promise<unknown>) =>
    route({
      operationId: path,
      method: 'GET',
      path,
      summary: 'Waits',
      tag: 'test',
      access: 'public',
      response: anything,
      failures: ['database_unavailable'],
      handle: ({ signal }) => handle(signal),
    })
  const { send } = bench(
    [
      waiting('/v1/lost', async () => {
        throw fail('database_unavailable', { reason: 'ECONNREFUSED' })
      }),
      waiting('/v1/slow', async (signal) => {
        const { promise, resolve } = Promise.withResolvers<void>()
        signal.addEventListener('abort', () => {
          aborted.push(String(signal.reason))
          resolve()
        })
        await promise
      }),
    ],
    { NACRE_REQUEST_TIMEOUT_MS: '100' },
  )

  const lost = await send('GET', '/v1/lost')
  assert.equal(lost.status, 503)
  assert.equal(lost.headers.get('retry-after'), '1')
  const slow = await send('GET', '/v1/slow')
  assert.equal(slow.status, 503)
  assert.equal((await json(slow)).error.type, 'TimeoutError')
  assert.equal(aborted.length, 1)
})

test('a streamed body is handed on as it comes', async () => {
  const counting = route({
    operationId: 'count',
    method: 'POST',
    path: '/v1/count',
    summary: 'Counts bytes',
    tag: 'test',
    access: 'public',
    bodyKind: 'ndjson',
    response: anything,
    failures: [],
    handle: async ({ stream }) => {
      let bytes = 0
      for await (const chunk of stream) bytes += chunk.length
      return { bytes }
    },
  })
  const { send } = bench([counting])

  assert.deepEqual(await json(await send('POST', '/v1/count', { body: '{}\n{}\n' })), { bytes: 6 })
  assert.deepEqual(await json(await send('POST', '/v1/count')), { bytes: 0 })
})

test('an empty query parameter is absent; a repeated one is a list', async () => {
  const { send } = bench([echo('GET', '/v1/a')])

  const { query } = await json(await send('GET', '/v1/a?limit=&a=1&b=1&b=2&__proto__=3'))

  assert.deepEqual(Object.keys(query), ['a', 'b'])
  assert.deepEqual(query.b, ['1', '2'])
})

test('a route that needs a key refuses a request without one before it reads anything', async () => {
  const guarded = { ...echo('POST', '/v1/a', anyBody), access: 'read' as const }
  const { send } = bench([guarded])

  const answer = await send('POST', '/v1/a', asJson('{'))

  assert.equal(answer.status, 401)
  assert.equal(answer.headers.get('www-authenticate'), 'Bearer')
  assert.equal((await json(answer)).error.type, 'UnauthorizedError')
})

test('an answer whose ETag the client has is a 304 without a body', async () => {
  const tagged = route({
    operationId: 'tagged',
    method: 'GET',
    path: '/v1/tagged',
    summary: 'Has an ETag',
    tag: 'test',
    access: 'public',
    response: anything,
    failures: [],
    handle: async ({ setHeader }) => {
      setHeader('ETag', '"a1"')
      return { a: 1 }
    },
  })
  const { send } = bench([tagged])

  const first = await send('GET', '/v1/tagged')
  assert.equal(first.status, 200)
  assert.equal(first.headers.get('etag'), '"a1"')
  const second = await send('GET', '/v1/tagged', { headers: { 'if-none-match': 'W/"a0", "a1"' } })
  assert.equal(second.status, 304)
  assert.equal(await second.text(), '')
})
