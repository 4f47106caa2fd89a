import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { addKey, faultsIn } from '../../../test/support/asked.ts'
import { openFilms, type Films } from '../../../test/support/films.ts'

let films: Films
let reader: string
const path = ['films']
const get = 'GET /v1/collections/{}/lifecycle'
const patch = 'PATCH /v1/collections/{}/lifecycle'

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
  await films.made('POST /v1/collections/{}/documents', path, { title: 'Vertigo' })
})
after(async () => {
  await films[Symbol.asyncDispose]()
})

test('a collection is active, with its documents counted, and stays so where that is asked', async () => {
  const { status, answer } = await films.ask(get, { path, as: reader })
  const kept = await films.ask(patch, { path, body: { lifecycle_state: 'active' } })

  assert.equal(status, 200)
  assert.deepEqual([answer.lifecycle_state, answer.qdrant_document_count], ['active', 1])
  assert.deepEqual(kept.answer, answer)
})

test('422 for a state that this server has not, 403 for a reader, 404 in another namespace', async () => {
  for (const state of ['cold', 'archived']) {
    const { status, answer } = await films.ask(patch, { path, body: { lifecycle_state: state } })
    assert.equal(status, 422)
    assert.match(faultsIn(answer)[0] ?? '', /^body\.lifecycle_state: is '.*'; .*'active'/)
  }
  const body = { lifecycle_state: 'active' }
  assert.equal((await films.ask(patch, { path, body, as: reader })).status, 403)
  assert.equal((await films.ask(patch, { path, body, namespace: 'other' })).status, 404)
  assert.equal((await films.ask(get, { path, namespace: 'other' })).status, 404)
})
