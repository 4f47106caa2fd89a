import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { addKey, faultsIn } from '../../../test/support/asked.ts'
import { openFilms, type Films } from '../../../test/support/films.ts'
import type { Answer } from '../../../test/support/server.ts'

let films: Films
let reader: string
let collectionId: string

before(async () => {
  films = await openFilms()
  reader = await addKey(films.server, 'read')
  const bucket_schema = { properties: { plot: { type: 'string' } } }
  for (const bucket_name of ['plots', 'unread'])
    await films.made('POST /v1/buckets', [], { bucket_name, bucket_schema })
  const collection = await films.made('POST /v1/collections', [], {
    collection_name: 'plots',
    source: { type: 'bucket', bucket_id: 'plots' },
    feature_extractor: {
      feature_extractor_name: 'text_extractor',
      version: 'v1',
      input_mappings: { text: 'plot' },
    },
  })
  collectionId = collection.collection_id
})
after(async () => {
  await films[Symbol.asyncDispose]()
})

const base = '/v1/buckets/{}/batches'
const submit = `POST ${base}/{}/submit`
const cancel = `POST ${base}/{}/cancel`
const retry = `POST ${base}/{}/retry`
const failedOf = (batchId: string, query = ''): Promise<Answer> =>
  films
    .ask(`GET ${base}/{}/failed-documents`, { path: ['plots', batchId], query })
    .then(({ answer }) => answer)

async function objectsOf(texts: readonly string[], bucket = 'plots'): Promise<string[]> {
  const ids: string[] = []
  for (let i = 0; i < texts.length; i += 100) {
    const objects = texts.slice(i, i + 100).map((plot) => ({ plot }))
    const answer = await films.made('POST /v1/buckets/{}/objects/batch', [bucket], { objects })
    ids.push(...answer.succeeded.map((object: Answer) => object.object_id))
  }
  return ids
}

async function batchOf(texts: readonly string[]): Promise<Answer> {
  return await films.made(`POST ${base}`, ['plots'], { object_ids: await objectsOf(texts) })
}

describe('POST /v1/buckets/{}/batches', () => {
  test('200 with a DRAFT in the order given, also without objects at first', async () => {
    const object_ids = await objectsOf(['a', 'b', 'c'])

    const answer = await films.made(`POST ${base}`, ['plots'], {
      object_ids: object_ids.slice(0, 2),
      batch_name: 'first',
      metadata: { a: 1 },
    })
    const empty = await films.made(`POST ${base}`, ['plots'], {})
    const added = await films.made(`POST ${base}/{}/objects`, ['plots', answer.batch_id], {
      object_ids: [object_ids[2]],
    })

    assert.match(answer.batch_id, /^btch_/)
    assert.deepEqual(
      [answer.status, answer.batch_name, answer.metadata],
      ['DRAFT', 'first', { a: 1 }],
    )
    assert.deepEqual(empty.object_ids, [])
    assert.deepEqual(added.object_ids, object_ids)
    assert.equal(added.total_tiers, 1)
  })

  test('404 for an object that is absent or in another bucket, and nothing is made', async () => {
    const foreign = await objectsOf(['x'], 'unread')

    for (const object_ids of [foreign, ['obj_00000000000000000000']]) {
      const { status, answer } = await films.ask(`POST ${base}`, {
        path: ['plots'],
        body: { object_ids },
      })
      assert.equal(status, 404)
      assert.deepEqual(
        [answer.error.details.resource, answer.error.details.id],
        ['object', object_ids[0]],
      )
    }
    const body = { collection_ids: ['col_no'] }
    assert.equal((await films.ask(`POST ${base}`, { path: ['plots'], body })).status, 404)
  })

  test('422 for ids of the wrong kind, 401, 403, and 404 for a bucket of another namespace', async () => {
    const step = { path: ['plots'], body: {} }

    const wrong = await films.ask(`POST ${base}`, { path: ['plots'], body: { object_ids: [5] } })
    assert.equal(wrong.status, 422)
    assert.ok(faultsIn(wrong.answer)[0]?.startsWith('body.object_ids.0'))
    assert.equal((await films.ask(`POST ${base}`, { ...step, as: null })).status, 401)
    assert.equal((await films.ask(`POST ${base}`, { ...step, as: reader })).status, 403)
    assert.equal((await films.ask(`POST ${base}`, { ...step, namespace: 'other' })).status, 404)
  })
})

describe('POST /v1/buckets/{}/batches/{}/submit', () => {
  test('200 with a task; a second time the same task, and objects are added no more', async () => {
    const { batch_id } = await batchOf(['A man sells fish.', 'A shark eats a man.'])
    const path = ['plots', batch_id]

    const first = await films.made(submit, path)
    const second = await films.made(submit, path)
    const task = await films.ended(first.task_id)

    assert.equal(second.task_id, first.task_id)
    assert.equal(task.status, 'COMPLETED')
    assert.equal(task.task_type, 'api_buckets_batches_process')
    const { progress, ...told } = task.additional_data
    assert.deepEqual(progress, {
      accepted: 2,
      written: 2,
      failed: 0,
      skipped: 0,
      pending: 0,
      documents: 2,
      percent: 100,
    })
    assert.equal(told.batch_id, batch_id)
    assert.equal(told.object_count, 2)
    const batch = await films.made(`GET ${base}/{}`, path)
    assert.equal(batch.status, 'COMPLETED')
    assert.deepEqual(batch.dag_tiers, [[collectionId]])
    const [tier] = batch.tier_tasks
    assert.deepEqual([tier.status, tier.documents_written], ['COMPLETED', 2])
    const add = { path, body: { object_ids: batch.object_ids } }
    assert.equal((await films.ask(`POST ${base}/{}/objects`, add)).status, 409)
  })

  test('400 where there are no objects, or no collection reads the bucket; 404 for another bucket', async () => {
    const { batch_id } = await films.made(`POST ${base}`, ['plots'], {})
    const object_ids = await objectsOf(['x'], 'unread')
    const unread = await films.made(`POST ${base}`, ['unread'], { object_ids })

    assert.equal((await films.ask(submit, { path: ['plots', batch_id] })).status, 400)
    assert.equal((await films.ask(submit, { path: ['unread', unread.batch_id] })).status, 400)
    const named = { path: ['unread', unread.batch_id], body: { collection_ids: [collectionId] } }
    assert.equal((await films.ask(submit, named)).status, 400)
    assert.equal((await films.ask(submit, { path: ['unread', batch_id] })).status, 404)
  })

  test('auto_process submits what it created, and its objects say how they ended', async () => {
    const { answer } = await films.ask('POST /v1/buckets/{}/objects/batch', {
      path: ['plots'],
      query: '?auto_process=true',
      body: { objects: [{ plot: 'A film.' }, { plot: '一只狗在叫' }] },
    })
    const { results } = await films.made(`POST ${base}/list`, ['plots'], { limit: 1 })

    await films.ended(results[0].task_id)

    const statuses = []
    for (const { object_id } of answer.succeeded) {
      const object = await films.made('GET /v1/buckets/{}/objects/{}', ['plots', object_id])
      statuses.push([object.status, object.error !== null])
    }
    assert.deepEqual(statuses, [
      ['COMPLETED', false],
      ['FAILED', true],
    ])
  })
})

describe('failed rows', () => {
  test('are told with their reason, retried alone, and end as the others did', async () => {
    const object_ids = await objectsOf(['A man sells fish.', '', '一只狗在叫'])
    const { batch_id } = await films.made(`POST ${base}`, ['plots'], { object_ids })
    const path = ['plots', batch_id]
    const first = await films.made(submit, path)
    const task = await films.ended(first.task_id)

    assert.equal(task.status, 'COMPLETED_WITH_ERRORS')
    assert.match(task.error, /^2 of 3 failed/)
    assert.equal(task.error_message, task.error)
    const failed = await failedOf(batch_id)
    assert.equal(failed.total, 2)
    const byId = new Map(failed.failed_documents.map((row: Answer) => [row.object_id, row]))
    const [empty, chinese]: Answer[] = [byId.get(object_ids[1]), byId.get(object_ids[2])]
    assert.match(empty.message, /empty/)
    assert.match(chinese.message, /EMBEDDING_MODEL/)
    assert.deepEqual(
      [chinese.error_type, chinese.retryable, chinese.retry_count, chinese.collection_id],
      ['validation', false, 0, collectionId],
    )
    assert.equal((await failedOf(batch_id, '?limit=1&offset=1')).failed_documents.length, 1)
    assert.equal((await failedOf(batch_id, '?tier_num=1')).total, 0)
    assert.equal((await failedOf(batch_id, '?collection_id=col_no')).total, 0)
    const before = await documentOf(object_ids[0])

    const transient = await films.made(retry, path)
    assert.deepEqual([transient.retried_count, transient.task_id], [0, null])
    await films.made('PATCH /v1/buckets/{}/objects/{}', ['plots', object_ids[1] ?? ''], {
      plot: 'No longer empty.',
    })
    const all = await films.made(retry, path, { retry_mode: 'all' })
    const again = await films.ended(all.task_id)

    assert.equal(all.retried_count, 2)
    assert.notEqual(all.task_id, first.task_id)
    const { written, failed: still } = again.additional_data.progress
    assert.deepEqual([written, still], [2, 1])
    const [left] = (await failedOf(batch_id)).failed_documents
    assert.deepEqual([left.object_id, left.retry_count], [object_ids[2], 1])
    assert.deepEqual(await documentOf(object_ids[0]), before, 'a written row was done again')
    const over = await films.made(retry, path, { retry_mode: 'all', max_retry_count: 1 })
    assert.equal(over.retried_count, 0)
  })

  test('409 for a retry of what has not ended, 422 for a mode that there is none of', async () => {
    const { batch_id } = await batchOf(['x'])
    const ask = (body: object) => films.ask(retry, { path: ['plots', batch_id], body })

    assert.equal((await ask({})).status, 409)
    assert.equal((await ask({ retry_mode: 'some' })).status, 422)
    assert.equal((await ask({ max_retry_count: 11 })).status, 422)
  })

  test('a batch of which nothing can be written ends FAILED', async () => {
    const { batch_id } = await batchOf(['一只狗在叫'])
    const { task_id } = await films.made(submit, ['plots', batch_id])

    assert.equal((await films.ended(task_id)).status, 'FAILED')
    const batch = await films.made(`GET ${base}/{}`, ['plots', batch_id])
    assert.deepEqual(batch.error_summary, { validation: 1 })
  })

  test('stand with their reasons on the batch, its tiers, its jobs and its task', async () => {
    const { batch_id } = await batchOf(['A man sells fish.', '一只狗在叫', '一只猫在叫'])
    const { task_id } = await films.made(submit, ['plots', batch_id])
    const task = await films.ended(task_id)
    const batch = await films.made(`GET ${base}/{}`, ['plots', batch_id])

    const [tier] = batch.tier_tasks
    for (const { accepted, written, failed, skipped, pending } of [batch.progress, tier.progress])
      assert.deepEqual([accepted, written, failed, skipped, pending], [3, 1, 2, 0, 0])
    assert.deepEqual(tier.error_summary, { validation: 2 })
    for (const errors of [
      tier.errors,
      tier.extractor_jobs[0].errors,
      task.additional_data.errors,
    ]) {
      const rows = errors.reduce((sum: number, error: Answer) => sum + error.affected_count, 0)
      assert.equal(rows, 2)
      assert.equal(errors[0].error_type, 'validation')
      assert.match(errors[0].message, /EMBEDDING_MODEL/)
      assert.ok(batch.object_ids.includes(errors[0].metadata.sample_source_id))
    }
  })
})

describe('DELETE /v1/buckets/{}/objects/{}?cascade=true', () => {
  test('204 when the object and every document made of it are gone, those of others still there; then 404', async () => {
    const { batch_id, object_ids } = await batchOf(['A man sells fish.', 'A shark eats a man.'])
    await films.ended((await films.made(submit, ['plots', batch_id])).task_id)
    const [first = '', second = ''] = object_ids
    assert.equal((await documentOf(first)).length, 1)
    const remove = { path: ['plots', first], query: '?cascade=true' }

    assert.equal((await films.ask('DELETE /v1/buckets/{}/objects/{}', remove)).status, 204)
    assert.equal((await films.ask('DELETE /v1/buckets/{}/objects/{}', remove)).status, 404)

    assert.deepEqual(await documentOf(first), [])
    assert.equal((await documentOf(second)).length, 1)
    const alone = { path: ['plots', second] }
    assert.equal((await films.ask('DELETE /v1/buckets/{}/objects/{}', alone)).status, 204)
    assert.equal((await documentOf(second)).length, 1, 'without cascade documents stay')
  })
})

describe('a batch under way', () => {
  test('moves its progress while it runs, and a cancel in the middle ends it with true sums', async () => {
    const texts = Array.from({ length: 1_500 }, (_, i) => `Film number ${i} is about a shark.`)
    const { batch_id } = await batchOf(texts)
    const path = ['plots', batch_id]
    const { task_id } = await films.made(submit, path)
    const seen = new Set<number>()
    while (seen.size < 4) {
      const { status, additional_data: told } = await films.made('GET /v1/tasks/{}', [task_id])
      assert.ok(!['COMPLETED', 'FAILED'].includes(status), 'it ended before any progress was seen')
      assertSums(told.progress, texts.length)
      seen.add(told.progress.written)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    assert.equal((await films.ask(retry, { path })).status, 409)

    const cancelled = await films.made(cancel, path)
    const again = await films.made(cancel, path)

    assert.deepEqual([cancelled.status, cancelled.task_id], ['CANCELED', task_id])
    assert.equal(again.status, 'CANCELED')
    const { progress } = await settled(task_id)
    assertSums(progress, texts.length)
    assert.equal(progress.pending, 0)
    assert.ok(progress.written > 0 && progress.skipped > 0, JSON.stringify(progress))
    const stats = await films.made('POST /v1/buckets/{}/objects/list', ['plots'], {
      filters: { field: 'plot', operator: 'contains', value: 'is about a shark' },
      include_total: true,
      limit: 1_000,
    })
    const done = stats.results.filter(({ status }: Answer) => status === 'COMPLETED').length
    const draft = stats.results.filter(({ status }: Answer) => status === 'DRAFT').length
    assert.equal(done + draft, 1_000, 'no object is left waiting')
    const batch = await films.made(`GET ${base}/{}`, path)
    assert.equal(batch.status, 'CANCELED')
  })

  test('is cancelled by its deletion, after which it is gone with its rows', async () => {
    const { batch_id } = await batchOf(Array.from({ length: 300 }, (_, i) => `Another film ${i}.`))
    const { task_id } = await films.made(submit, ['plots', batch_id])

    const answer = await films.made(`DELETE ${base}/{}`, ['plots', batch_id])

    assert.equal(answer.success, true)
    assert.equal((await films.ended(task_id)).status, 'CANCELED')
    assert.equal((await films.ask(`GET ${base}/{}`, { path: ['plots', batch_id] })).status, 404)
    const { db } = films.server.ports
    for (const table of ['batch_objects', 'ingest_ledger'] as const) {
      const rows = await db.selectFrom(table).selectAll().where('batch_id', '=', batch_id).execute()
      assert.deepEqual(rows, [])
    }
  })
})

describe('GET, PATCH and list of batches', () => {
  test('200 for new metadata, 404 through another bucket or namespace', async () => {
    const { batch_id } = await batchOf(['x'])
    const patched = await films.made(`PATCH ${base}/{}`, ['plots', batch_id], {
      metadata: { b: 2 },
    })

    assert.deepEqual(patched.metadata, { b: 2 })
    for (const step of [
      { path: ['unread', batch_id] },
      { path: ['plots', batch_id], namespace: 'other' },
      { path: ['plots', 'btch_000000000000'] },
    ]) {
      assert.equal((await films.ask(`GET ${base}/{}`, step)).status, 404)
      assert.equal((await films.ask(`DELETE ${base}/{}`, step)).status, 404)
    }
  })

  test('200 newest first, by status and collection, in both styles and by cursor', async () => {
    const made: string[] = []
    for (let i = 0; i < 3; i++) made.unshift((await batchOf([`listed ${i}`])).batch_id)
    const list = async (body: object, query = ''): Promise<Answer> => {
      const { answer } = await films.ask(`POST ${base}/list`, { path: ['plots'], body, query })
      return answer
    }
    const ids = ({ results }: Answer) => results.map((batch: Answer) => batch.batch_id)

    const drafts = await list({ status: 'DRAFT', limit: 2 })
    assert.deepEqual(ids(drafts), made.slice(0, 2))
    assert.ok(drafts.total_count > 2)
    const next = `?limit=1&cursor=${encodeURIComponent(drafts.pagination.next_cursor)}`
    assert.deepEqual(ids(await list({ status: 'DRAFT' }, next)), made.slice(2))
    assert.deepEqual(ids(await list({ status: 'DRAFT' }, '?limit=1&offset=1')), made.slice(1, 2))
    const ran = await list({ collection_id: 'plots' })
    assert.ok(ran.results.length > 0)
    assert.ok(ran.results.every((batch: Answer) => batch.collection_ids[0] === collectionId))
  })
})

async function documentOf(objectId: string | undefined): Promise<Answer> {
  const { results } = await films.made('POST /v1/collections/{}/documents/list', ['plots'], {
    filters: { field: 'source_object_id', operator: 'eq', value: objectId },
  })
  return results
}

/** What a cancelled task tells once the job that ran has told what it still wrote. */
async function settled(taskId: string): Promise<Answer> {
  for (;;) {
    const { additional_data: told } = await films.made('GET /v1/tasks/{}', [taskId])
    const { answer } = await films.ask(`GET ${base}/{}`, { path: ['plots', told.batch_id] })
    const [tier] = answer.tier_tasks
    const count = await documentsOf(told.batch_id)
    if (count === tier.documents_written && count === told.progress.documents) return told
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Documents of the batch's objects that are in the engine. */
async function documentsOf(batchId: string): Promise<number> {
  const rows = await films.server.ports.db
    .selectFrom('batch_objects')
    .select('object_id')
    .where('batch_id', '=', batchId)
    .execute()
  const { vectors } = films.server.ports
  const { infrastructure } = await films.made('GET /v1/namespaces/{}', ['films'])
  const any = rows.map(({ object_id }) => object_id)
  const filter = { must: [{ key: '_internal.source_object_id', match: { any } }] }
  return await vectors.count(infrastructure.qdrant_collection, { filter, exact: true })
}

function assertSums(progress: Answer, accepted: number): void {
  const { written, failed, skipped, pending } = progress
  assert.equal(progress.accepted, accepted)
  assert.equal(written + failed + skipped + pending, accepted)
}
