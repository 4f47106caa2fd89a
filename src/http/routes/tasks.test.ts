import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { addKey, faultsIn } from '../../../test/support/asked.ts'
import { openFilms, type Films } from '../../../test/support/films.ts'
import type { Answer } from '../../../test/support/server.ts'

let films: Films
let reader: string
/** Oldest first: three deletions of buckets. */
const tasks: string[] = []

before(async () => {
  films = await openFilms()
  reader = await addKey(films.server, 'read')
  for (const bucket_name of ['a', 'b', 'c']) {
    await films.made('POST /v1/buckets', [], { bucket_name })
    const { task_id } = await films.made('DELETE /v1/buckets/{}', [bucket_name])
    await films.ended(task_id)
    tasks.push(task_id)
  }
})
after(async () => {
  await films[Symbol.asyncDispose]()
})

/** Clients ask for tasks without X-Namespace (contract 1.1). */
const ask = (key: string, step: object = {}) => films.ask(key, { namespace: undefined, ...step })
const list = async (body?: object, query = ''): Promise<Answer> => {
  const { status, answer } = await ask('POST /v1/tasks/list', { body, query })
  assert.equal(status, 200, JSON.stringify(answer))
  return answer
}
const ids = ({ results }: Answer): string[] => results.map((task: Answer) => task.task_id)

describe('GET /v1/tasks/{}', () => {
  test('200 with how it ended, kept after its work is gone', async () => {
    const { status, answer } = await ask('GET /v1/tasks/{}', { path: [tasks[0] ?? ''], as: reader })

    assert.equal(status, 200)
    assert.deepEqual([answer.status, answer.task_type], ['COMPLETED', 'api_buckets_delete'])
    assert.deepEqual([answer.error, answer.error_message], [null, null])
    assert.equal(answer.additional_data.bucket_name, 'a')
    assert.ok(Date.parse(answer.completed_at) >= Date.parse(answer.created_at))
  })

  test('404 for one that is not there, 401 without a key', async () => {
    const lost = await ask('GET /v1/tasks/{}', { path: ['task_00000000000000000000'] })

    assert.equal(lost.status, 404)
    assert.equal(lost.answer.error.details.resource, 'task')
    assert.equal((await ask('GET /v1/tasks/{}', { path: [tasks[0] ?? ''], as: null })).status, 401)
  })
})

describe('POST /v1/tasks/list', () => {
  test('200 newest first; by status, type, filter and search; in both styles and by cursor', async () => {
    const newest = tasks.toReversed()

    assert.deepEqual(ids(await list()), newest)
    assert.deepEqual(
      ids(await list({ status: 'COMPLETED', task_type: 'api_buckets_delete' })),
      newest,
    )
    assert.deepEqual(ids(await list({ status: 'FAILED' })), [])
    assert.deepEqual(ids(await list({ task_type: 'api_buckets_batches_process' })), [])
    const filters = { field: 'additional_data.bucket_name', operator: 'eq', value: 'b' }
    assert.deepEqual(ids(await list({ filters })), [tasks[1]])
    assert.deepEqual(ids(await list({ search: String(tasks[2]).toUpperCase() })), [tasks[2]])
    assert.deepEqual(ids(await list({ sort: { field: 'created_at' } })), tasks)
    assert.deepEqual(ids(await list({ limit: 1, offset: 1 })), [tasks[1]])
    const first = await list({}, '?limit=2&include_total=true')
    assert.equal(first.pagination.total, 3)
    const next = `?limit=2&cursor=${encodeURIComponent(first.pagination.next_cursor)}`
    assert.deepEqual([...ids(first), ...ids(await list({}, next))], newest)
  })

  test('422 for a status that there is none of', async () => {
    const { status, answer } = await ask('POST /v1/tasks/list', { body: { status: 'CANCELLED' } })

    assert.equal(status, 422)
    assert.ok(faultsIn(answer)[0]?.startsWith('body.status'))
  })
})

describe('DELETE /v1/tasks/{}', () => {
  test('200 for one that runs, that has ended, and that never was', async () => {
    const bucket_schema = { properties: { plot: { type: 'string' } } }
    await films.made('POST /v1/buckets', [], { bucket_name: 'plots', bucket_schema })
    await films.made('POST /v1/collections', [], {
      collection_name: 'plots',
      source: { type: 'bucket', bucket_id: 'plots' },
      feature_extractor: {
        feature_extractor_name: 'text_extractor',
        version: 'v1',
        input_mappings: { text: 'plot' },
      },
    })
    const objects = Array.from({ length: 100 }, (_, i) => ({
      plot: `A film with the number ${i}.`,
    }))
    for (let i = 0; i < 3; i++)
      await films.made('POST /v1/buckets/{}/objects/batch', ['plots'], { objects })
    const { task_id } = await films.made('POST /v1/collections/{}/trigger', ['plots'])
    const kill = (id: string) => ask('DELETE /v1/tasks/{}', { path: [id] })

    const killed = await kill(task_id)

    assert.deepEqual([killed.status, killed.answer.success], [200, true])
    const task = await films.ended(task_id)
    assert.equal(task.status, 'CANCELED')
    assert.ok(task.additional_data.progress.skipped > 0)
    for (const id of [task_id, tasks[0] ?? '', 'task_00000000000000000000']) {
      const again = await kill(id)
      assert.deepEqual([again.status, again.answer.success], [200, true])
    }
    assert.equal((await ask('DELETE /v1/tasks/{}', { path: [task_id], as: reader })).status, 403)
  })
})
