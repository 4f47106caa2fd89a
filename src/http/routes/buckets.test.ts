import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { addKey, faultsIn } from '../../../test/support/asked.ts'
import { openFilms, type Films } from '../../../test/support/films.ts'
import type { Answer } from '../../../test/support/server.ts'

let films: Films
let reader: string

before(async () => {
  films = await openFilms()
  reader = await addKey(films.server, 'read')
})
after(async () => {
  await films[Symbol.asyncDispose]()
})

const schema = { properties: { title: { type: 'string', required: true }, plot: { type: 'text' } } }
const create = (body: object): Promise<Answer> => films.made('POST /v1/buckets', [], body)

describe('POST /v1/buckets', () => {
  test('200 with the bucket whole: schema, key, and figures that are all whole numbers', async () => {
    const answer = await create({
      bucket_name: 'plots',
      description: 'of films',
      bucket_schema: schema,
      unique_key: { fields: ['title'], default_policy: 'upsert' },
      metadata: { owner: 'ann' },
    })

    assert.match(answer.bucket_id, /^bkt_/)
    assert.equal(answer.bucket_name, 'plots')
    assert.equal(answer.status, 'ACTIVE')
    assert.deepEqual(answer.metadata, { owner: 'ann' })
    assert.deepEqual(answer.unique_key, { fields: ['title'], default_policy: 'upsert' })
    assert.equal(answer.bucket_schema.properties.title.type, 'string')
    assert.equal(answer.bucket_schema.properties.title.required, true)
    const { object_count, total_size_bytes, batch_stats, storage_stats } = answer
    const figures = [object_count, total_size_bytes, ...Object.values(batch_stats)]
    assert.ok([...figures, ...Object.values(storage_stats)].every((figure) => figure === 0))
  })

  test("200 with prose's words: name, schema, types in any case", async () => {
    const answer = await create({
      name: 'prose',
      schema: { properties: { file: { type: 'PDF' } } },
    })

    assert.equal(answer.bucket_name, 'prose')
    assert.equal(answer.bucket_schema.properties.file.type, 'pdf')
  })

  test('409 where the name is taken in the namespace, and 200 in another one', async () => {
    await create({ bucket_name: 'twice' })

    const again = await films.ask('POST /v1/buckets', { body: { bucket_name: 'twice' } })
    const elsewhere = await films.ask('POST /v1/buckets', {
      body: { bucket_name: 'twice' },
      namespace: 'other',
    })

    assert.equal(again.status, 409)
    assert.equal(again.answer.error.type, 'AlreadyExistsError')
    assert.equal(elsewhere.status, 200)
  })

  test('422 at the place of each fault, and nothing is made', async () => {
    const cases: [unknown, string][] = [
      [{}, 'body.bucket_name'],
      [{ bucket_name: 5 }, 'body.bucket_name'],
      [{ bucket_name: 'list' }, 'body.bucket_name'],
      [{ bucket_name: 'bkt_00000000000000000000' }, 'body.bucket_name'],
      [{ bucket_name: 'x', bucket_schema: schema, schema }, 'body.schema'],
      [{ bucket_name: 'x', bucket_schema: [] }, 'body.bucket_schema'],
      [
        { bucket_name: 'x', bucket_schema: { properties: { a: { type: 'binary' } } } },
        'body.bucket_schema.properties.a.type',
      ],
      [
        { bucket_name: 'x', bucket_schema: schema, unique_key: { fields: ['year'] } },
        'body.unique_key.fields.0',
      ],
      [{ bucket_name: 'x', metadata: 'y' }, 'body.metadata'],
    ]
    for (const [body, at] of cases) {
      const { status, answer } = await films.ask('POST /v1/buckets', { body })

      assert.equal(status, 422, JSON.stringify(body))
      assert.ok(
        faultsIn(answer).some((fault) => fault.startsWith(at)),
        `${faultsIn(answer).join()} has no ${at}`,
      )
    }
    assert.equal((await films.ask('GET /v1/buckets/{}', { path: ['x'] })).status, 404)
  })

  test('401 without a key, 403 with one that only reads, 400 without a namespace, 404 with an unknown one', async () => {
    const body = { bucket_name: 'nobody' }

    assert.equal((await films.ask('POST /v1/buckets', { body, as: null })).status, 401)
    assert.equal((await films.ask('POST /v1/buckets', { body, as: 'sk_wrong' })).status, 401)
    assert.equal((await films.ask('POST /v1/buckets', { body, as: reader })).status, 403)
    const lost = await films.ask('POST /v1/buckets', { body, namespace: '' })
    assert.equal(lost.status, 400)
    assert.equal(lost.answer.error.details.header, 'X-Namespace')
    assert.equal((await films.ask('POST /v1/buckets', { body, namespace: 'ns_no' })).status, 404)
  })
})

describe('GET, PUT and PATCH /v1/buckets/{}', () => {
  test('200 by id and by name, also for a key that only reads', async () => {
    const made = await create({ bucket_name: 'named', bucket_schema: schema })

    for (const path of ['named', made.bucket_id]) {
      const { status, answer } = await films.ask('GET /v1/buckets/{}', { path: [path], as: reader })
      assert.equal(status, 200)
      assert.equal(answer.bucket_id, made.bucket_id)
    }
  })

  test('200 for a change, which leaves what it does not name', async () => {
    const made = await create({ bucket_name: 'changing', description: 'a', bucket_schema: schema })

    await films.made('PATCH /v1/buckets/{}', ['changing'], { metadata: { a: 1 } })
    const answer = await films.made('PUT /v1/buckets/{}', [made.bucket_id], {
      bucket_name: 'changed',
      description: null,
    })

    assert.equal(answer.bucket_name, 'changed')
    assert.equal(answer.description, null)
    assert.deepEqual(answer.metadata, { a: 1 })
    assert.deepEqual(answer.bucket_schema, made.bucket_schema)
    assert.equal((await films.ask('GET /v1/buckets/{}', { path: ['changing'] })).status, 404)
  })

  test('409 for a name that is taken; 422 for another unique key and a schema that loses it', async () => {
    await create({ bucket_name: 'taken' })
    const key = { fields: ['title'], default_policy: 'upsert' }
    await create({ bucket_name: 'keyed', bucket_schema: schema, unique_key: key })
    const patch = (body: object) => films.ask('PATCH /v1/buckets/{}', { path: ['keyed'], body })

    assert.equal((await patch({ bucket_name: 'taken' })).status, 409)
    assert.equal((await patch({ unique_key: { fields: ['plot'] } })).status, 422)
    assert.equal((await patch({ unique_key: key })).status, 200)
    const lost = await patch({ bucket_schema: { properties: { plot: { type: 'text' } } } })
    assert.equal(lost.status, 422)
    assert.match(faultsIn(lost.answer).join(), /'title'/)
  })

  test('404 for a bucket of another namespace, as for none', async () => {
    const made = await create({ bucket_name: 'ours' })
    const foreign = { path: [made.bucket_id], namespace: 'other' }
    const absent = { path: ['bkt_00000000000000000000'] }

    for (const key of ['GET /v1/buckets/{}', 'PATCH /v1/buckets/{}', 'DELETE /v1/buckets/{}']) {
      for (const step of [foreign, absent]) {
        const { status, answer } = await films.ask(key, {
          ...step,
          ...(key[0] === 'P' && { body: {} }),
        })
        assert.equal(status, 404, key)
        assert.equal(answer.error.details.resource, 'bucket')
      }
    }
  })
})

describe('POST /v1/buckets/list', () => {
  test('200 page by page in both styles, with totals, search, filter and sort', async () => {
    const names = ['ale', 'bock', 'cider', 'draught', 'eggnog'].map((name) => `drink ${name}`)
    for (const bucket_name of names) {
      await create({ bucket_name, metadata: { hot: bucket_name.endsWith('eggnog') } })
    }
    const list = async (query: string, body?: object) => {
      const { status, answer } = await films.ask('POST /v1/buckets/list', { query, body })
      assert.equal(status, 200)
      return answer
    }
    // When figures were counted differs from answer to answer.
    const shown = ({ results }: Answer) =>
      results.map((one: Answer) => ({ ...one, stats_updated_at: null }))
    const namesOf = ({ results }: Answer) => results.map((one: Answer) => one.bucket_name)
    const only = { search: 'DRINK', sort: { field: 'bucket_name', direction: 'desc' } }

    const byQuery = await list('?limit=2&offset=2&include_total=true', only)
    const byBody = await list('', { ...only, limit: 2, offset: 2, include_total: true })
    const byPage = await list('', { ...only, page: 2, page_size: 2, include_total: true })

    assert.deepEqual(namesOf(byQuery), ['drink cider', 'drink bock'])
    assert.deepEqual(shown(byBody), shown(byQuery))
    assert.deepEqual(shown(byPage), shown(byQuery))
    assert.equal(byQuery.total_count, 5)
    assert.equal(byQuery.pagination.total, 5)
    assert.equal(byQuery.pagination.total_pages, 3)
    assert.equal(byQuery.pagination.has_more, true)
    const found: string[] = []
    for (let cursor = ''; ;) {
      const page = await list(`?limit=2${cursor && `&cursor=${encodeURIComponent(cursor)}`}`, only)
      found.push(...namesOf(page))
      cursor = page.pagination.next_cursor
      if (cursor === null) break
    }
    assert.deepEqual(found, names.toReversed())
    const hot = { filters: { 'metadata.hot': true } }
    assert.deepEqual(namesOf(await list('', hot)), ['drink eggnog'])
    // Without a body, as generated clients send it.
    assert.ok(namesOf(await list('?limit=100')).length >= 5)
  })

  test('422 for a page out of bounds, a wrong filter and a foreign cursor', async () => {
    for (const [query, body, at] of [
      ['?limit=0', {}, 'query.limit'],
      ['?limit=1001', {}, 'query.limit'],
      ['', { offset: 10_001 }, 'body.offset'],
      ['?cursor=nonsense', {}, 'query.cursor'],
      ['', { filters: { field: 'a', operator: 'equals', value: 1 } }, 'body.filters.operator'],
    ] as const) {
      const { status, answer } = await films.ask('POST /v1/buckets/list', { query, body })
      assert.equal(status, 422, query)
      assert.ok(faultsIn(answer)[0]?.startsWith(at), faultsIn(answer).join())
    }
  })

  test('buckets of another namespace are neither listed nor counted', async () => {
    const { answer } = await films.ask('POST /v1/buckets/list', {
      query: '?limit=1000&include_total=true',
      namespace: 'other',
    })

    assert.equal(answer.results.length, answer.total_count)
    assert.ok(answer.results.every((bucket: Answer) => bucket.bucket_name === 'twice'))
  })
})

describe('DELETE /v1/buckets/{}', () => {
  test('200 with a task, after which bucket, objects, blobs and batches are gone', async () => {
    const { bucket_id } = await create({ bucket_name: 'doomed', bucket_schema: schema })
    const plot = 'x'.repeat(100_000)
    const object = await films.made('POST /v1/buckets/{}/objects', [bucket_id], {
      title: 'a',
      blobs: [{ property: 'plot', type: 'text', data: plot }],
    })
    await films.made('POST /v1/buckets/{}/batches', [bucket_id], { object_ids: [object.object_id] })
    assert.equal((await storedFiles()).length, 1)

    const { answer } = await films.ask('DELETE /v1/buckets/{}', { path: [bucket_id] })

    assert.equal(answer.status, 'PENDING')
    assert.equal(answer.object_count, 1)
    assert.equal((await films.ended(answer.task_id)).status, 'COMPLETED')
    assert.equal((await films.ask('GET /v1/buckets/{}', { path: [bucket_id] })).status, 404)
    const { db } = films.server.ports
    for (const table of ['objects', 'object_blobs', 'batches'] as const) {
      const rows = await db
        .selectFrom(table)
        .select('id')
        .where('bucket_id', '=', bucket_id)
        .execute()
      assert.deepEqual(rows, [], table)
    }
    for (const table of ['batch_objects', 'ingest_ledger'] as const) {
      assert.deepEqual(await db.selectFrom(table).selectAll().execute(), [], table)
    }
    assert.deepEqual(await storedFiles(), [])
  })

  test('403 for a key that may not delete', async () => {
    const writer = await addKey(films.server, 'write')
    await create({ bucket_name: 'kept' })

    const { status } = await films.ask('DELETE /v1/buckets/{}', { path: ['kept'], as: writer })

    assert.equal(status, 403)
  })
})

/** Contents in the blob store. */
async function storedFiles(): Promise<string[]> {
  const entries = await readdir(join(films.server.folder, 'blobs'), {
    recursive: true,
    withFileTypes: true,
  })
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name)
}
