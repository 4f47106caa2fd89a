import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { sql } from 'kysely'
import { openEmbeddedPostgres } from '../adapters/embedded-postgres/open-embedded-postgres.ts'
import { isFailure } from '../domain/failure.ts'
import { openTestDatabase } from '../../test/support/database.ts'
import { silentLogger } from '../../test/support/silent-logger.ts'
import { openDatabase } from './database.ts'

describe('openDatabase()', () => {
  test('times come as Date, whole numbers of 8 bytes as string, jsonb parsed', async () => {
    await using database = await openTestDatabase()

    const { rows } = await sql`
      select '2026-01-02T03:04:05.678Z'::timestamptz as at, 9007199254740993::bigint as big, '{"a":[1,null]}'::jsonb as json
    `.execute(database.db)

    assert.deepEqual(rows, [
      { at: new Date('2026-01-02T03:04:05.678Z'), big: '9007199254740993', json: { a: [1, null] } },
    ])
  })

  test('a database that cannot be reached is database_unavailable', async () => {
    await assert.rejects(
      openDatabase('postgresql://nobody@127.0.0.1:1/none', { connectionsMax: 1 }),
      (error) => isFailure(error, 'database_unavailable'),
    )
  })

  test('a database that does not exist is database_unavailable with its name', async () => {
    await using database = await openTestDatabase()
    const url = new URL(database.url)
    url.pathname = '/absent'

    await assert.rejects(openDatabase(url.href, { connectionsMax: 1 }), /"absent" does not exist/)
  })

  test('a query while PostgreSQL is gone is database_unavailable; the next one after it is back succeeds', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'nacre-db-'))
    const open = () => openEmbeddedPostgres({ folder, log: silentLogger })
    const first = await open()
    await using database = await openDatabase(first.url, { connectionsMax: 2 })

    await first[Symbol.asyncDispose]()
    await assert.rejects(sql`select 1`.execute(database.db), (error) =>
      isFailure(error, 'database_unavailable'),
    )
    const second = await open()
    const { rows } = await sql`select 1 as one`.execute(database.db)

    assert.deepEqual(rows, [{ one: 1 }])
    await database.close()
    await second[Symbol.asyncDispose]()
    await rm(folder, { recursive: true })
  })

  test('a transaction whose connection is killed is database_unavailable and leaves nothing', async () => {
    await using database = await openTestDatabase()
    const { db } = database
    await sql`create table kept (id integer)`.execute(db)

    await assert.rejects(
      db.transaction().execute(async (tx) => {
        await sql`insert into kept values (1)`.execute(tx)
        const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx)
        await sql`select pg_terminate_backend(${rows[0]?.pid})`.execute(db)
        await sql`insert into kept values (2)`.execute(tx)
      }),
      (error) => isFailure(error, 'database_unavailable'),
    )

    const { rows } = await sql`select * from kept`.execute(db)
    assert.deepEqual(rows, [])
  })

  test('a write into a database that is read-only is database_unavailable with the reason', async () => {
    await using database = await openTestDatabase()
    const { db } = database

    const write = db
      .transaction()
      .setAccessMode('read only')
      .execute((tx) => sql`create table kept (id integer)`.execute(tx))

    await assert.rejects(
      write,
      (error) => isFailure(error, 'database_unavailable') && /read-only/.test(error.message),
    )
  })

  test('close() returns when the server has let every connection go', async () => {
    await using given = await openTestDatabase()

    for (let round = 0; round < 10; round++) {
      const database = await openDatabase(given.url, { connectionsMax: 8 })
      await Promise.all(
        Array.from({ length: 8 }, () => sql`select pg_sleep(0.01)`.execute(database.db)),
      )
      const { rows: pids } = await sql<{ pid: number }>`
        select pid from pg_stat_activity where application_name = 'nacre' and datname = current_database()
      `.execute(given.db)
      await database.close()
      const { rows } = await sql`
        select 1 from pg_stat_activity where application_name = 'nacre' and datname = current_database()
          and pid <> pg_backend_pid()
      `.execute(given.db)

      assert.ok(pids.length > 8, 'its connections were there')
      assert.equal(rows.length, 0)
    }
  })

  test('close() twice is fine', async () => {
    await using given = await openTestDatabase()
    const database = await openDatabase(given.url, { connectionsMax: 1 })

    await database.close()
    await database.close()
  })
})
