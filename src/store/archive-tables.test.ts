import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { openTestDatabase } from '../../test/support/database.ts'
import { archiveTables, leftOutTables } from './archive-tables.ts'

test('of every table of the schema it is decided whether it stands in an archive', async () => {
  await using database = await openTestDatabase()
  const { rows } = await sql<{ name: string }>`
    select table_name as name from information_schema.tables
    where table_schema = 'public' and table_type = 'BASE TABLE' order by 1`.execute(database.db)
  const decided = [...archiveTables.map(({ name }) => name), ...Object.keys(leftOutTables)]

  assert.deepEqual(
    rows.map(({ name }) => name),
    decided.toSorted(),
    'a new table: say in archive-tables.ts which of its rows are dumped, or why none is',
  )
})

test('each table stands after those that it refers to', async () => {
  await using database = await openTestDatabase()
  const { rows } = await sql<{ child: string; parent: string }>`
    select conrelid::regclass::text as child, confrelid::regclass::text as parent
    from pg_constraint where contype = 'f' and connamespace = 'public'::regnamespace`.execute(
    database.db,
  )
  const place = new Map<string, number>(archiveTables.map(({ name }, i) => [name, i]))
  const wrong = rows.filter(
    ({ child, parent }) => (place.get(child) ?? Infinity) < (place.get(parent) ?? -1),
  )

  assert.deepEqual(wrong, [])
})

test('rows are ordered by what is unique among them', async () => {
  await using database = await openTestDatabase()
  for (const { name, key, ofNamespace } of archiveTables) {
    const { rows } = await sql<{ column: string }>`
      select attname as column from pg_index
      join pg_attribute on attrelid = indrelid and attnum = any(indkey)
      where indisprimary and indrelid = ${name}::regclass`.execute(database.db)
    const primary = rows.map(({ column }) => column)
    // Within one namespace its own id says nothing.
    const wanted = primary.filter((column) => !(ofNamespace && column === 'namespace_id'))
    assert.deepEqual(key.toSorted(), wanted.toSorted(), name)
  }
})
