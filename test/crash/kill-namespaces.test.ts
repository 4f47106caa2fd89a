import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startServerProcess, type ServerProcess } from '../../src/cli/demo/server-process.ts'
import type { Answer } from '../support/server.ts'

const each = 8

test('namespaces that a killed server was creating, changing and deleting are whole or gone after its restart', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'nacre-kill-'))
  let server = await startServerProcess(folder)
  try {
    for (let i = 0; i < 2 * each; i++)
      await call(server, 'POST', '', { namespace_name: `old-${i}` })
    const answered = new Set<string>()
    const work = [
      ...numbers().map((i) => tried(`new-${i}`, () => create(server, `new-${i}`), answered)),
      ...numbers().map((i) => tried(`old-${i}`, () => patch(server, `old-${i}`), answered)),
      ...numbers().map((i) => {
        const name = `old-${i + each}`
        return tried(name, () => call(server, 'DELETE', `/${name}`), answered)
      }),
    ]

    // As soon as some of each kind may be half-done.
    while (answered.size < each) await sleep(1)
    await kill(server)
    await Promise.all(work)
    assert.ok(answered.size < 3 * each, 'the kill came in the middle')
    server = await startServerProcess(folder)
    const namespaces = await settled(server)

    for (const { namespace_name: name, payload_indexes: indexes, ...rest } of namespaces) {
      assert.equal(rest.document_count, 0)
      const custom = indexes
        .filter((index: Answer) => index.origin === 'user')
        .map((index: Answer) => index.field_name)
      if (name.startsWith('new-')) assert.deepEqual(custom, ['category', 'year'], name)
      else if (answered.has(name)) assert.deepEqual(custom, ['category'], name)
      else assert.ok(custom.length <= 1, name)
    }
    const names = new Set(namespaces.map((one) => one.namespace_name))
    for (const i of numbers()) {
      assert.ok(names.has(`old-${i}`), 'a changed one is there')
      if (answered.has(`new-${i}`)) assert.ok(names.has(`new-${i}`), 'what was answered stays')
      if (answered.has(`old-${i + each}`)) assert.ok(!names.has(`old-${i + each}`), 'gone is gone')
      await appears(server, `new-${i}`)
    }
  } finally {
    await server.stop()
    await rm(folder, { recursive: true, force: true, maxRetries: 20 })
  }
})

function numbers(): number[] {
  return Array.from({ length: each }, (_, i) => i)
}

function create(server: ServerProcess, namespace_name: string): Promise<Answer> {
  const payload_indexes = [
    { field_name: 'category', type: 'keyword' },
    { field_name: 'year', type: 'integer' },
  ]
  return call(server, 'POST', '', { namespace_name, payload_indexes })
}

function patch(server: ServerProcess, name: string): Promise<Answer> {
  return call(server, 'PATCH', `/${name}`, {
    payload_indexes: [{ field_name: 'category', type: 'keyword' }],
  })
}

async function call(
  server: ServerProcess,
  method: string,
  path: string,
  body?: object,
): Promise<Answer> {
  const response = await send(server, method, path, body)
  const answer: Answer = await response.json()
  assert.equal(response.status, 200, `${method} ${path}: ${JSON.stringify(answer)}`)
  return answer
}

function send(
  server: ServerProcess,
  method: string,
  path: string,
  body?: object,
): Promise<Response> {
  return fetch(`${server.url}/v1/namespaces${path}`, {
    method,
    headers: { authorization: `Bearer ${server.key}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  })
}

/** What was half created is finished by the server, or it left nothing that stands in the way of another. */
async function appears(server: ServerProcess, name: string): Promise<void> {
  const deadline = performance.now() + 60_000
  for (;;) {
    const made = await send(server, 'POST', '', { namespace_name: name })
    const { status } = await send(server, 'GET', `/${name}`)
    if (status === 200) return
    assert.equal(made.status, 409, `${name}: ${made.status}`)
    assert.ok(performance.now() < deadline, `${name} appeared in time`)
    await sleep(200)
  }
}

/** Remembers the name where the answer came; the connections that the kill cuts are no fault. */
async function tried(name: string, ask: () => Promise<Answer>, answered: Set<string>) {
  try {
    await ask()
    answered.add(name)
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error
  }
}

/** Waits until no index is on its way and every deletion has ended. */
async function settled(server: ServerProcess): Promise<Answer[]> {
  const deadline = performance.now() + 60_000
  for (;;) {
    const { results } = await call(server, 'POST', '/list?limit=1000', {})
    const tasks = await openTasks(server)
    const states = new Set(
      results.flatMap((one: Answer) => one.payload_indexes.map((index: Answer) => index.state)),
    )
    if (tasks === 0 && states.isSubsetOf(new Set(['active', 'virtual']))) return results
    assert.ok(performance.now() < deadline, `${tasks} tasks; ${[...states].join(', ')}`)
    await sleep(100)
  }
}

async function openTasks(server: ServerProcess): Promise<number> {
  const response = await fetch(`${server.url}/v1/tasks/list?limit=1000`, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.key}`, 'content-type': 'application/json' },
    body: '{}',
  })
  const { results }: Answer = await response.json()
  return results.filter(({ status }: Answer) => status === 'PENDING' || status === 'PROCESSING')
    .length
}

async function kill(server: ServerProcess): Promise<void> {
  process.kill(server.pid, 'SIGKILL')
  // Its exit was heard of when this comes back; only then is its lock free.
  await server.stop()
}
