import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { openClient, type Client } from '../../src/cli/demo/client.ts'
import { createResources, uploadObjects } from '../../src/cli/demo/ingest.ts'
import { readSynsets } from '../../src/cli/demo/wordnet.ts'
import { openDatabase, type Database } from '../../src/store/database.ts'
import {
  adminKeyOf,
  databaseUrlOf,
  startServe,
  startWorker,
  type FolderProcess,
} from '../support/folder-processes.ts'
import type { Answer } from '../support/server.ts'

const perBatch = 60
const batchCount = 3
/** What the namespace may run at once; fewer than there are workers for. */
const jobsMax = 2
const isOpen: ReadonlySet<string> = new Set(['PENDING', 'IN_PROGRESS', 'PROCESSING'])

/** How a batch of a task stands. */
interface Progress {
  accepted: number
  written: number
  failed: number
  skipped: number
  pending: number
  documents: number
}

describe('two servers and three workers on one data folder', () => {
  const stack = new AsyncDisposableStack()
  const ports: { apis: Client[]; workers: FolderProcess[] } = { apis: [], workers: [] }
  let owner: FolderProcess
  let folder: string
  let database: Database
  let made: Awaited<ReturnType<typeof createResources>>
  let ids: string[]

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nacre-workers-'))
    stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 20 }))
    owner = stack.use(await startServe(folder))
    const second = stack.use(await startServe(folder))
    for (let i = 0; i < 3; i++) ports.workers.push(stack.use(await startWorker(folder)))
    const key = await adminKeyOf(folder)
    const client = openClient(owner.url, key)
    made = await createResources(client)
    ports.apis = [owner, second].map(({ url }) => openClient(url, key, made.namespaceId))
    database = stack.use(await openDatabase(await databaseUrlOf(folder), { connectionsMax: 2 }))
    await client.call('PATCH', `/v1/namespaces/${made.namespaceId}`, {
      infrastructure: {
        qdrant_collection: made.namespaceId,
        max_concurrent_jobs: jobsMax,
      },
    })
    const synsets = (await readSynsets()).slice(0, perBatch * batchCount)
    ids = await uploadObjects(apiOf(1), made.bucketId, synsets, () => {})
  })
  after(async () => await stack.disposeAsync())

  test('what one of them changes the others see, and each reads what another wrote', async () => {
    const [first, second] = [apiOf(0), apiOf(1)]
    const path = `/v1/namespaces/${made.namespaceId}`

    const [one, other] = await Promise.all([first, second].map((api) => api.call('GET', path)))

    assert.deepEqual(one, other)
    const counts = await Promise.all([first, second].map((api) => countOf(api)))
    assert.deepEqual(counts, [0, 0])
  })

  test('a worker that is killed has its jobs taken over within 15 s; each object is counted once, no document is there twice, and no more jobs run at once than may', async (t: TestContext) => {
    const taskIds: string[] = []
    for (let i = 0; i < batchCount; i++) taskIds.push(await submit(apiOf(i % 2), i))
    const killing = killOneAtWork(database, ports.workers)
    const atOnce = await ended(taskIds)

    const takenOverMs = await killing
    t.diagnostic(`taken over after ${Math.round(takenOverMs)} ms`)
    assert.ok(takenOverMs < 15_000, `taken over after ${takenOverMs} ms`)
    assert.ok(atOnce <= jobsMax, `${atOnce} at once`)
    await eachOnce(perBatch * batchCount)
  })

  test('while the owner of the engines is gone the others answer 503; when it is back they go on, and so does the batch', async () => {
    const more = (await readSynsets()).slice(perBatch * batchCount, perBatch * (batchCount + 1))
    ids.push(...(await uploadObjects(apiOf(1), made.bucketId, more, () => {})))
    const taskId = await submit(apiOf(1), batchCount)
    while ((await placesTaken(database)) === 0) await sleep(5)
    await owner.kill()

    await assert.rejects(apiOf(1).call('GET', `/v1/tasks/${taskId}`), /503/)
    owner = stack.use(await startServe(folder))
    ports.apis[0] = openClient(owner.url, await adminKeyOf(folder), made.namespaceId)

    await ended([taskId])
    await eachOnce(perBatch * (batchCount + 1))
  })

  /** Looks at the tasks through both servers until they are done; answers how many jobs ran at once at the most. */
  async function ended(taskIds: readonly string[]): Promise<number> {
    const written = new Map<string, number>()
    for (let atOnce = 0, look = 0; ; look++) {
      const ask = (id: string, i: number) =>
        apiOf((i + look) % 2).call<Answer>('GET', `/v1/tasks/${id}`)
      const tasks = await Promise.all(taskIds.map(ask))
      for (const task of tasks) checkSums(task, written)
      atOnce = Math.max(atOnce, await placesTaken(database))
      if (tasks.every(({ status }) => !isOpen.has(status))) {
        for (const task of tasks) assert.equal(task.status, 'COMPLETED', task.error)
        return atOnce
      }
      await sleep(50)
    }
  }

  async function eachOnce(count: number): Promise<void> {
    for (const api of ports.apis) {
      const positions = await positionsOf(api)
      assert.equal(new Set(positions).size, positions.length, 'a document is there twice')
      assert.equal(new Set(positions.map((position) => position.split(' ')[0])).size, count)
      assert.equal(await countOf(api), positions.length)
    }
  }

  function apiOf(i: number): Client {
    const api = ports.apis[i]
    if (!api) throw new Error(`There is no server ${i}.`)
    return api
  }

  async function submit(api: Client, i: number): Promise<string> {
    const batches = `/v1/buckets/${made.bucketId}/batches`
    const object_ids = ids.slice(i * perBatch, (i + 1) * perBatch)
    const { batch_id: id } = await api.call<Answer>('POST', batches, { object_ids })
    return (await api.call<Answer>('POST', `${batches}/${id}/submit`)).task_id
  }

  async function countOf(api: Client): Promise<number> {
    const path = `/v1/namespaces/${made.namespaceId}`
    return (await api.call<Answer>('GET', path)).document_count
  }

  /** `object chunk` of every document, page by page. */
  async function positionsOf(api: Client): Promise<string[]> {
    const positions: string[] = []
    let cursor: string | null = null
    do {
      const path = `/v1/collections/${made.collectionId}/documents/list`
      const body: object = { limit: 500, ...(cursor !== null && { cursor }) }
      const page: Answer = await api.call('POST', path, body)
      for (const { _internal: internal, chunk_index: chunk } of page.results)
        positions.push(`${internal.lineage.source_object_id} ${chunk}`)
      cursor = page.pagination.next_cursor
    } while (cursor !== null)
    return positions
  }
})

/** At every look the rows sum, and what is written stays written. */
function checkSums(task: Answer, written: Map<string, number>): void {
  const progress: Progress = task.additional_data.progress
  assert.equal(progress.accepted, perBatch)
  const { accepted, failed, skipped, pending } = progress
  assert.equal(accepted, progress.written + failed + skipped + pending)
  assert.ok(progress.written >= (written.get(task.task_id) ?? 0), 'written went back')
  written.set(task.task_id, progress.written)
}

/** Kills the first worker that is found to run a job; answers after how many ms that job was another's. */
async function killOneAtWork({ db }: Database, workers: readonly FolderProcess[]): Promise<number> {
  for (;;) {
    const places = await db.selectFrom('job_places').select(['job_id', 'holder', 'place']).execute()
    for (const { job_id, holder, place } of places) {
      const worker = workers.find(({ pid }) => holder.endsWith(`/${pid}`))
      if (!worker) continue
      await worker.kill()
      const left = await db
        .selectFrom('job_places')
        .where('place', '=', place)
        .select('job_id')
        .execute()
      // It had just ended: the next one that is found at work.
      if (left.length === 0) continue
      const killedAt = performance.now()
      await untilTaken(db, job_id, place)
      return performance.now() - killedAt
    }
    await sleep(5)
  }
}

/** Until another worker runs the job, or has ended it. */
async function untilTaken(db: Database['db'], jobId: string, place: string): Promise<void> {
  for (;;) {
    const { rows } = await sql<{ state: string; place: string | null }>`
      select j.state, p.place from pgboss.job j left join job_places p on p.job_id = j.id
      where j.id = ${jobId}`.execute(db)
    const [job] = rows
    if (job?.state === 'completed') return
    if (job?.state === 'active' && job.place !== null && job.place !== place) return
    await sleep(20)
  }
}

async function placesTaken({ db }: Database): Promise<number> {
  return (await db.selectFrom('job_places').select('job_id').execute()).length
}
