import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openClient } from '../../src/cli/demo/client.ts'
import { settings } from '../../src/config.ts'
import type { Db } from '../../src/store/tables.ts'
import { readFieldUsage } from '../../src/store/query-usage.ts'
import { openTestDatabase } from '../support/database.ts'
import { startNacre } from '../support/process.ts'

/** Of the killed processes; the default is tested below. */
const flushMs = 1_000
const key = 'sk_test_0123456789abcdef'

test('a server that is killed loses the reads of its last moments at most, and the next one goes on counting', async () => {
  await using database = await openTestDatabase()
  const folder = await mkdtemp(join(tmpdir(), 'nacre-kill-'))
  try {
    const first = await start(folder, database.url)
    const { namespace_id: id } = await openClient(first.url, key).call<{ namespace_id: string }>(
      'POST',
      '/v1/namespaces',
      { namespace_name: 'read', vectors: { own: { dimensions: 2 } } },
    )
    await readTimes(first.url, id, 40)
    await sleep(2 * flushMs)
    await readTimes(first.url, id, 20)
    await first.kill()

    const kept = await countOf(database.db, id)
    assert.ok(kept >= 40 && kept <= 60, `${kept} of 60`)
    const second = await start(folder, database.url)
    await readTimes(second.url, id, 10)
    await sleep(2 * flushMs)
    await second.kill()
    assert.equal(await countOf(database.db, id), kept + 10)
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 20 })
  }
})

test('a server that is asked to stop loses none', async () => {
  await using database = await openTestDatabase()
  const folder = await mkdtemp(join(tmpdir(), 'nacre-stop-'))
  try {
    const server = await start(folder, database.url, 30_000)
    const { namespace_id: id } = await openClient(server.url, key).call<{ namespace_id: string }>(
      'POST',
      '/v1/namespaces',
      { namespace_name: 'read', vectors: { own: { dimensions: 2 } } },
    )
    await readTimes(server.url, id, 30)
    await server.stop()

    assert.equal(await countOf(database.db, id), 30)
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 20 })
  }
})

test('no setting lets more than half a minute be lost', () => {
  const { schema } = settings.usageFlushMs

  assert.ok(schema.parse(undefined) <= 30_000)
  assert.ok(!schema.safeParse('30001').success)
})

interface Running {
  url: string
  kill(): Promise<void>
  stop(): Promise<void>
}

async function start(folder: string, databaseUrl: string, everyMs = flushMs): Promise<Running> {
  const child = startNacre(['serve', '--json', '--data', folder, '--port', '0', '--log', 'warn'], {
    DATABASE_URL: databaseUrl,
    NACRE_ADMIN_KEY: key,
    NACRE_USAGE_FLUSH_MS: String(everyMs),
  })
  const exited = once(child, 'exit')
  if (!child.stdout || !child.stderr) throw new Error('its output is piped')
  child.stderr.pipe(process.stderr, { end: false })
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  const { url } = JSON.parse(line) as { url: string }
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal)
    await exited
  }
  return { url, kill: () => end('SIGKILL'), stop: () => end('SIGTERM') }
}

async function readTimes(url: string, namespaceId: string, times: number): Promise<void> {
  const client = openClient(url, key, namespaceId)
  for (let i = 0; i < times; i++) {
    await client.call('POST', '/v1/retrievers/execute', {
      stages: [
        {
          stage_name: 'filter',
          config: { stage_id: 'attribute_filter', parameters: { field: 'a', value: i } },
        },
      ],
    })
  }
}

async function countOf(db: Db, namespaceId: string): Promise<number> {
  const [a] = await readFieldUsage(db, namespaceId, { since: new Date(0) })
  return a?.count ?? 0
}
