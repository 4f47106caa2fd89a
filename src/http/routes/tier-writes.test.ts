import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { addKey } from '../../../test/support/asked.ts'
import { openFilms, type Films } from '../../../test/support/films.ts'
import type { Answer } from '../../../test/support/server.ts'
import { markOutcomes } from '../../store/ingest-ledger.ts'

let films: Films
let reader: string
let batch: Answer
const base = '/v1/buckets/{}/batches'
const key = `POST ${base}/{}/tiers/{}/retry-qdrant-write`
const sums = async () =>
  (await films.made(`GET ${base}/{}`, ['films', batch.batch_id])).tier_tasks[0]

before(async () => {
  films = await openFilms()
  reader = await addKey(films.server, 'read')
  const bucket_schema = { properties: { title: { type: 'string' } } }
  await films.made('POST /v1/buckets', [], { bucket_name: 'films', bucket_schema })
  await films.made('POST /v1/collections', [], {
    collection_name: 'films',
    source: { type: 'bucket', bucket_ids: ['films'] },
    feature_extractor: { feature_extractor_name: 'passthrough_extractor', version: 'v1' },
  })
  const objects = ['Vertigo', 'Psycho', 'Rope'].map((title) => ({ title }))
  await films.made('POST /v1/buckets/{}/objects/batch', ['films'], { objects })
  batch = await films.made(`POST ${base}/trigger`, ['films'], {})
  await films.ended(batch.task_id)
})
after(async () => {
  await films[Symbol.asyncDispose]()
})

test('200: what failed at its write is made and written again, and what failed before is left alone', async () => {
  const [lost, unread] = batch.object_ids
  const collectionId = batch.tier_tasks[0].collection_ids[0]
  const fault = { state: 'failed', reason: 'Lost.' } as const
  // As a full disk and a broken extractor would have left them.
  await markOutcomes(films.server.ports.db, batch.batch_id, [
    { ...fault, errorType: 'resource', row: { collectionId, sourceId: lost }, documents: 1 },
    { ...fault, errorType: 'runtime', row: { collectionId, sourceId: unread } },
  ])
  assert.equal((await sums()).documents_written, 1)

  const { status, answer } = await films.ask(key, { path: ['films', batch.batch_id, '0'] })

  assert.equal(status, 200)
  assert.deepEqual([answer.retried_count, answer.tier_num], [1, 0])
  const task = await films.ended(answer.task_id)
  assert.equal(task.status, 'COMPLETED_WITH_ERRORS')
  assert.equal((await sums()).documents_written, 2)
  const { failed_documents: left } = await films.made(`GET ${base}/{}/failed-documents`, [
    'films',
    batch.batch_id,
  ])
  assert.deepEqual(
    left.map((row: Answer) => row.object_id),
    [unread],
  )
})

test('200 without a task where nothing failed at its write', async () => {
  const { answer } = await films.ask(key, { path: ['films', batch.batch_id, '0'] })

  assert.deepEqual([answer.retried_count, answer.task_id], [0, null])
})

test('404 for a tier or a batch that is not there, 409 for a DRAFT, 422 for a tier that is no number, 403 for a reader', async () => {
  const draft = await films.made(`POST ${base}`, ['films'], { object_ids: batch.object_ids })
  const status = async (...path: string[]) => (await films.ask(key, { path })).status

  assert.equal(await status('films', batch.batch_id, '1'), 404)
  assert.equal(await status('films', 'btch_none', '0'), 404)
  assert.equal(await status('films', draft.batch_id, '0'), 409)
  assert.equal(await status('films', batch.batch_id, 'first'), 422)
  const path = ['films', batch.batch_id, '0']
  assert.equal((await films.ask(key, { path, as: reader })).status, 403)
  assert.equal((await films.ask(key, { path, namespace: 'other' })).status, 404)
})
