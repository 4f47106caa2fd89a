import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { openEmbeddedPostgres } from '../../src/adapters/embedded-postgres/open-embedded-postgres.ts'
import { openDatabase } from '../../src/store/database.ts'
import { migrate } from '../../src/store/migrate.ts'
import { installQueue } from '../../src/store/install-queue.ts'
import { silentLogger } from './silent-logger.ts'

/** Every test's database is a copy of this one. */
export const templateName = 'nacre_template'

/** A PostgreSQL of its own in a temporary folder, with the template migrated; gone when it is disposed. */
export async function openTestCluster(): Promise<{ url: string } & AsyncDisposable> {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'nacre-pg-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const { url } = stack.use(await openEmbeddedPostgres({ folder, log: silentLogger }))
  // No test's data outlives the machine; SIGKILL, which tests do try, loses nothing without fsync either.
  await run(url, 'ALTER SYSTEM SET fsync = off')
  await run(url, 'SELECT pg_reload_conf()')
  await run(url, `CREATE DATABASE ${templateName}`)
  const template = databaseUrl(url, templateName)
  await using database = await openDatabase(template, { connectionsMax: 2 })
  await migrate(database.db)
  await installQueue(template)
  const owned = stack.move()
  return { url, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** The url of another database of the same cluster. */
export function databaseUrl(clusterUrl: string, name: string): string {
  const url = new URL(clusterUrl)
  url.pathname = `/${name}`
  return url.href
}

/** One statement on a connection of its own. */
export async function run(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
