import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLogger } from '../../src/compose.ts'
import type { Ports } from '../../src/ports/ports.ts'
import { openServer } from '../../src/serve.ts'
import { openTestDatabase } from './database.ts'
import { testConfig } from './ports.ts'

export interface TestServer extends AsyncDisposable {
  url: string
  /** The admin key of its one organization. */
  key: string
  ports: Ports
  folder: string
  /** A request over real HTTP as that admin; a plain object as `body` is sent as JSON. */
  fetch: (path: string, init?: TestRequest) => Promise<Response>
  /** As `fetch`, and the parsed answer; throws where the status is not 2xx. */
  call: (
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ) => Promise<Answer>
}

export interface TestRequest {
  method?: string
  headers?: Record<string, string>
  body?: unknown
}

// oxlint-disable-next-line typescript/no-explicit-any -- a test reads what the wire says
export type Answer = any

/** A real server on a free port, with worker and engines, in a folder and a database of its own. */
export async function startTestServer(env: Record<string, string> = {}): Promise<TestServer> {
  const stack = new AsyncDisposableStack()
  const database = stack.use(await openTestDatabase())
  const folder = await mkdtemp(join(tmpdir(), 'nacre-test-'))
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 20 }))
  const key = 'sk_test_0123456789abcdef'
  const config = testConfig(folder, database.url, { NACRE_ADMIN_KEY: key, ...env })
  const { url, ports } = stack.use(await openServer(config, openLogger({ level: config.logLevel })))
  const send = (path: string, init: TestRequest = {}) => request(url, key, path, init)
  return {
    url,
    key,
    ports,
    folder,
    fetch: send,
    call: async (method, path, body, headers = {}) => {
      const response = await send(path, { method, body, headers })
      const text = await response.text()
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
      return text === '' ? null : JSON.parse(text)
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

function request(url: string, key: string, path: string, init: TestRequest): Promise<Response> {
  const { body } = init
  const isObject = typeof body === 'object' && body !== null
  const isPlain = isObject && !(body instanceof Uint8Array) && !(body instanceof FormData)
  const headers = {
    authorization: `Bearer ${key}`,
    ...(isPlain && { 'content-type': 'application/json' }),
  }
  return fetch(url + path, {
    method: init.method ?? 'GET',
    headers: { ...headers, ...init.headers },
    ...(body !== undefined && {
      body: isPlain ? JSON.stringify(body) : (body as NonNullable<RequestInit['body']>),
    }),
  })
}
