import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import type { Ports } from '../../src/ports/ports.ts'
import { openNamespaceLeases } from '../../src/store/namespace-leases.ts'
import type { Tables } from '../../src/store/tables.ts'

/** Ports that write down what is asked of the database and of the engine. */
export interface RecordedPorts extends AsyncDisposable {
  ports: Ports
  /** SQL as it went out, and `vectors.createVector` for the engine's calls, in their order. */
  calls: string[]
}

/** The living ports over a database connection of their own; leases and cache included, so nothing goes unseen. */
export function recordedPorts(living: Ports): RecordedPorts {
  const calls: string[] = []
  const pool = new pg.Pool({ connectionString: living.config.databaseUrl, max: 4 })
  const db = new Kysely<Tables>({
    dialect: new PostgresDialect({ pool }),
    log: ({ query }) => void calls.push(query.sql),
  })
  const leases = openNamespaceLeases({ db, log: living.log })
  const vectors = new Proxy(living.vectors, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key)
      if (typeof member !== 'function') return member
      return (...args: unknown[]): unknown => {
        calls.push(`vectors.${String(key)}`)
        return Reflect.apply(member, target, args)
      }
    },
  })
  return {
    ports: { ...living, db, leases, vectors },
    calls,
    async [Symbol.asyncDispose]() {
      await leases[Symbol.asyncDispose]()
      await pool.end()
    },
  }
}

/** Calls of the engine that only read. */
export const engineReads: readonly string[] = [
  'describeCollection',
  'listCollections',
  'listAliases',
  'query',
  'queryGroups',
  'scroll',
  'retrieve',
  'count',
  'facet',
  'ping',
].map((name) => `vectors.${name}`)

/** Of these calls those that may change something: everything but known reads. */
export function writesAmong(calls: readonly string[]): string[] {
  return calls.filter(
    (call) => !engineReads.includes(call) && !/^\s*select\b(?!.*\bfor update\b)/is.test(call),
  )
}
