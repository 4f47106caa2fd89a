import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { sql } from 'kysely'
import { openTestDatabase } from '../../test/support/database.ts'
import { DatabaseNewerError, migrate, migrations } from './migrate.ts'

describe('migrate()', () => {
  test('migrate() on a migrated database changes nothing', async () => {
    await using database = await openTestDatabase()

    await migrate(database.db)
    await migrate(database.db)

    assert.deepEqual(
      await applied(database.db),
      migrations.map(({ number }) => number),
    )
  })

  test('migrate() refuses a database that a newer version wrote, and says so', async () => {
    await using database = await openTestDatabase()
    await sql`insert into nacre_migrations (number, name) values (99, 'later')`.execute(database.db)

    await assert.rejects(
      migrate(database.db),
      (error: unknown) =>
        error instanceof DatabaseNewerError && /schema 99; this version knows/.test(error.message),
    )
  })

  test('a migration that fails leaves nothing of itself or of those before it', async () => {
    await using database = await openTestDatabase()
    const broken = [
      ...migrations,
      { number: migrations.length + 1, name: 'fine', sql: 'create table fine (id integer)' },
      { number: migrations.length + 2, name: 'broken', sql: 'create table broken (' },
    ]

    await assert.rejects(migrate(database.db, broken), /syntax error/)

    assert.deepEqual(
      await applied(database.db),
      migrations.map(({ number }) => number),
    )
    await assert.rejects(sql`select * from fine`.execute(database.db), /does not exist/)
  })

  test('processes that start together apply each migration once', async () => {
    await using database = await openTestDatabase()
    const more = [
      ...migrations,
      { number: migrations.length + 1, name: 'once', sql: 'create table once (id integer)' },
    ]

    await Promise.all(Array.from({ length: 5 }, () => migrate(database.db, more)))

    assert.deepEqual(
      await applied(database.db),
      more.map(({ number }) => number),
    )
  })

  test('migrations are numbered from 1 without a gap', () => {
    assert.deepEqual(
      migrations.map(({ number }) => number),
      migrations.map((_, i) => i + 1),
    )
  })
})

async function applied(db: Parameters<typeof migrate>[0]): Promise<number[]> {
  const { rows } = await sql<{
    number: number
  }>`select number from nacre_migrations order by number`.execute(db)
  return rows.map(({ number }) => number)
}
