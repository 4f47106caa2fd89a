import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { finishCollectionDelete } from '../../domain/collections/delete-collection.ts'
import { addKey, faultsIn } from '../../../test/support/asked.ts'
import { openFilms, type Films } from '../../../test/support/films.ts'
import type { Answer } from '../../../test/support/server.ts'

let films: Films
let reader: string
let plots: string

before(async () => {
  films = await openFilms()
  reader = await addKey(films.server, 'read')
  const properties = { plot: { type: 'text' }, category: { type: 'string' } }
  const body = { bucket_name: 'plots', bucket_schema: { properties } }
  plots = (await films.made('POST /v1/buckets', [], body)).bucket_id
  for (const [plot, category] of [
    ['A man sells fish.', 'calm'],
    ['A shark eats a man.', 'wild'],
  ]) {
    await films.made('POST /v1/buckets/{}/objects', ['plots'], {
      blobs: [{ property: 'plot', type: 'text', data: plot }],
      category,
      metadata: { mood: category },
    })
  }
})
after(async () => {
  await films[Symbol.asyncDispose]()
})

const textExtractor = {
  feature_extractor_name: 'text_extractor',
  version: 'v1',
  input_mappings: { text: 'plot' },
}
const spec = (name: string, change: object = {}) => ({
  collection_name: name,
  source: { type: 'bucket', bucket_ids: [plots] },
  feature_extractor: { ...textExtractor, field_passthrough: ['category'] },
  ...change,
})
const create = (body: object): Promise<Answer> => films.made('POST /v1/collections', [], body)
const trigger = 'POST /v1/collections/{}/trigger'

describe('POST /v1/collections', () => {
  test('200 with both schemas, the vector that documents carry, and passthrough as objects', async () => {
    const answer = await create(spec('plain'))

    assert.equal(answer.collection_name, 'plain')
    assert.equal(answer.feature_extractor.feature_extractor_id, 'text_extractor_v1')
    assert.equal(answer.feature_extractor.field_passthrough[0].source_path, 'category')
    assert.deepEqual(answer.source.bucket_ids, [plots])
    assert.equal(answer.input_schema.properties.plot.type, 'text')
    assert.ok('category' in answer.output_schema.properties)
    assert.match(answer.vector_indexes[0].feature_uri, /^mixpeek:\/\/text_extractor@v1\//)
    assert.equal(answer.document_count, 0)
  })

  test("200 for prose's words: name, one bucket_id by name, a plural of one, mappings as a list", async () => {
    const answer = await create({
      name: 'prose',
      source: { type: 'bucket', bucket_id: 'plots' },
      feature_extractors: [
        {
          feature_extractor_name: 'text_extractor',
          version: 'v1',
          input_mappings: [{ input_key: 'text', source_type: 'payload', path: '$.plot' }],
        },
      ],
    })

    assert.equal(answer.collection_name, 'prose')
    assert.deepEqual(answer.source.bucket_ids, [plots])
    assert.deepEqual(answer.feature_extractor.input_mappings, { text: 'plot' })
  })

  test('409 where the name is taken', async () => {
    await create(spec('twice'))

    const { status, answer } = await films.ask('POST /v1/collections', { body: spec('twice') })

    assert.equal(status, 409)
    assert.equal(answer.error.type, 'AlreadyExistsError')
  })

  test('422 at the place of each fault, 404 for a source that is not there, and nothing is made', async () => {
    const extractor = (change: object) => ({ feature_extractor: { ...textExtractor, ...change } })
    const cases: [object, string][] = [
      [{ collection_name: 'ab' }, 'body.collection_name'],
      [{ collection_name: 'features' }, 'body.collection_name'],
      [{ source: undefined }, 'body.source'],
      [{ source: { type: 'bucket' } }, 'body.source.bucket_ids'],
      [{ source: { type: 'collection', bucket_ids: [plots] } }, 'body.source.bucket_ids'],
      [extractor({ input_mappings: { text: 'plott' } }), 'body.feature_extractor.input_mappings'],
      [extractor({ input_mappings: { txt: 'plot' } }), 'body.feature_extractor.input_mappings'],
      [extractor({ parameters: { split_bye: 'words' } }), 'body.feature_extractor.parameters'],
      [extractor({ feature_extractor_name: 'text_extracter' }), 'body.feature_extractor'],
    ]
    for (const [change, at] of cases) {
      const { status, answer } = await films.ask('POST /v1/collections', {
        body: spec('wrong', change),
      })

      assert.equal(status, 422, `${JSON.stringify(change)} ${JSON.stringify(answer)}`)
      assert.ok(faultsIn(answer)[0]?.startsWith(at), `${faultsIn(answer).join()} has no ${at}`)
    }
    const source = { type: 'bucket', bucket_ids: ['bkt_no'] }
    const lost = await films.ask('POST /v1/collections', { body: spec('wrong', { source }) })
    const foreign = await films.ask('POST /v1/collections', {
      body: spec('wrong'),
      namespace: 'other',
    })
    assert.deepEqual([lost.status, foreign.status], [404, 404])
    assert.equal((await films.ask('GET /v1/collections/{}', { path: ['wrong'] })).status, 404)
  })

  test('401 without a key and 403 with one that only reads', async () => {
    assert.equal(
      (await films.ask('POST /v1/collections', { body: spec('no'), as: null })).status,
      401,
    )
    assert.equal(
      (await films.ask('POST /v1/collections', { body: spec('no'), as: reader })).status,
      403,
    )
  })
})

describe('GET, PATCH, clone and features of /v1/collections/{}', () => {
  test('200 by id and name; 404 in another namespace', async () => {
    const made = await create(spec('named'))

    for (const path of ['named', made.collection_id]) {
      const { answer } = await films.ask('GET /v1/collections/{}', { path: [path], as: reader })
      assert.equal(answer.collection_id, made.collection_id)
      const foreign = { path: [path], namespace: 'other' }
      assert.equal((await films.ask('GET /v1/collections/{}', foreign)).status, 404)
    }
  })

  test('200 for what may change, 422 for what documents are made by, 409 for a taken name', async () => {
    await create(spec('changing'))
    await create(spec('in-the-way'))
    const patch = (body: object) =>
      films.ask('PATCH /v1/collections/{}', { path: ['changing'], body })

    const { answer } = await patch({ description: 'new', enabled: false, metadata: { a: 1 } })
    assert.deepEqual(
      [answer.description, answer.enabled, answer.metadata],
      ['new', false, { a: 1 }],
    )
    const fixed = await patch({ feature_extractor: textExtractor })
    assert.equal(fixed.status, 422)
    assert.match(JSON.stringify(fixed.answer), /clone/)
    assert.equal((await patch({ collection_name: 'in-the-way' })).status, 409)
    assert.equal((await patch({ collection_name: 'changed' })).status, 200)
    assert.equal((await films.ask('GET /v1/collections/{}', { path: ['changing'] })).status, 404)
  })

  test('201 for a clone with what the body changes', async () => {
    const original = await create(spec('original', { description: 'kept' }))

    const { status, answer } = await films.ask('POST /v1/collections/{}/clone', {
      path: ['original'],
      body: {
        collection_name: 'clone',
        feature_extractor: { ...textExtractor, parameters: { split_by: 'words' } },
      },
    })

    assert.equal(status, 201)
    assert.equal(answer.source_collection_id, original.collection_id)
    assert.equal(answer.collection.description, 'kept')
    assert.equal(answer.collection.feature_extractor.parameters.split_by, 'words')
    const again = await films.ask('POST /v1/collections/{}/clone', {
      path: ['original'],
      body: { collection_name: 'clone' },
    })
    assert.equal(again.status, 409)
  })

  test('200 with the features of its documents, the first being primary', async () => {
    await create(spec('featured'))

    const { features } = await films.made('GET /v1/collections/{}/features', ['featured'])

    assert.equal(features.length, 1)
    assert.equal(features[0].primary, true)
    assert.equal(features[0].vector_index.dimensions, 512)
  })
})

describe('POST /v1/collections/list', () => {
  test('200 in both styles, by cursor, filtered by metadata and by search, with a true total', async () => {
    for (const letter of ['a', 'b', 'c', 'd', 'e']) {
      await create(spec(`listed ${letter}`, { metadata: { set: 'listed', letter } }))
    }
    const list = async (query: string, body: object) => {
      const { answer } = await films.ask('POST /v1/collections/list', { query, body })
      return answer
    }
    const names = ({ results }: Answer) =>
      results.map((one: Answer) => one.collection_name.at(-1)).join('')
    const only = { filters: { 'metadata.set': 'listed' }, sort: { field: 'collection_name' } }

    assert.equal(names(await list('?limit=2&offset=1', only)), 'bc')
    assert.equal(names(await list('', { ...only, limit: 2, offset: 1 })), 'bc')
    assert.equal((await list('?limit=2', only)).total_count, 5)
    let found = ''
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: Answer = await list(cursor && `?cursor=${encodeURIComponent(cursor)}`, {
        ...only,
        limit: 2,
      })
      found += names(page)
      cursor = page.pagination.next_cursor
    }
    assert.equal(found, 'abcde')
    assert.equal(names(await list('', { search: 'LISTED c' })), 'c')
    assert.equal(
      names(await list('', { sort: { field: 'metadata.letter', direction: 'desc' }, limit: 2 })),
      'ed',
    )
  })
})

describe('POST /v1/collections/{}/trigger', () => {
  test('202; the whole source is processed, and once more overwrites', async () => {
    await create(spec('triggered'))

    for (let run = 0; run < 2; run++) {
      const { status, answer } = await films.ask(trigger, { path: ['triggered'] })

      assert.equal(status, 202)
      assert.equal(answer.object_count, 2)
      assert.deepEqual(answer.source_bucket_ids, [plots])
      assert.equal((await films.ended(answer.task_id)).status, 'COMPLETED')
      const collection = await films.made('GET /v1/collections/{}', ['triggered'])
      assert.equal(collection.document_count, 2)
    }
  })

  test('202 with source_filters, which skip what they do not match, with the reason', async () => {
    await create(spec('filtered'))
    const body = { source_filters: { filters: { 'metadata.mood': 'wild' } } }

    const { answer } = await films.ask(trigger, { path: ['filtered'], body })

    const task = await films.ended(answer.task_id)
    assert.deepEqual(task.additional_data.progress.skipped, 1)
    assert.match(JSON.stringify(task.additional_data.skips), /source_filters/)
    const { results } = await films.made('POST /v1/collections/{}/documents/list', ['filtered'], {})
    assert.deepEqual(
      results.map((document: Answer) => document.category),
      ['wild'],
    )
  })

  test('202 for a collection of documents, and for what is downstream of a collection', async () => {
    const first = await create(spec('upstream'))
    await create({
      collection_name: 'downstream',
      source: { type: 'collection', collection_id: first.collection_id },
      feature_extractor: {
        feature_extractor_name: 'passthrough_extractor',
        version: 'v1',
        field_passthrough: ['category'],
      },
    })

    const both = await films.ask(trigger, { path: ['upstream'] })
    assert.equal(both.answer.total_tiers, 2)
    await films.ended(both.answer.task_id)
    const count = async () =>
      (await films.made('GET /v1/collections/{}', ['downstream'])).document_count
    assert.equal(await count(), 2)
    const alone = await films.ask(trigger, { path: ['downstream'] })
    assert.equal(alone.answer.total_tiers, 1)
    assert.deepEqual(alone.answer.source_collection_ids, [first.collection_id])
    assert.equal((await films.ended(alone.answer.task_id)).status, 'COMPLETED')
    assert.equal(await count(), 2)
  })

  test('400 for an empty source, 404 for no collection, 422 for a filter and a bucket that are wrong', async () => {
    const body = { bucket_name: 'empty', bucket_schema: { properties: { plot: { type: 'text' } } } }
    const { bucket_id } = await films.made('POST /v1/buckets', [], body)
    const source = { type: 'bucket', bucket_ids: [bucket_id] }
    const feature_extractor = textExtractor
    await create(spec('reads nothing', { source, feature_extractor }))
    const ask = (path: string, sent: object) => films.ask(trigger, { path: [path], body: sent })

    assert.equal((await ask('reads nothing', {})).status, 400)
    assert.equal((await ask('nowhere', {})).status, 404)
    assert.equal((await ask('reads nothing', { include_buckets: [plots] })).status, 422)
    assert.equal((await ask('reads nothing', { source_filters: { must: [] } })).status, 422)
  })
})

describe('DELETE /v1/collections/{}', () => {
  test('200 with the number of documents that went with it; objects stay', async () => {
    const { collection_id } = await create(spec('doomed'))
    const { answer: triggered } = await films.ask(trigger, { path: ['doomed'] })
    await films.ended(triggered.task_id)

    const { answer } = await films.ask('DELETE /v1/collections/{}', { path: ['doomed'] })

    assert.deepEqual([answer.success, answer.deleted_documents], [true, 2])
    assert.equal((await films.ask('GET /v1/collections/{}', { path: [collection_id] })).status, 404)
    const { db, vectors } = films.server.ports
    const rows = await db
      .selectFrom('collections')
      .select('id')
      .where('id', '=', collection_id)
      .execute()
    assert.deepEqual(rows, [])
    const namespace = await films.made('GET /v1/namespaces/{}', ['films'])
    const key = '_internal.collection_id'
    const filter = { must: [{ key, match: { value: collection_id } }] }
    assert.equal(
      await vectors.count(namespace.infrastructure.qdrant_collection, { filter, exact: true }),
      0,
    )
    assert.equal((await films.made('GET /v1/buckets/{}', ['plots'])).object_count, 2)
  })

  test('in the middle of a batch it leaves no document, and its rows end as skipped', async () => {
    const objects = Array.from({ length: 100 }, (_, i) => ({
      plot: `A film with the number ${i}.`,
    }))
    const { bucket_id } = await films.made('POST /v1/buckets', [], {
      bucket_name: 'many',
      bucket_schema: { properties: { plot: { type: 'string' } } },
    })
    for (let i = 0; i < 4; i++) {
      await films.made('POST /v1/buckets/{}/objects/batch', [bucket_id], { objects })
    }
    const source = { type: 'bucket', bucket_ids: [bucket_id] }
    const { collection_id, namespace_id } = await create(
      spec('cut short', { source, feature_extractor: textExtractor }),
    )
    const { answer } = await films.ask(trigger, { path: ['cut short'] })
    for (let written = 0; written === 0;) {
      const task = await films.made('GET /v1/tasks/{}', [answer.task_id])
      written = task.additional_data.progress.written
    }

    const deleted = await films.made('DELETE /v1/collections/{}', ['cut short'])

    assert.ok(deleted.deleted_documents > 0)
    const { additional_data: told } = await films.ended(answer.task_id)
    assert.ok(told.progress.skipped > 0, JSON.stringify(told.progress))
    assert.match(JSON.stringify(told.skips), /was deleted/)
    const { ports } = films.server
    // What the job does a minute later, for a write that was on its way.
    const organization = await films.server.call('GET', '/v1/organizations')
    await finishCollectionDelete(ports, {
      organizationId: organization.organization_id,
      namespaceId: namespace_id,
      collectionId: collection_id,
    })
    const filter = { must: [{ key: '_internal.collection_id', match: { value: collection_id } }] }
    assert.equal(await ports.vectors.count(namespace_id, { filter, exact: true }), 0)
  })

  test('409 while another collection reads from it', async () => {
    const { collection_id } = await create(spec('read'))
    await create({
      collection_name: 'reads it',
      source: { type: 'collection', collection_id },
      feature_extractor: { feature_extractor_name: 'passthrough_extractor', version: 'v1' },
    })

    const { status, answer } = await films.ask('DELETE /v1/collections/{}', { path: ['read'] })

    assert.equal(status, 409)
    assert.match(answer.error.message, /'reads it'/)
  })
})
