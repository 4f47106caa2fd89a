import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { isFailure } from '../domain/failure.ts'
import { openTestDatabase } from '../../test/support/database.ts'
import { silentLogger as log } from '../../test/support/silent-logger.ts'
import { openDatabase } from './database.ts'
import { openNamespaceLeases } from './namespace-leases.ts'
import type { LeaseTimes } from './namespace-leases.ts'
import type { Db } from './tables.ts'

const ns = 'ns_films'
const quick: Partial<LeaseTimes> = { beatMs: 30, lingerMs: 100, pollMs: 5 }

describe('openNamespaceLeases()', () => {
  test('writers run together, also of two processes', async () => {
    await using two = await openTwo()
    const both = Promise.withResolvers<void>()
    let inside = 0
    const write = async () => {
      inside += 1
      if (inside === 3) both.resolve()
      await both.promise
    }

    await Promise.all([two.a.shared(ns, write), two.a.shared(ns, write), two.b.shared(ns, write)])

    assert.equal(inside, 3)
  })

  for (const where of ['this', 'another'] as const) {
    test(`an exclusive holder waits for writers of ${where} process, and keeps later ones out`, async () => {
      await using two = await openTwo()
      const gate = Promise.withResolvers<void>()
      const order: string[] = []

      const before = (where === 'this' ? two.a : two.b).shared(ns, async () => {
        await gate.promise
        order.push('before')
      })
      await until(async () => (await shares(two.db)) === 1)
      const alone = two.a.exclusive(ns, 'patching', async () => {
        await sleep(50)
        order.push('alone')
      })
      if (where === 'another') await until(async () => (await purpose(two.db)) === 'patching')
      const after = two.a.shared(ns, async () => void order.push('after'))
      await sleep(50)
      gate.resolve()
      await Promise.all([before, alone, after])

      assert.deepEqual(order, ['before', 'alone', 'after'])
    })
  }

  test('of two exclusive holders one waits, and tokens grow', async () => {
    await using two = await openTwo()
    const tokens: bigint[] = []
    let inside = 0
    const work = async ({ token }: { token: bigint }) => {
      inside += 1
      assert.equal(inside, 1)
      tokens.push(token)
      await sleep(10)
      inside -= 1
    }

    await Promise.all([two.a, two.b, two.a, two.b].map((leases) => leases.exclusive(ns, 'x', work)))

    assert.deepEqual(tokens, [1n, 2n, 3n, 4n])
  })

  test('who waits too long for an exclusive holder is told what it does', async () => {
    await using two = await openTwo({ sharedWaitMs: 100 })
    const gate = Promise.withResolvers<void>()
    const holding = two.a.exclusive(ns, 'changing payload indexes', () => gate.promise)
    await until(async () => (await purpose(two.db)) !== null)

    const told = (error: unknown) =>
      isFailure(error, 'conflict') && /changing payload indexes/.test(error.message)
    await assert.rejects(
      two.b.exclusive(ns, 'x', async () => {}, { waitMs: 50 }),
      told,
    )
    await assert.rejects(
      two.a.exclusive(ns, 'x', async () => {}, { waitMs: 50 }),
      told,
    )
    await assert.rejects(
      two.b.shared(ns, async () => {}),
      told,
    )
    await assert.rejects(
      two.a.shared(ns, async () => {}),
      told,
    )

    gate.resolve()
    await holding
    await two.b.exclusive(ns, 'x', async () => {})
  })

  test('an aborted wait throws its reason, and leaves nothing claimed', async () => {
    await using two = await openTwo()
    const gate = Promise.withResolvers<void>()
    const writing = two.b.shared(ns, () => gate.promise)
    await until(async () => (await shares(two.db)) === 1)
    const gone = new Error('the client went')

    const signal = AbortSignal.any([AbortSignal.timeout(50)])
    const aborted = new AbortController()
    setTimeout(() => aborted.abort(gone), 50)
    await assert.rejects(
      two.a.exclusive(ns, 'x', async () => {}, { signal: aborted.signal }),
      gone,
    )
    await assert.rejects(
      two.a.exclusive(ns, 'x', async () => {}, { signal }),
      { name: 'TimeoutError' },
    )

    assert.equal(await purpose(two.db), null)
    gate.resolve()
    await writing
  })

  test('most writes cost no SQL, and an unused share is given back', async () => {
    await using two = await openTwo()
    await two.a.shared(ns, async () => {})
    const before = await writes(two.db)

    for (let i = 0; i < 1_000; i++) await two.a.shared(ns, async () => {})

    assert.ok((await writes(two.db)) - before <= 5)
    await until(async () => (await shares(two.db)) === 0)
  })

  test('a writer that dies blocks an exclusive holder only until its row runs out', async () => {
    await using two = await openTwo({ lifeMs: 400 })
    await sql`insert into namespace_leases (namespace_id) values (${ns})`.execute(two.db)
    await sql`insert into namespace_lease_shares (namespace_id, holder, expires_at)
      values (${ns}, 'dead', clock_timestamp() + interval '300 milliseconds')`.execute(two.db)
    const startedAt = performance.now()

    await two.a.exclusive(ns, 'x', async () => {})

    assert.ok(performance.now() - startedAt >= 250)
  })

  test('an exclusive holder that dies blocks nobody longer than its row lives', async () => {
    await using two = await openTwo()
    await sql`insert into namespace_leases (namespace_id, token, holder, purpose, expires_at)
      values (${ns}, 7, 'dead', 'x', clock_timestamp() + interval '300 milliseconds')`.execute(
      two.db,
    )
    const startedAt = performance.now()

    await two.a.shared(ns, async () => {})
    const token = await two.b.exclusive(ns, 'x', async (lease) => lease.token)

    assert.ok(performance.now() - startedAt >= 250)
    assert.equal(token, 8n)
  })

  test('a holder works longer than its row lives, since it renews it', async () => {
    await using two = await openTwo({ lifeMs: 200 })

    await two.a.exclusive(ns, 'x', async (lease) => {
      const other = two.b.exclusive(ns, 'y', async () => {}, { waitMs: 500 })
      await Promise.all([assert.rejects(other, /x/), sleep(600)])
      await lease.check()
    })
  })

  test('check() throws where the lease was taken over', async () => {
    await using two = await openTwo()

    await two.a.exclusive(ns, 'x', async (lease) => {
      await lease.check()
      await sql`update namespace_leases set token = token + 1, holder = 'other' where namespace_id = ${ns}`.execute(
        two.db,
      )
      await assert.rejects(lease.check(), (error) => isFailure(error, 'conflict'))
    })
  })

  test('a use case inside a lease may call another on the same namespace', async () => {
    await using two = await openTwo()

    await two.a.exclusive(ns, 'outer', async (outer) => {
      await two.a.exclusive(ns, 'inner', async (inner) => assert.equal(inner.token, outer.token))
      await two.a.shared(ns, async () => {})
    })
    await two.a.shared(ns, async () => {
      const waiting = two.b.exclusive(ns, 'x', async () => {})
      await sleep(50)
      await two.a.shared(ns, async () => {})
      void waiting.catch(() => {})
    })
    await assert.rejects(
      two.a.shared(ns, () => two.a.exclusive(ns, 'up', async () => {})),
      /would wait for itself/,
    )
  })

  test('a namespace that does not exist is not_found', async () => {
    await using two = await openTwo()

    await assert.rejects(
      two.a.shared('ns_gone', async () => {}),
      (error) => isFailure(error, 'not_found'),
    )
    await assert.rejects(
      two.a.exclusive('ns_gone', 'x', async () => {}),
      (error) => isFailure(error, 'not_found'),
    )
  })

  test('what the work throws is thrown, and the lease is given back', async () => {
    await using two = await openTwo()

    await assert.rejects(
      two.a.exclusive(ns, 'x', () => Promise.reject(new Error('no'))),
      /no/,
    )
    await assert.rejects(
      two.a.shared(ns, () => Promise.reject(new Error('never'))),
      /never/,
    )

    await two.b.exclusive(ns, 'x', async () => {}, { waitMs: 1_000 })
  })

  test('a stream of writers in two processes does not starve an exclusive holder, nor the reverse', async () => {
    await using two = await openTwo()
    let isOver = false
    const writers = [two.a, two.a, two.b, two.b].map(async (leases) => {
      let written = 0
      while (!isOver) {
        await leases.shared(ns, () => sleep(5))
        written += 1
      }
      return written
    })

    for (let i = 0; i < 5; i++) await two.a.exclusive(ns, 'x', () => sleep(5), { waitMs: 5_000 })
    for (let i = 0; i < 5; i++) await two.b.exclusive(ns, 'x', () => sleep(5), { waitMs: 5_000 })
    isOver = true

    for (const written of await Promise.all(writers)) assert.ok(written > 0)
  })

  test('whatever two processes do in whatever order, nobody writes beside an exclusive holder', async () => {
    await using two = await openTwo({ lingerMs: 10 })
    let writers = 0
    let holders = 0
    let done = 0
    const work = (kind: 'shared' | 'exclusive') => async () => {
      if (kind === 'shared') writers += 1
      else holders += 1
      assert.ok(
        holders === 0 || (holders === 1 && writers === 0),
        `${holders} holders beside ${writers} writers`,
      )
      await sleep(Math.random() * 4)
      if (kind === 'shared') writers -= 1
      else holders -= 1
      done += 1
    }

    await Promise.all(
      Array.from({ length: 200 }, async (_, i) => {
        await sleep(Math.random() * 500)
        const leases = i % 2 === 0 ? two.a : two.b
        if (i % 8 < 2) await leases.exclusive(ns, 'x', work('exclusive'))
        else await leases.shared(ns, work('shared'))
      }),
    )

    assert.equal(done, 200)
    await until(async () => (await shares(two.db)) === 0 && (await purpose(two.db)) === null)
  })
})

/** Two processes' leases over one database: nothing is shared between them but its rows. */
async function openTwo(times: Partial<LeaseTimes> = {}) {
  const stack = new AsyncDisposableStack()
  const database = stack.use(await openTestDatabase())
  const other = stack.use(await openDatabase(database.url, { connectionsMax: 4 }))
  await insertNamespace(database.db)
  const a = stack.use(openNamespaceLeases({ db: database.db, log, times: { ...quick, ...times } }))
  const b = stack.use(openNamespaceLeases({ db: other.db, log, times: { ...quick, ...times } }))
  return { a, b, db: database.db, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

async function insertNamespace(db: Db): Promise<void> {
  await sql`insert into organizations (id, internal_id, name, account_type) values ('org', 'int', 'o', 'free')`.execute(
    db,
  )
  await sql`insert into namespaces (id, organization_id, name, namespace_type, state, generation, embedding)
    values (${ns}, 'org', 'films', 'standard', 'ready', 1, '{}')`.execute(db)
}

async function shares(db: Db): Promise<number> {
  return (await db.selectFrom('namespace_lease_shares').selectAll().execute()).length
}

async function purpose(db: Db): Promise<string | null> {
  return (await db.selectFrom('namespace_leases').selectAll().executeTakeFirst())?.purpose ?? null
}

/** Rows that the database has changed in the share table. */
async function writes(db: Db): Promise<number> {
  await sql`select pg_stat_force_next_flush(), pg_stat_clear_snapshot()`.execute(db)
  const { rows } = await sql<{ n: string }>`select n_tup_ins + n_tup_upd + n_tup_del as n
    from pg_stat_user_tables where relname = 'namespace_lease_shares'`.execute(db)
  return Number(rows[0]?.n)
}

async function until(condition: () => Promise<boolean>, limitMs = 5_000): Promise<void> {
  const deadline = Date.now() + limitMs
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('the condition did not come true in time')
    await sleep(5)
  }
}
