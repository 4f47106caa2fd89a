import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient } from 'kysely'
import pg from 'pg'
import type { Ports } from '../../src/ports/ports.ts'
import { openNamespaceLeases } from '../../src/store/namespace-leases.ts'
import type { Tables } from '../../src/store/tables.ts'

/** The process stopped here, as far as the code under test can tell. */
export class Crash extends Error {
  override readonly name = 'Crash'
}

export interface CrashPoint {
  /** Number of the call that dies, from 0: SQL statements (BEGIN and COMMIT too) and port calls, in their order. */
  call: number
  /** Before it takes effect, or after it has and before its caller hears of it. */
  when: 'before' | 'after'
  /** What was called, e.g. `vectors.createCollection` or `commit`. */
  name: string
}

/** What one crash is tried on: living ports, and whatever the scenario and the check need to know. */
export interface World<S> {
  ports: Ports
  state: S
}

/**
 * Runs `scenario` once for every call that it makes into its ports and its database, dying there, and then `check` on
 * what a second start finds. After the crash every port and connection of the first one is dead, so that no `finally`
 * of it can mend anything; leases it held run out. `stride`: only at every so manieth call, for scenarios of hundreds
 * of calls; `npm run soak` dies at each. Answers the number of calls, rounded up to the stride.
 */
export async function everyCrash<S>(
  open: () => Promise<World<S>>,
  scenario: (ports: Ports, state: S) => Promise<unknown>,
  check: (ports: Ports, state: S, point: CrashPoint) => Promise<void>,
  { stride = 1 }: { stride?: number } = {},
): Promise<number> {
  for (let call = 0; ; call += stride) {
    for (const when of ['before', 'after'] as const) {
      const { ports, state } = await open()
      const doom = new Doom({ call, when })
      await using mortal = mortalPorts(ports, doom)
      const error = await scenario(mortal.ports, state).then(() => null, toError)
      if (doom.died === null) {
        if (error) throw error
        return call
      }
      await mortal[Symbol.asyncDispose]()
      await runOutLeases(ports)
      // The second start has an empty cache; the living one stands in for it.
      ports.cache.forget('namespaces')
      ports.cache.forget('collections')
      ports.cache.forget('buckets')
      ports.cache.forget('retrievers')
      await named(doom.died, () => check(ports, state, doom.died ?? { call, when, name: '' }))
    }
  }
}

/**
 * Runs `scenario` once, dying at one of its calls. Answers where it died, or null and what it answered or threw where it
 * made fewer calls. Afterwards every lease has run out and every cache is empty, as a second start finds them.
 */
export async function crashAt<T>(
  ports: Ports,
  at: Pick<CrashPoint, 'call' | 'when'>,
  scenario: (ports: Ports) => Promise<T>,
): Promise<{ died: CrashPoint } | { died: null; result: Promise<T> }> {
  const doom = new Doom(at)
  await using mortal = mortalPorts(ports, doom)
  const result = scenario(mortal.ports)
  await result.catch(() => {})
  await mortal[Symbol.asyncDispose]()
  await runOutLeases(ports)
  for (const noun of ['namespaces', 'collections', 'buckets', 'retrievers', 'plugins'] as const)
    ports.cache.forget(noun)
  return doom.died ? { died: doom.died } : { died: null, result }
}

/** Counts calls, and ends the world at one of them. */
class Doom {
  readonly #at: { call: number; when: 'before' | 'after' }
  #calls = 0
  died: CrashPoint | null = null

  constructor(at: { call: number; when: 'before' | 'after' }) {
    this.#at = at
  }

  async run<T>(name: string, effect: () => Promise<T>): Promise<T> {
    const dies = this.enter(name)
    const result = await effect()
    this.leave(name, dies)
    return result
  }

  /** True where this call is the one that dies after its effect. */
  enter(name: string): boolean {
    if (this.died) throw new Crash(`${name} after the crash`)
    const isIt = this.#calls++ === this.#at.call
    if (isIt && this.#at.when === 'before') this.#die(name)
    return isIt
  }

  leave(name: string, dies: boolean): void {
    if (dies) this.#die(name)
    if (this.died) throw new Crash(`${name} came back after the crash`)
  }

  #die(name: string): never {
    this.died = { ...this.#at, name }
    throw new Crash(`at ${name}`)
  }
}

/** Who has the leases of the process that dies. */
const mortalHolder = 'mortal'

/** The same ports, every call of which can be the last. */
function mortalPorts(ports: Ports, doom: Doom): { ports: Ports } & AsyncDisposable {
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
        const dies = doom.enter(called)
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
    doom.leave(called, doom.enter(`${called} chunk`))
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
  const query = (text: unknown, parameters: readonly unknown[] = []): unknown =>
    doom.run(String(text).slice(0, 60), () => client.query(String(text), [...parameters]))
  return {
    query: query as PostgresPoolClient['query'],
    release(destroy) {
      if (!open.delete(client)) return
      // A dead process's connections are gone, and with them what they had not committed.
      client.release(doom.died !== null || destroy)
    },
  }
}

/** Those of the dead process only: the living one must not lose what it holds. */
async function runOutLeases({ db }: Ports): Promise<void> {
  await db
    .updateTable('namespace_leases')
    .set({ expires_at: new Date(0) })
    .where('holder', '=', mortalHolder)
    .execute()
  await db
    .updateTable('namespace_lease_shares')
    .set({ expires_at: new Date(0) })
    .where('holder', '=', mortalHolder)
    .execute()
}

async function named(point: CrashPoint, check: () => Promise<void>): Promise<void> {
  try {
    await check()
  } catch (error) {
    throw new Error(`after a crash ${point.when} call ${point.call} (${point.name})`, {
      cause: error,
    })
  }
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
