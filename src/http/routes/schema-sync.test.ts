import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { addKey, faultsIn } from '../../../test/support/asked.ts'
import { openFilms, type Films } from '../../../test/support/films.ts'

let films: Films
let reader: string
const path = ['films']
const key = 'POST /v1/collections/{}/sync-schema'
const extractor = {
  feature_extractor: { feature_extractor_name: 'passthrough_extractor', version: 'v1' },
}
const schemaOf = async (name: string) =>
  (await films.made('GET /v1/collections/{}', [name])).output_schema.properties
const open = async (collection_name: string, source: object) =>
  await films.made('POST /v1/collections', [], { collection_name, source, ...extractor })

before(async () => {
  films = await openFilms()
  reader = await addKey(films.server, 'read')
  const bucket_schema = { properties: { title: { type: 'string' } } }
  await films.made('POST /v1/buckets', [], { bucket_name: 'films', bucket_schema })
  await films.made('POST /v1/buckets', [], {
    bucket_name: 'open',
    bucket_schema: { properties: {} },
  })
  await open('films', { type: 'bucket', bucket_ids: ['films'] })
  await open('copies', { type: 'collection', collection_ids: ['films'] })
  await open('copies of copies', { type: 'collection', collection_ids: ['copies'] })
})
after(async () => {
  await films[Symbol.asyncDispose]()
})

test('200: what documents hold beside the schema is added, here and downstream, and nothing that was declared changes', async () => {
  await films.made('POST /v1/collections/{}/documents', path, {
    title: 7,
    year: 1958,
    tags: ['x'],
    at: null,
  })
  await films.made('POST /v1/collections/{}/documents', path, {
    year: 1960.5,
    cast: { lead: 'Leigh' },
  })
  const { status, answer } = await films.ask(key, { path })

  assert.equal(status, 200)
  assert.deepEqual(answer.fields_added.toSorted(), ['cast', 'tags', 'year'])
  assert.deepEqual([answer.previous_version, answer.schema_version], [1, 2])
  assert.deepEqual([answer.fields_total, answer.documents_sampled], [4, 2])
  assert.equal(answer.downstream_collections_updated.length, 2)
  const discovered = true
  assert.deepEqual(await schemaOf('films'), {
    title: { type: 'string' },
    year: { type: 'number', discovered },
    tags: { type: 'array', discovered },
    cast: { type: 'object', discovered },
  })
  assert.deepEqual(await schemaOf('copies of copies'), await schemaOf('films'))
  const { schema_version, last_schema_sync } = await films.made('GET /v1/collections/{}', path)
  assert.equal(schema_version, 2)
  assert.ok(Date.now() - Date.parse(last_schema_sync) < 60_000)
})

test('200: again at once is skipped with the reason, unless it is forced; no news is no new version', async () => {
  const { answer } = await films.ask(key, { path })
  const forced = await films.made(key, path, { force: true })

  assert.deepEqual([answer.skipped, answer.schema_version], [true, 2])
  assert.match(answer.reason, /force: true/)
  assert.deepEqual(
    [forced.schema_version, forced.previous_version, forced.fields_added],
    [2, 2, []],
  )
  assert.deepEqual(forced.downstream_collections_updated, [])
})

test('200: without cascade the schemas downstream stay; a field found meanwhile can be mapped then', async () => {
  await films.made('POST /v1/collections/{}/documents', path, { plot: 'A storm comes.' })
  const before = await schemaOf('copies')
  await films.made(key, path, { force: true, cascade_to_downstream: false })

  assert.deepEqual(await schemaOf('copies'), before)
  assert.ok('plot' in (await schemaOf('films')))
  const mapped = await films.ask('POST /v1/collections', {
    body: {
      collection_name: 'plots',
      source: { type: 'collection', collection_ids: ['films'] },
      feature_extractor: {
        feature_extractor_name: 'text_extractor',
        version: 'v1',
        input_mappings: { text: 'plot' },
      },
    },
  })
  assert.equal(mapped.status, 200)
})

test('200: a schema that is open, because nobody declared one, stays open beside what was found', async () => {
  await open('free', { type: 'bucket', bucket_ids: ['open'] })
  await films.made('POST /v1/collections/{}/documents', ['free'], { found: 1 })
  await films.made(key, ['free'])

  assert.ok('found' in (await schemaOf('free')))
  const source = { type: 'collection', collection_ids: ['free'] }
  const body = {
    collection_name: 'later',
    source,
    feature_extractor: {
      feature_extractor_name: 'text_extractor',
      version: 'v1',
      input_mappings: { text: 'not_found_yet' },
    },
  }
  assert.equal((await films.ask('POST /v1/collections', { body })).status, 200)
})

test('422 for a sample of none, 403 for a reader, 404 in another namespace', async () => {
  const wrong = await films.ask(key, { path, body: { sample_size: 0 } })

  assert.equal(wrong.status, 422)
  assert.match(faultsIn(wrong.answer)[0] ?? '', /^body\.sample_size: /)
  assert.equal((await films.ask(key, { path, as: reader })).status, 403)
  assert.equal((await films.ask(key, { path, namespace: 'other' })).status, 404)
})
