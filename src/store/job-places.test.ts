import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { openTestDatabase, type TestDatabase } from '../../test/support/database.ts'
import { silentLogger as log } from '../../test/support/silent-logger.ts'
import { openQueue } from './open-queue.ts'
import type { ClaimedJob, Queue } from './queue.ts'
import type { Db } from './tables.ts'

const options = { concurrency: 4, attempts: 3, byNamespace: true }

describe('jobs of namespaces', () => {
  test('a namespace runs as many at once as it may over all workers, and no more; the others run beside them', async () => {
    await using database = await openDatabase({ ns_three: 3, ns_one: 1 })
    await using stack = new AsyncDisposableStack()
    // Long beside what claiming one takes on a busy machine: else three never run together.
    const jobs = counted(() => sleep(150))
    const [first] = await openWorkers(stack, database, 3, jobs.run)

    await first.addMany('ns_three', 24)
    await first.addMany('ns_one', 8)
    await jobs.reach(32, 30_000)

    assert.deepEqual(jobs.mostAtOnce(), { ns_three: 3, ns_one: 1 })
    assert.equal(new Set(jobs.started.map(({ i, of }) => `${of} ${i}`)).size, 32)
  })

  test('a limit that is changed holds for the jobs that are added from then on', async () => {
    await using database = await openDatabase({ ns_a: 1 })
    await using stack = new AsyncDisposableStack()
    // Long beside what adding one takes on a busy machine: else they never wait together.
    const jobs = counted(() => sleep(250))
    const [first] = await openWorkers(stack, database, 2, jobs.run)
    await first.addMany('ns_a', 4)
    await jobs.reach(4)
    assert.deepEqual(jobs.mostAtOnce(), { ns_a: 1 })

    await limit(database.db, 'ns_a', 4)
    await first.addMany('ns_a', 12)
    await jobs.reach(16, 20_000)

    assert.deepEqual(jobs.mostAtOnce(), { ns_a: 4 })
  })

  test('namespaces take turns, however many jobs one of them had waiting before', async () => {
    await using database = await openDatabase({ ns_many: 10, ns_few: 10 })
    await using stack = new AsyncDisposableStack()
    const jobs = counted(() => sleep(5))
    const queue = stack.use(await openQueue({ url: database.url, log }))
    const place = { queue, db: database.db }
    await addMany(place, 'ns_many', 60)
    await queue.work('note', { ...options, concurrency: 1 }, jobs.run)
    await jobs.reach(10)
    await addMany(place, 'ns_few', 10)
    await jobs.reach(70, 20_000)

    const first = jobs.started.findIndex(({ of }) => of === 'ns_few')
    const next = jobs.started.slice(first, first + 24).map(({ of }) => of)
    assert.equal(next.filter((of) => of === 'ns_few').length, 10, next.join(' '))
  })

  test('a chain of jobs gets its turn at once beside hundreds that wait', async () => {
    await using database = await openDatabase({ ns_many: 10, ns_chain: 10 })
    await using queue = await openQueue({ url: database.url, log })
    const place = { queue, db: database.db }
    const jobs = counted(async ({ of, i }) => {
      await sleep(5)
      if (of === 'ns_chain' && i < 9) await addOne(place, of, i + 1)
    })
    await addMany(place, 'ns_many', 120)
    await queue.work('note', { ...options, concurrency: 1 }, jobs.run)
    await jobs.reach(5)

    await addOne(place, 'ns_chain', 0)
    const seen = jobs.started.length
    await jobs.reach(130, 20_000)

    const last = jobs.started.findLastIndex(({ of }) => of === 'ns_chain')
    assert.ok(last - seen <= 30, `the tenth of the chain came after ${last - seen} jobs`)
  })

  test('the place of a worker that died is free as soon as its job is another worker’s', async () => {
    await using database = await openDatabase({ ns_a: 1 })
    await using queue = await openQueue({ url: database.url, log })
    const jobs = counted(() => Promise.resolve())
    await addMany({ queue, db: database.db }, 'ns_a', 2)
    // As a SIGKILL leaves it: claimed, in its place, and no heartbeat comes.
    await sql`update pgboss.job set state = 'active', started_on = now(), heartbeat_on = now()
      where id = (select id from pgboss.job where name = 'note' limit 1)`.execute(database.db)
    await sql`insert into job_places (job_id, place, queue, namespace_id, holder)
      select id, gen_random_uuid(), name, group_id, 'dead' from pgboss.job
      where state = 'active'`.execute(database.db)
    const diedAt = performance.now()

    await queue.work('note', options, jobs.run)
    await jobs.reach(2, 15_000)

    assert.ok(performance.now() - diedAt > 5_000, 'it held its place while it could be alive')
    await until(async () => (await placesTaken(database.db)) === 0)
  })

  test('a job of a namespace that is gone runs, to find that out', async () => {
    await using database = await openDatabase({})
    await using queue = await openQueue({ url: database.url, log })
    const jobs = counted(() => Promise.resolve())
    await queue.work('note', options, jobs.run)

    await addMany({ queue, db: database.db }, 'ns_gone', 1)

    await jobs.reach(1)
  })
})

interface Note {
  of: string
  i: number
}

/** Who runs beside whom, as the jobs themselves see it. */
function counted(work: (note: Note) => Promise<unknown>) {
  const started: Note[] = []
  let ended = 0
  const running = new Map<string, number>()
  const most: Record<string, number> = {}
  return {
    started,
    mostAtOnce: () => most,
    run: async ({ payload }: ClaimedJob): Promise<void> => {
      const note = payload as Note
      started.push(note)
      const now = (running.get(note.of) ?? 0) + 1
      running.set(note.of, now)
      most[note.of] = Math.max(most[note.of] ?? 0, now)
      await work(note)
      running.set(note.of, (running.get(note.of) ?? 1) - 1)
      ended += 1
    },
    reach: (count: number, limitMs = 10_000) => until(() => ended >= count, limitMs),
  }
}

/** Each with a queue of its own, as processes are. */
async function openWorkers(
  stack: AsyncDisposableStack,
  { url, db }: TestDatabase,
  count: number,
  run: (job: ClaimedJob) => Promise<void>,
) {
  const queues: Queue[] = []
  for (let i = 0; i < count; i++) queues.push(stack.use(await openQueue({ url, log })))
  for (const queue of queues) await queue.work('note', options, run)
  const [queue] = queues
  if (!queue) throw new Error('No worker was asked for.')
  return [{ addMany: (of: string, n: number) => addMany({ queue, db }, of, n) }] as const
}

async function addMany(place: { queue: Queue; db: Db }, of: string, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await addOne(place, of, i)
}

async function addOne({ queue, db }: { queue: Queue; db: Db }, of: string, i: number) {
  await queue.add(db, 'note', { of, i }, { namespaceId: of })
}

async function openDatabase(limits: Record<string, number>): Promise<TestDatabase> {
  const database = await openTestDatabase()
  const { db } = database
  await sql`insert into organizations (id, internal_id, name, account_type) values ('org_a', 'int_a', 'org', 'free')`.execute(
    db,
  )
  for (const [id, jobsMax] of Object.entries(limits)) {
    await sql`insert into namespaces (id, organization_id, name, namespace_type, state, generation, embedding)
      values (${id}, 'org_a', ${id}, 'standard', 'ready', 1, '{}')`.execute(db)
    await limit(db, id, jobsMax)
  }
  return database
}

async function limit(db: Db, id: string, jobsMax: number): Promise<void> {
  const infrastructure = JSON.stringify({ max_concurrent_jobs: jobsMax })
  await db.updateTable('namespaces').set({ infrastructure }).where('id', '=', id).execute()
}

async function placesTaken(db: Db): Promise<number> {
  return (await db.selectFrom('job_places').select('job_id').execute()).length
}

async function until(condition: () => boolean | Promise<boolean>, limitMs = 5_000): Promise<void> {
  const deadline = Date.now() + limitMs
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('the condition did not come true in time')
    await sleep(5)
  }
}
