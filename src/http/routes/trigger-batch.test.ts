import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { addKey, faultsIn } from '../../../test/support/asked.ts'
import { openFilms, type Films } from '../../../test/support/films.ts'
import type { Answer } from '../../../test/support/server.ts'

let films: Films

before(async () => {
  films = await openFilms()
  const bucket_schema = { properties: { plot: { type: 'text' } } }
  for (const name of ['plots', 'empty', 'unread'])
    await films.made('POST /v1/buckets', [], { name, bucket_schema })
  for (const name of ['plots', 'empty'])
    for (const extractor of ['text_extractor', 'passthrough_extractor'])
      await films.made('POST /v1/collections', [], {
        name: `${name} by ${extractor}`,
        source: { type: 'bucket', bucket_id: name },
        feature_extractors: [{ feature_extractor_name: extractor, version: 'v1' }],
      })
})
after(() => films[Symbol.asyncDispose]())

const trigger = 'POST /v1/buckets/{}/batches/trigger'

async function object(data: string, bucket = 'plots'): Promise<string> {
  const blobs = [{ property: 'plot', type: 'text', data }]
  const made = await films.made('POST /v1/buckets/{}/objects', [bucket], { blobs })
  return made.object_id
}

describe('POST /v1/buckets/{}/batches/trigger', () => {
  test('200 with a submitted batch over the whole bucket; it ends with a document of each object', async () => {
    const ids = [await object('A man sells fish.'), await object('A shark eats a man.')]

    const answer = await films.made(trigger, ['plots'])
    const task = await films.ended(answer.task_id)

    assert.match(answer.batch_id, /^btch_/)
    assert.notEqual(answer.status, 'DRAFT')
    assert.deepEqual(answer.object_ids, ids)
    assert.equal(task.status, 'COMPLETED')
    assert.equal(task.additional_data.progress.written, 4)
  })

  test('takes the object_ids and collection_ids that the body names, and nothing else', async () => {
    const one = await object('Two friends travel.')
    await object('A storm comes.')

    const answer = await films.made(trigger, ['plots'], {
      object_ids: [one],
      collection_ids: ['plots by passthrough_extractor'],
    })
    const task = await films.ended(answer.task_id)

    assert.deepEqual(answer.object_ids, [one])
    assert.equal(answer.collection_ids.length, 1)
    assert.equal(task.additional_data.progress.written, 1)
  })

  test('400 for an empty bucket, an empty list, and a bucket that no collection reads; no batch is left', async () => {
    await object('Nobody reads this.', 'unread')
    for (const [bucket, body, says] of [
      ['empty', {}, /'empty' has no objects/],
      ['plots', { object_ids: [] }, /no objects/],
      ['unread', {}, /No enabled collection reads/],
    ] as const) {
      const before = await batchCount(bucket)
      const { status, answer } = await films.ask(trigger, { path: [bucket], body })
      assert.equal(status, 400, bucket)
      assert.match(answer.error.message, says)
      assert.equal(await batchCount(bucket), before)
    }
  })

  test('404 for foreign objects, collections and buckets, 422 for wrong kinds, 401 and 403', async () => {
    const foreign = await object('Elsewhere.', 'unread')
    const ask = (body: object, more = {}) => films.ask(trigger, { path: ['plots'], body, ...more })

    assert.equal((await ask({ object_ids: [foreign] })).status, 404)
    assert.equal((await ask({ collection_ids: ['col_no'] })).status, 404)
    assert.equal((await ask({}, { namespace: 'other' })).status, 404)
    const wrong = await ask({ object_ids: 'all' })
    assert.equal(wrong.status, 422)
    assert.ok(faultsIn(wrong.answer)[0]?.startsWith('body.object_ids'))
    assert.equal((await ask({}, { as: null })).status, 401)
    assert.equal((await ask({}, { as: await addKey(films.server, 'read') })).status, 403)
  })
})

async function batchCount(bucket: string): Promise<Answer> {
  const answer = await films.made('POST /v1/buckets/{}/batches/list', [bucket], {})
  return answer.total_count
}
