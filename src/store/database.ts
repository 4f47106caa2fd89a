import { Kysely, PostgresDialect, sql } from 'kysely'
import type { PostgresCursor, PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely'
import pg from 'pg'
import { fail } from '../domain/failure.ts'
import { databaseFailure } from './database-failure.ts'
import { OpenConnections } from './open-connections.ts'
import type { Db, Tables } from './tables.ts'

export interface Database extends AsyncDisposable {
  db: Db
  url: string
  /** Idempotent. Waits for queries under way, and until the server has let the connections go. */
  close(): Promise<void>
}

/** Design 1: the oldest PostgreSQL whose SQL we write. */
const oldestMajor = 15
/** How long a query waits for one of the pool's connections, and a connection for the server. */
const connectTimeoutMs = 10_000

/**
 * Opens a pool of connections and checks that a fitting PostgreSQL answers. Values come as `pg` gives them:
 * timestamptz a Date, jsonb parsed, int8 (counts too) a string. Throws `database_unavailable`, as every query does
 * while there is no connection.
 */
export async function openDatabase(
  url: string,
  { connectionsMax }: { connectionsMax: number },
): Promise<Database> {
  const connections = new OpenConnections()
  const pool = new pg.Pool({
    connectionString: url,
    max: connectionsMax,
    connectionTimeoutMillis: connectTimeoutMs,
    application_name: 'nacre',
    keepAlive: true,
    onConnect: connections.watch,
  })
  // An idle connection that breaks is replaced by the pool; the next query tells where that fails.
  pool.on('error', () => {})
  // One that breaks in use fails its query; its own event has nothing to add.
  pool.on('connect', (client) => client.on('error', () => {}))
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: mapFailures(pool) }) })
  const database = new OpenDatabase(db, url, connections)
  try {
    await checkVersion(db)
  } catch (error) {
    await database.close()
    throw error
  }
  return database
}

class OpenDatabase implements Database {
  readonly db: Db
  readonly url: string
  readonly #connections: OpenConnections
  #closed: Promise<void> | null = null

  constructor(db: Db, url: string, connections: OpenConnections) {
    this.db = db
    this.url = url
    this.#connections = connections
  }

  async close(): Promise<void> {
    this.#closed ??= this.#close()
    await this.#closed
  }

  async #close(): Promise<void> {
    await this.db.destroy()
    await this.#connections.closed()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

async function checkVersion(db: Db): Promise<void> {
  const { rows } = await sql<{
    version: string
  }>`select current_setting('server_version_num') as version`.execute(db)
  const major = Math.floor(Number(rows[0]?.version) / 10_000)
  if (major >= oldestMajor) return
  throw fail('database_unavailable', {
    reason: `DATABASE_URL names a PostgreSQL ${major}; ${oldestMajor} or later is needed.`,
  })
}

/** The pool as Kysely uses it, where a lost or refused connection is a failure that callers know. */
function mapFailures(pool: pg.Pool): PostgresPool {
  const clients = new WeakMap<pg.PoolClient, PostgresPoolClient>()
  return {
    options: pool.options,
    end: () => pool.end(),
    async connect() {
      const client = await pool.connect().catch((error: unknown) => {
        throw databaseFailure(error)
      })
      const known = clients.get(client) ?? mapClient(client)
      clients.set(client, known)
      return known
    },
  }
}

function mapClient(client: pg.PoolClient): PostgresPoolClient {
  function query<R>(text: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>
  function query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>
  function query(text: unknown, parameters: readonly unknown[] = []): unknown {
    // The dialect is given no cursor, so the second form is never called.
    return client.query(String(text), [...parameters]).catch((error: unknown) => {
      throw databaseFailure(error)
    })
  }
  return { query, release: (destroy) => client.release(destroy) }
}
