import { randomBytes } from 'node:crypto'
import { after } from 'node:test'
import { openDatabase } from '../../src/store/database.ts'
import type { Db } from '../../src/store/tables.ts'
import { databaseUrl, openTestCluster, run, templateName } from './cluster.ts'

export interface TestDatabase extends AsyncDisposable {
  db: Db
  url: string
}

let own: ReturnType<typeof openTestCluster> | null = null

after(async () => {
  if (own) await (await own)[Symbol.asyncDispose]()
})

/**
 * A migrated, empty database of the test's own, dropped when it is disposed. `npm test` starts one PostgreSQL for the
 * whole run; a file that is run alone starts its own.
 */
export async function openTestDatabase(): Promise<TestDatabase> {
  const clusterUrl = process.env['NACRE_TEST_DATABASE_URL'] ?? (await ownCluster())
  const name = `test_${randomBytes(6).toString('hex')}`
  const url = databaseUrl(clusterUrl, name)
  await run(clusterUrl, `CREATE DATABASE ${name} TEMPLATE ${templateName}`)
  const database = await openDatabase(url, { connectionsMax: 8 })
  return {
    db: database.db,
    url,
    async [Symbol.asyncDispose]() {
      await database.close()
      await run(clusterUrl, `DROP DATABASE ${name} WITH (FORCE)`)
    },
  }
}

async function ownCluster(): Promise<string> {
  own ??= openTestCluster()
  return (await own).url
}
