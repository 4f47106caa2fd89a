import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { openTestDatabase } from '../../test/support/database.ts'
import { silentLogger as log } from '../../test/support/silent-logger.ts'
import { openQueue } from './open-queue.ts'
import { JobRefused } from './queue.ts'
import type { ClaimedJob } from './queue.ts'
import type { Db } from './tables.ts'

const options = { concurrency: 1, attempts: 3 }
const retryDelaySeconds = () => 0.05

describe('openQueue()', () => {
  test('a job is worked on soon after the transaction that adds it commits, and not before', async () => {
    await using database = await openTestDatabase()
    await using queue = await openQueue({ url: database.url, log })
    const jobs = collect()
    await queue.work('note', options, jobs.run)
    let committedAt = 0

    await database.db.transaction().execute(async (tx) => {
      await queue.add(tx, 'note', { text: 'hello' })
      await sleep(300)
      assert.deepEqual(jobs.seen, [])
      committedAt = performance.now()
    })
    await jobs.reach(1)

    assert.deepEqual(jobs.seen, [{ payload: { text: 'hello' }, attempt: 1 }])
    assert.ok(performance.now() - committedAt < 1_000)
  })

  test('a job of a transaction that is rolled back never runs', async () => {
    await using database = await openTestDatabase()
    await using queue = await openQueue({ url: database.url, log })
    const jobs = collect()
    await queue.work('note', options, jobs.run)

    await assert.rejects(
      database.db.transaction().execute(async (tx) => {
        await queue.add(tx, 'note', { text: 'no' })
        throw new Error('rolled back')
      }),
    )
    await queue.add(database.db, 'note', { text: 'yes' })
    await jobs.reach(1)

    assert.deepEqual(jobs.payloads(), [{ text: 'yes' }])
  })

  test('many jobs added together are worked on one after the other without waiting for a poll', async () => {
    await using database = await openTestDatabase()
    await using queue = await openQueue({ url: database.url, log })
    const jobs = collect()

    await database.db.transaction().execute(async (tx) => {
      for (let i = 0; i < 20; i++) await queue.add(tx, 'note', { i })
    })
    await queue.work('note', options, jobs.run)
    await jobs.reach(20, 10_000)

    assert.deepEqual(
      jobs.payloads(),
      Array.from({ length: 20 }, (_, i) => ({ i })),
    )
  })

  test('a job that throws is tried again, as often as it has attempts, then given up', async () => {
    await using database = await openTestDatabase()
    await using queue = await openQueue({ url: database.url, log, retryDelaySeconds })
    const jobs = collect(() => {
      throw new Error('broken')
    })
    await queue.work('note', options, jobs.run)

    await queue.add(database.db, 'note', {})
    await until(async () => (await states(database.db)).includes('failed'))

    assert.deepEqual(
      jobs.seen.map(({ attempt }) => attempt),
      [1, 2, 3],
    )
  })

  test('a refused job is not tried again', async () => {
    await using database = await openTestDatabase()
    await using queue = await openQueue({ url: database.url, log, retryDelaySeconds })
    const jobs = collect(() => {
      throw new JobRefused('not so')
    })
    await queue.work('note', options, jobs.run)

    await queue.add(database.db, 'note', {})
    await until(async () => (await states(database.db)).includes('failed'))

    assert.equal(jobs.seen.length, 1)
  })

  test('one job waits for a singleton key, with the last payload; a running one does not count', async () => {
    await using database = await openTestDatabase()
    await using queue = await openQueue({ url: database.url, log })
    const gate = Promise.withResolvers<void>()
    const jobs = collect(() => gate.promise)
    const add = (i: number) => queue.add(database.db, 'note', { i }, { singletonKey: 'k' })

    await add(1)
    await add(2)
    await queue.work('note', options, jobs.run)
    await jobs.reach(1)
    await add(3)
    await add(4)
    gate.resolve()
    await jobs.reach(2)
    await sleep(100)

    assert.deepEqual(jobs.payloads(), [{ i: 2 }, { i: 4 }])
  })

  test('a waiting job with the same key is not claimed before the transaction that adds it again commits', async () => {
    await using database = await openTestDatabase()
    await using queue = await openQueue({ url: database.url, log })
    const jobs = collect()
    await queue.add(database.db, 'note', { i: 1 }, { singletonKey: 'k' })

    await database.db.transaction().execute(async (tx) => {
      await queue.add(tx, 'note', { i: 2 }, { singletonKey: 'k' })
      await queue.work('note', options, jobs.run)
      await sleep(200)
      assert.deepEqual(jobs.payloads(), [])
    })
    await jobs.reach(1)

    assert.deepEqual(jobs.payloads(), [{ i: 2 }])
  })

  test('a job that is withdrawn does not run, unless its transaction is rolled back; no other goes with it', async () => {
    await using database = await openTestDatabase()
    await using queue = await openQueue({ url: database.url, log })
    const jobs = collect()
    for (const key of ['taken', 'kept', 'other'])
      await queue.add(database.db, 'note', { key }, { singletonKey: key })
    await queue.add(database.db, 'memo', { key: 'taken' }, { singletonKey: 'taken' })

    await database.db.transaction().execute((tx) => queue.withdraw(tx, 'note', 'taken'))
    const rolledBack = database.db.transaction().execute(async (tx) => {
      await queue.withdraw(tx, 'note', 'kept')
      throw new Error('rolled back')
    })
    await assert.rejects(rolledBack, /rolled back/)
    await queue.withdraw(database.db, 'note', 'never added')
    await queue.work('note', options, jobs.run)
    await queue.work('memo', options, jobs.run)
    await jobs.reach(3)
    await sleep(100)

    assert.deepEqual(
      jobs
        .payloads()
        .map((payload) => (payload as { key: string }).key)
        .toSorted(),
      ['kept', 'other', 'taken'],
    )
  })

  test('a delayed job runs when its time has come', async () => {
    await using database = await openTestDatabase()
    await using queue = await openQueue({ url: database.url, log })
    const jobs = collect()
    await queue.work('note', options, jobs.run)
    const addedAt = performance.now()

    await queue.add(database.db, 'note', {}, { delaySeconds: 0.5 })
    await jobs.reach(1)

    assert.ok(performance.now() - addedAt >= 490)
  })

  test('requeueActive() hands out again what a dead process had claimed, without counting an attempt', async () => {
    await using database = await openTestDatabase()
    const dead = await openQueue({ url: database.url, log })
    const never = collect(() => new Promise(() => {}))
    await dead.work('note', options, never.run)
    await dead.add(database.db, 'note', { text: 'again' })
    await never.reach(1)
    // As a SIGKILL leaves it: the claim stands and nobody renews it.
    await using queue = await openQueue({ url: database.url, log })
    const jobs = collect()
    await queue.work('note', options, jobs.run)

    const requeued = await queue.requeueActive()
    await jobs.reach(1)

    assert.equal(requeued, 1)
    assert.deepEqual(jobs.seen, [{ payload: { text: 'again' }, attempt: 1 }])
    await dead[Symbol.asyncDispose]()
  })

  test('a job whose heartbeat stops is taken over within 15 s, without counting an attempt', async () => {
    await using database = await openTestDatabase()
    await using queue = await openQueue({ url: database.url, log })
    const jobs = collect()
    await queue.add(database.db, 'note', {})
    await sql`update pgboss.job set state = 'active', started_on = now(), heartbeat_on = now() where name = 'note'`.execute(
      database.db,
    )
    await queue.work('note', options, jobs.run)

    await jobs.reach(1, 15_000)

    assert.deepEqual(jobs.seen, [{ payload: {}, attempt: 1 }])
  })

  test('drain() waits for running jobs, then aborts them and gives them back', async () => {
    await using database = await openTestDatabase()
    const queue = await openQueue({ url: database.url, log })
    const aborted: unknown[] = []
    const jobs = collect(async ({ payload, signal }) => {
      if (JSON.stringify(payload).includes('quick')) return await sleep(100)
      await new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          aborted.push(payload)
          reject(new Error('stopped'))
        })
      })
    })
    await queue.work('note', { concurrency: 2, attempts: 3 }, jobs.run)
    await queue.add(database.db, 'note', { name: 'quick' })
    await queue.add(database.db, 'note', { name: 'slow' })
    await jobs.reach(2)

    await queue.drain(400)

    assert.deepEqual(aborted, [{ name: 'slow' }])
    assert.deepEqual((await states(database.db)).toSorted(), ['completed', 'retry'])
    await using next = await openQueue({ url: database.url, log })
    const again = collect()
    await next.work('note', options, again.run)
    await again.reach(1)
    assert.deepEqual(again.seen, [{ payload: { name: 'slow' }, attempt: 1 }])
  })
})

function collect(work: (job: ClaimedJob) => Promise<unknown> | void = () => {}) {
  const seen: { payload: unknown; attempt: number }[] = []
  return {
    seen,
    payloads: () => seen.map(({ payload }) => payload),
    run: async (job: ClaimedJob): Promise<void> => {
      seen.push({ payload: job.payload, attempt: job.attempt })
      await work(job)
    },
    reach: (count: number, limitMs = 5_000) => until(() => seen.length >= count, limitMs),
  }
}

async function states(db: Db): Promise<string[]> {
  const { rows } = await sql<{
    state: string
  }>`select state from pgboss.job where name = 'note'`.execute(db)
  return rows.map(({ state }) => state)
}

async function until(condition: () => boolean | Promise<boolean>, limitMs = 5_000): Promise<void> {
  const deadline = Date.now() + limitMs
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('the condition did not come true in time')
    await sleep(5)
  }
}
