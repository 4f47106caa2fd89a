import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openEmbeddedPostgres } from '../../src/adapters/embedded-postgres/open-embedded-postgres.ts'
import { runNacre, startNacre } from '../support/process.ts'
import type { Answer } from '../support/server.ts'
import { silentLogger } from '../support/silent-logger.ts'

let parent: string
before(async () => {
  parent = await mkdtemp(join(tmpdir(), 'nacre-start-'))
})
after(async () => {
  await rm(parent, { recursive: true, force: true, maxRetries: 20 })
})

const key = 'sk_test_0123456789abcdef'

describe('a start that cannot be', () => {
  test('on a file in place of the data folder stops with exit code 5, and says what to set', async () => {
    const path = join(parent, 'file')
    await writeFile(path, 'not a folder')

    const { status, stderr } = await runNacre(['serve', '--data', path, '--port', '0'])

    assert.equal(status, 5, stderr)
    assert.match(stderr, /file cannot be used as a data folder.*NACRE_DATA/)
    assert.equal(await readFile(path, 'utf8'), 'not a folder')
  })

  test("on somebody else's folder stops with exit code 5 and leaves it as it is", async () => {
    const folder = await mkdtemp(join(parent, 'photos-'))
    await writeFile(join(folder, 'holiday.jpg'), 'x')

    const { status, stderr } = await runNacre(['serve', '--data', folder, '--port', '0'])

    assert.equal(status, 5, stderr)
    assert.match(stderr, /holiday\.jpg.*NACRE_DATA/s)
    assert.deepEqual(await readdir(folder), ['holiday.jpg'])
  })

  test('without the PostgreSQL that DATABASE_URL names stops with exit code 6 and names it', async () => {
    const { status, stderr } = await runNacre(
      ['serve', '--data', join(parent, 'no-database'), '--port', '0'],
      { DATABASE_URL: 'postgres://nobody:secret@127.0.0.1:1/nacre' },
    )

    assert.equal(status, 6, stderr)
    assert.match(stderr, /PostgreSQL does not answer/)
    assert.doesNotMatch(stderr, /secret/)
  })

  test('without the Qdrant that QDRANT_URL names stops with exit code 6 and names it', async () => {
    const folder = join(parent, 'no-qdrant')
    await using postgres = await openEmbeddedPostgres({
      folder: join(parent, 'pg'),
      log: silentLogger,
    })

    const { status, stderr } = await runNacre(['serve', '--data', folder, '--port', '0'], {
      DATABASE_URL: postgres.url,
      QDRANT_URL: 'http://127.0.0.1:9',
    })

    assert.equal(status, 6, stderr)
    assert.match(stderr, /http:\/\/127\.0\.0\.1:9 \(QDRANT_URL\)/)
  })

  test('all wrong settings are told at once, with what would be right', async () => {
    const { status, stderr } = await runNacre(['serve'], {
      NACRE_PORT: 'eighty',
      NACRE_ADMIN_KEY: 'short',
      QDRANT_URL: 'ftp://example.com',
    })

    assert.equal(status, 2)
    for (const name of ['NACRE_PORT', 'NACRE_ADMIN_KEY', 'QDRANT_URL'])
      assert.match(stderr, new RegExp(name))
  })
})

describe('PostgreSQL gone and back while a server runs', () => {
  test('is 503 with Retry-After meanwhile, and everything works again without a restart', async () => {
    const folder = join(parent, 'postgres')
    const first = await openEmbeddedPostgres({ folder, log: silentLogger })
    await using server = await serve({ DATABASE_URL: first.url })
    await server.call('POST', '/v1/namespaces', { namespace_name: 'before' })

    await first[Symbol.asyncDispose]()
    const gone = await server.call('POST', '/v1/namespaces', { namespace_name: 'meanwhile' })
    const health = await server.call('GET', '/v1/health')
    const alive = await server.call('GET', '/v1/health/liveness')
    await using second = await openEmbeddedPostgres({ folder, log: silentLogger })
    const back = await until(() =>
      server.call('POST', '/v1/namespaces', { namespace_name: 'after' }),
    )

    assert.equal(second.url, first.url)
    assert.equal(gone.status, 503)
    assert.equal(gone.body.error.type, 'StorageError')
    assert.match(gone.body.error.message, /PostgreSQL does not answer/)
    assert.equal(gone.retryAfter, '1')
    assert.equal(health.body.status, 'DEGRADED')
    assert.equal(health.body.data.metadata, false)
    assert.equal(alive.status, 200)
    assert.equal(back.status, 200, JSON.stringify(back.body))
    const { body } = await server.call('POST', '/v1/namespaces/list', {})
    const names = body.results.map((one: { namespace_name: string }) => one.namespace_name)
    assert.deepEqual(names.toSorted(), ['after', 'before'])
    await deletionIsWorked(server)
  })

  test('the embedded one that is killed comes back by itself', async () => {
    await using server = await serve({})
    await server.call('POST', '/v1/namespaces', { namespace_name: 'before' })
    const pidFile = join(server.folder, 'postgres', 'data', 'postmaster.pid')
    const pid = Number((await readFile(pidFile, 'utf8')).split('\n')[0])

    process.kill(pid, 'SIGKILL')
    const back = await until(() =>
      server.call('POST', '/v1/namespaces', { namespace_name: 'after' }),
    )

    assert.equal(back.status, 200, JSON.stringify(back.body))
    await deletionIsWorked(server)
  })
})

interface Answered {
  status: number
  retryAfter: string | null
  body: Answer
}

interface Running extends AsyncDisposable {
  folder: string
  call: (method: string, path: string, body?: object) => Promise<Answered>
}

/** A server process on a folder of its own; stopped, and waited for, when it is disposed. */
async function serve(env: Record<string, string>): Promise<Running> {
  const folder = await mkdtemp(join(parent, 'data-'))
  const args = ['serve', '--json', '--data', folder, '--port', '0', '--log', 'error']
  const child = startNacre(args, { NACRE_ADMIN_KEY: key, ...env })
  const exited = once(child, 'exit')
  let url = ''
  if (child.stdout) {
    for await (const line of createInterface({ input: child.stdout })) {
      url = JSON.parse(line).url
      break
    }
  }
  assert.notEqual(url, '', 'the server started')
  return {
    folder,
    async call(method, path, body) {
      const response = await fetch(url + path, {
        method,
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      })
      const retryAfter = response.headers.get('retry-after')
      return { status: response.status, retryAfter, body: await response.json() }
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await exited
    },
  }
}

/** The queue has its own connections: a job that is worked shows that they are back as well. */
async function deletionIsWorked(server: Running): Promise<void> {
  const { body: made } = await server.call('DELETE', '/v1/namespaces/before')
  const ended = await until(async () => {
    const task = await server.call('GET', `/v1/tasks/${made.task_id}`)
    return { ...task, status: task.body.status === 'COMPLETED' ? 200 : 503 }
  })
  assert.equal(ended.body.status, 'COMPLETED')
}

/** Asks again while the answer is 503, for 20 s at most. */
async function until<T extends { status: number }>(ask: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + 20_000
  for (;;) {
    const answer = await ask()
    if (answer.status !== 503 || Date.now() > deadline) return answer
    await sleep(100)
  }
}
