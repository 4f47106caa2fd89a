import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient } from 'kysely'
import pg from 'pg'
import type { Ports } from '../../src/ports/ports.ts'
import { openNamespaceLeases } from '../../src/store/namespace-leases.ts'
import type { Tables } from '../../src/store/tables.ts'
import { Crash, type Doom } from './doom.ts'
import { isPortEffect, Session } from './effects.ts'

/** Who has the leases of the process that dies. */
export const mortalHolder = 'mortal'

/** The same ports, every call of which can be the last; with connections of their own, dead with them. */
export function mortalPorts(ports: Ports, doom: Doom): { ports: Ports } & AsyncDisposable {
  const pool = new pg.Pool({ connectionString: ports.config.databaseUrl, max: 8 })
  pool.on('error', () => {})
  const open = new Set<pg.PoolClient>()
  const db = new Kysely<Tables>({
    dialect: new PostgresDialect({ pool: mortalPool(pool, open, doom) }),
  })
  const leases = openNamespaceLeases({ db, log: ports.log, holder: mortalHolder })
  const guarded = Object.entries(ports).map(([name, port]) => [
    name,
    isPort(name, port) ? mortalPort(name, port, doom) : port,
  ])
  let isOver = false
  return {
    ports: { ...Object.fromEntries(guarded), db, leases },
    async [Symbol.asyncDispose]() {
      if (isOver) return
      isOver = true
      for (const client of open) client.release(true)
      open.clear()
      await Promise.resolve(leases[Symbol.asyncDispose]()).catch(() => {})
      await pool.end()
    },
  }
}

function isPort(name: string, port: unknown): port is object {
  return typeof port === 'object' && port !== null && name !== 'config' && name !== 'log'
}

function mortalPort(name: string, port: object, doom: Doom): object {
  return new Proxy(port, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key)
      if (typeof member !== 'function' || typeof key === 'symbol') return member
      const called = `${name}.${key}`
      return (...args: unknown[]) => {
        const dies = doom.enter(called, isPortEffect(called))
        const result: unknown = Reflect.apply(member, target, args)
        return afterwards(result, called, dies, doom)
      }
    },
  })
}

/** A promise dies as it settles, a stream at any of its chunks, anything else at once. */
function afterwards(result: unknown, called: string, dies: boolean, doom: Doom): unknown {
  if (result instanceof Promise) {
    return result.then((value: unknown) => {
      doom.leave(called, dies)
      return isStream(value) ? mortalStream(value, called, doom) : value
    })
  }
  doom.leave(called, dies)
  return isStream(result) ? mortalStream(result, called, doom) : result
}

async function* mortalStream(
  chunks: AsyncIterable<unknown>,
  called: string,
  doom: Doom,
): AsyncIterable<unknown> {
  for await (const chunk of chunks) {
    const name = `${called} chunk`
    doom.leave(name, doom.enter(name, false))
    yield chunk
  }
}

function isStream(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}

/** Wraps the driver itself, so that BEGIN, COMMIT and what pg-boss sends in a transaction are calls as well. */
function mortalPool(pool: pg.Pool, open: Set<pg.PoolClient>, doom: Doom): PostgresPool {
  return {
    options: pool.options,
    end: () => pool.end(),
    async connect() {
      if (doom.died) throw new Crash('connect after the crash')
      const client = await pool.connect()
      open.add(client)
      return mortalClient(client, open, doom)
    },
  }
}

function mortalClient(
  client: pg.PoolClient,
  open: Set<pg.PoolClient>,
  doom: Doom,
): PostgresPoolClient {
  const session = new Session()
  const query = (text: unknown, parameters: readonly unknown[] = []): unknown => {
    const sql = String(text)
    return doom.run(sql.slice(0, 60), session.isEffect(sql), () =>
      client.query(sql, [...parameters]),
    )
  }
  return {
    query: query as PostgresPoolClient['query'],
    release(destroy) {
      if (!open.delete(client)) return
      // A dead process's connections are gone, and with them what they had not committed.
      client.release(doom.died !== null || destroy)
    },
  }
}
