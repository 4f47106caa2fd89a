import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { openTestDatabase } from '../../test/support/database.ts'
import { silentLogger as log } from '../../test/support/silent-logger.ts'
import { openRowCache } from './cache.ts'
import type { Db } from './tables.ts'

describe('openRowCache()', () => {
  test('get() loads once for callers that ask together, and keeps null too', async () => {
    await using database = await openTestDatabase()
    await using cache = await openRowCache(database.url, { entriesMax: 10, log })
    let loads = 0
    const load = async () => {
      loads += 1
      await sleep(5)
      return null
    }

    await Promise.all([cache.get('buckets', 'a', load), cache.get('buckets', 'a', load)])
    await cache.get('buckets', 'a', load)

    assert.equal(loads, 1)
    assert.equal(cache.peek('buckets', 'a'), null)
    assert.equal(cache.peek('buckets', 'b'), undefined)
  })

  test('a value that was loading when its noun was forgotten is answered to its caller, and not kept', async () => {
    await using database = await openTestDatabase()
    await using cache = await openRowCache(database.url, { entriesMax: 10, log })
    const old = Promise.withResolvers<string>()

    const first = cache.get('namespaces', 'a', () => old.promise)
    cache.forget('namespaces')
    const second = cache.get('namespaces', 'a', async () => 'new')
    old.resolve('old')

    assert.equal(await first, 'old')
    assert.equal(await second, 'new')
    assert.equal(cache.peek('namespaces', 'a'), 'new')
  })

  test('a load that fails is not kept', async () => {
    await using database = await openTestDatabase()
    await using cache = await openRowCache(database.url, { entriesMax: 10, log })

    await assert.rejects(
      cache.get('buckets', 'a', () => Promise.reject(new Error('no'))),
      /no/,
    )

    assert.equal(await cache.get('buckets', 'a', async () => 1), 1)
  })

  test('the oldest entry of a noun goes where a new one is too many', async () => {
    await using database = await openTestDatabase()
    await using cache = await openRowCache(database.url, { entriesMax: 2, log })

    for (const key of ['a', 'b', 'c']) await cache.get('buckets', key, async () => key)

    assert.deepEqual(
      ['a', 'b', 'c'].map((key) => cache.peek('buckets', key)),
      [undefined, 'b', 'c'],
    )
  })

  test('a row that another connection changes is forgotten, other nouns are kept', async () => {
    await using database = await openTestDatabase()
    await using cache = await openRowCache(database.url, { entriesMax: 10, log })
    await cache.get('namespaces', 'a', async () => 1)
    await cache.get('retrievers', 'a', async () => 1)

    await sql`update namespaces set name = name`.execute(database.db)
    await until(() => cache.peek('namespaces', 'a') === undefined)

    assert.equal(cache.peek('retrievers', 'a'), 1)
  })

  test('while the listener is down an entry lives 5 s; when it is back everything is loaded again', async () => {
    await using database = await openTestDatabase()
    await using other = await openTestDatabase()
    const allow = (isAllowed: boolean) =>
      sql`alter database ${sql.ref(databaseName(database.url))} with allow_connections ${sql.lit(isAllowed)}`.execute(
        other.db,
      )
    let at = 0
    await using cache = await openRowCache(database.url, { entriesMax: 10, log, now: () => at })
    await cache.get('buckets', 'a', async () => 1)
    at = 4_000

    await allow(false)
    await killListeners(database.db)
    await until(() => {
      at = 10_000
      const isDown = cache.peek('buckets', 'a') === undefined
      at = 4_000
      return isDown
    })
    assert.equal(cache.peek('buckets', 'a'), 1)

    await allow(true)
    await until(() => cache.peek('buckets', 'a') === undefined)
    await cache.get('buckets', 'a', async () => 2)
    at = 60_000
    assert.equal(cache.peek('buckets', 'a'), 2)
  })
})

function databaseName(url: string): string {
  return new URL(url).pathname.slice(1)
}

async function killListeners(db: Db): Promise<void> {
  await sql`select pg_terminate_backend(pid) from pg_stat_activity
    where application_name = 'nacre cache' and datname = current_database()`.execute(db)
}

async function until(condition: () => boolean, limitMs = 5_000): Promise<void> {
  const deadline = Date.now() + limitMs
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('the condition did not come true in time')
    await sleep(5)
  }
}
