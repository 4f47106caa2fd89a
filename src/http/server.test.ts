import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { openMetrics } from '../adapters/prom-metrics/open-metrics.ts'
import { z } from 'zod'
import { silentLogger } from '../../test/support/silent-logger.ts'
import { readConfig } from '../config.ts'
import type { Ports } from '../ports/ports.ts'
import { createApi } from './api.ts'
import { route } from './route.ts'
import { ListenError, startServer, type RunningServer } from './server.ts'

type Work = (signal: AbortSignal, body: unknown) => Promise<unknown>

async function serve(
  work: Work,
  env: Record<string, string> = {},
  drainTimeoutMs = 1_000,
): Promise<RunningServer> {
  const ports = {
    config: readConfig(env),
    log: silentLogger,
    metrics: openMetrics(),
    now: () => new Date(),
    newId: (prefix: string) => `${prefix}_1`,
  }
  const one = route({
    operationId: 'work',
    method: 'POST',
    path: '/v1/echo',
    summary: 'Works',
    tag: 'test',
    access: 'public',
    body: z.unknown(),
    response: z.unknown(),
    failures: [],
    handle: ({ signal, body }) => work(signal, body),
  })
  const api = createApi([one], ports as unknown as Ports)
  return await startServer({ api, host: '127.0.0.1', port: 0, log: silentLogger, drainTimeoutMs })
}

const echo: Work = async (_, body) => ({ body })

/** Everything the server says to raw bytes, until it closes the connection or `enough` says so. */
async function raw(
  port: number,
  text: string,
  enough: (heard: string) => boolean,
): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.write(text)
  let heard = ''
  for await (const chunk of socket) {
    heard += String(chunk)
    if (enough(heard)) break
  }
  socket.destroy()
  return heard
}

test('startServer() answers JSON over HTTP and tells its url', async () => {
  await using server = await serve(echo)

  const answer = await fetch(`${server.url}/v1/echo/`, {
    method: 'POST',
    body: new Blob(['{"a":1}']),
  })

  assert.equal(answer.status, 200)
  assert.equal(answer.headers.get('content-type'), 'application/json')
  assert.deepEqual(await answer.json(), { body: { a: 1 } })
})

test('startServer() says in words that a port is taken', async () => {
  await using server = await serve(echo)

  const second = startServer({
    api: { fetch: async () => new Response() },
    host: '127.0.0.1',
    port: server.port,
    log: silentLogger,
    drainTimeoutMs: 0,
  })

  await assert.rejects(
    second,
    (error) => error instanceof ListenError && /NACRE_PORT/.test(error.message),
  )
})

test('a body without Content-Length is read, an empty one with a JSON Content-Type is absent', async () => {
  await using server = await serve(echo)
  const head = 'POST /v1/echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n'

  const chunked = await raw(
    server.port,
    `${head}Transfer-Encoding: chunked\r\n\r\n7\r\n{"a":1}\r\n0\r\n\r\n`,
    (heard) => heard.endsWith('}}'),
  )
  const empty = await raw(server.port, `${head}Content-Length: 0\r\n\r\n`, (heard) =>
    heard.endsWith('{}}'),
  )

  assert.match(chunked, /"a":1/)
  assert.match(empty, /^HTTP\/1.1 200/)
})

test('an oversized body is a 413, and the connection goes on to serve', async () => {
  await using server = await serve(echo, { NACRE_BODY_BYTES_MAX: '1024' })
  const large = await fetch(`${server.url}/v1/echo`, {
    method: 'POST',
    body: new Blob(['x'.repeat(100_000)]),
  })
  assert.equal(large.status, 413)

  const small = await fetch(`${server.url}/v1/echo`, { method: 'POST', body: new Blob(['1']) })
  assert.equal(small.status, 200)
})

test('what is no HTTP request is answered in the envelope', async () => {
  await using server = await serve(echo)

  const garbage = await raw(server.port, 'hello\r\n\r\n', () => false)
  const noHost = await raw(
    server.port,
    'GET /v1/echo HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n',
    () => false,
  )

  for (const heard of [garbage, noHost]) {
    assert.match(heard, /^HTTP\/1.1 400/)
    assert.match(heard, /"success":false/)
  }
})

test('a client that goes away aborts the signal of its request', async () => {
  const aborted = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  await using server = await serve(async (signal) => {
    signal.addEventListener('abort', () => aborted.resolve())
    begun.resolve()
    await aborted.promise
  })
  const controller = new AbortController()
  const request = fetch(`${server.url}/v1/echo`, { method: 'POST', signal: controller.signal })
  await begun.promise

  controller.abort()

  await assert.rejects(request)
  await aborted.promise
})

test('disposing lets a request under way end, and takes no new one', async () => {
  const begun = Promise.withResolvers<void>()
  const end = Promise.withResolvers<void>()
  const server = await serve(async () => {
    begun.resolve()
    await end.promise
    return { done: true }
  })
  const request = fetch(`${server.url}/v1/echo`, { method: 'POST' })
  await begun.promise

  const closed = server[Symbol.asyncDispose]()
  await assert.rejects(fetch(`${server.url}/v1/echo`, { method: 'POST' }))
  end.resolve()

  assert.deepEqual(await (await request).json(), { done: true })
  await closed
})

test('disposing cuts what does not end in time', async () => {
  const begun = Promise.withResolvers<void>()
  const server = await serve(
    async (signal) => {
      begun.resolve()
      await once(signal, 'abort')
    },
    {},
    50,
  )
  const request = fetch(`${server.url}/v1/echo`, { method: 'POST' })
  await begun.promise

  await Promise.all([server[Symbol.asyncDispose](), assert.rejects(request)])
})
