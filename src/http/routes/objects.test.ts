import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { addKey, faultsIn } from '../../../test/support/asked.ts'
import { openFilms, type Films } from '../../../test/support/films.ts'
import type { Answer } from '../../../test/support/server.ts'

let films: Films
let reader: string

before(async () => {
  films = await openFilms()
  reader = await addKey(films.server, 'read')
  const key = { fields: ['title'], default_policy: 'insert' }
  await bucket('plots', {
    title: { type: 'string' },
    plot: { type: 'text' },
    year: { type: 'integer' },
  })
  await bucket('keyed', { title: { type: 'string', required: true }, plot: { type: 'text' } }, key)
})
after(async () => {
  await films[Symbol.asyncDispose]()
})

const bucket = (name: string, properties: object, unique_key?: object): Promise<Answer> =>
  films.made('POST /v1/buckets', [], {
    bucket_name: name,
    bucket_schema: { properties },
    unique_key,
  })
const create = (at: string, body: object, query = '') =>
  films.ask('POST /v1/buckets/{}/objects', { path: [at], body, query })
const one = 'GET /v1/buckets/{}/objects/{}'

describe('POST /v1/buckets/{}/objects', () => {
  test('200 with user fields at the root, blobs as they are kept, and nothing processed', async () => {
    const { status, answer } = await create('plots', {
      key_prefix: '/films',
      blobs: [
        { property: 'plot', type: 'TEXT', data: 'A man sells fish.', metadata: { lang: 'en' } },
      ],
      year: 1999,
      metadata: { type: 'video' },
      undeclared: [1, 2],
    })

    assert.equal(status, 200)
    assert.match(answer.object_id, /^obj_/)
    assert.equal(answer.status, 'DRAFT')
    assert.deepEqual(
      [answer.year, answer.metadata, answer.undeclared, answer.key_prefix],
      [1999, { type: 'video' }, [1, 2], '/films'],
    )
    const [blob] = answer.blobs
    assert.deepEqual([blob.property, blob.type], ['plot', 'text'])
    assert.deepEqual(blob.properties, { text: 'A man sells fish.', lang: 'en' })
    const again = await films.ask(one, { path: ['plots', answer.object_id], as: reader })
    assert.deepEqual(again.answer, answer)
  })

  test('200 for a field and a blob of one name together, and for base64 and data URIs', async () => {
    const content = Buffer.from('A man sells fish.').toString('base64')

    for (const data of ['x', { base64: content }, `data:text/plain;base64,${content}`]) {
      const blobs = [{ property: 'plot', type: 'text', data }]
      assert.equal((await create('plots', { plot: 'x', blobs })).status, 200)
    }
  })

  test('422 at the place of each fault, and nothing is made', async () => {
    const blob = (given: object) => ({
      blobs: [{ property: 'plot', type: 'text', data: 'x', ...given }],
    })
    const cases: [object, string][] = [
      [blob({ property: 'plott' }), 'body.blobs.0.property'],
      [blob({ type: 'image' }), 'body.blobs.0.type'],
      [blob({ data: null }), 'body.blobs.0.data'],
      [{ blobs: 'x' }, 'body.blobs'],
      [{ year: 'nineteen' }, 'body.year'],
      [{ metadata: { year: 1.5 } }, 'body.metadata.year'],
      [{ metadata: 'x' }, 'body.metadata'],
      [{ _internal: { collection_id: 'col_x' } }, 'body._internal'],
      [{ '_internal.origin': 'api' }, 'body._internal.origin'],
      [{ object_id: 'obj_mine' }, 'body.object_id'],
    ]
    const before = await total()
    for (const [body, at] of cases) {
      const { status, answer } = await create('plots', body)

      assert.equal(status, 422, JSON.stringify(body))
      assert.ok(faultsIn(answer)[0]?.startsWith(at), `${faultsIn(answer).join()} has no ${at}`)
    }
    assert.equal(await total(), before)
  })

  test('422 for an integer that JSON would round, 403 for a URL where data is due', async () => {
    const large = await films.ask('POST /v1/buckets/{}/objects', {
      path: ['plots'],
      body: '{"year": 9007199254740993}',
    })
    const url = await create('plots', {
      blobs: [{ property: 'plot', type: 'text', data: 'https://example.com/a.txt' }],
    })

    assert.equal(large.status, 422)
    assert.ok(faultsIn(large.answer)[0]?.startsWith('body.year'))
    assert.equal(url.status, 403)
    assert.equal(url.answer.error.type, 'NotEnabledError')
  })

  test('the unique key: 409 for insert, 404 for update, one object for upsert', async () => {
    const first = await create('keyed', { title: 'Alien', plot: 'a' })
    const inserted = await create('keyed', { title: 'Alien', plot: 'b' })
    const updated = await create('keyed', { title: 'Aliens' }, '?policy=update')
    const upserted = await create('keyed', { title: 'Alien', plot: 'c' }, '?policy=upsert')

    assert.equal(inserted.status, 409)
    assert.equal(inserted.answer.error.type, 'AlreadyExistsError')
    assert.equal(updated.status, 404)
    assert.equal(upserted.status, 200)
    assert.equal(upserted.answer.object_id, first.answer.object_id)
    assert.equal(upserted.answer.plot, 'c')
    assert.equal((await create('keyed', {})).status, 422)
  })

  test('400 where a unique key has no policy, and where auto_process has nothing to run', async () => {
    await bucket('undecided', { title: { type: 'string' } }, { fields: ['title'] })

    assert.equal((await create('undecided', { title: 'x' })).status, 400)
    assert.equal((await create('plots', {}, '?auto_process=true')).status, 400)
  })

  test('401, 403, and 404 for a bucket that is absent or of another namespace', async () => {
    const step = { path: ['plots'], body: {} }
    const key = 'POST /v1/buckets/{}/objects'

    assert.equal((await films.ask(key, { ...step, as: null })).status, 401)
    assert.equal((await films.ask(key, { ...step, as: reader })).status, 403)
    assert.equal((await films.ask(key, { ...step, namespace: 'other' })).status, 404)
    assert.equal((await create('nowhere', {})).status, 404)
  })
})

describe('POST /v1/buckets/{}/objects/batch', () => {
  test('200 with what was made and why the rest was not, each with its index', async () => {
    const { answer } = await films.ask('POST /v1/buckets/{}/objects/batch', {
      path: ['keyed'],
      body: { objects: [{ title: 'one' }, { title: 5 }, { title: 'two' }, { title: 'one' }] },
    })

    assert.deepEqual(
      answer.succeeded.map((object: Answer) => object.title),
      ['one', 'two'],
    )
    assert.deepEqual(
      answer.failed.map((failed: Answer) => [failed.object_index, failed.error_type]),
      [
        [1, 'ValidationError'],
        [3, 'AlreadyExistsError'],
      ],
    )
    assert.deepEqual(
      [answer.total_requested, answer.succeeded_count, answer.failed_count],
      [4, 2, 2],
    )
  })

  test('422 for none and for more than a hundred', async () => {
    for (const objects of [[], Array.from({ length: 101 }, () => ({}))]) {
      const { status } = await films.ask('POST /v1/buckets/{}/objects/batch', {
        path: ['plots'],
        body: { objects },
      })
      assert.equal(status, 422)
    }
  })
})

describe('PUT, PATCH and DELETE /v1/buckets/{}/objects/{}', () => {
  test('200: fields given replace, null removes, metadata is merged, blobs replace those of their property', async () => {
    const { answer: made } = await create('plots', {
      year: 1,
      title: 'a',
      metadata: { a: 1, b: 1 },
      blobs: [{ property: 'plot', type: 'text', data: 'old' }],
    })
    const path = ['plots', made.object_id]

    await films.made('PATCH /v1/buckets/{}/objects/{}', path, { year: 2, title: null })
    const answer = await films.made('PUT /v1/buckets/{}/objects/{}', path, {
      metadata: { b: 2 },
      blobs: [{ property: 'plot', type: 'text', data: 'new' }],
    })

    assert.equal(answer.year, 2)
    assert.equal('title' in answer, false)
    assert.deepEqual(answer.metadata, { a: 1, b: 2 })
    assert.deepEqual(
      answer.blobs.map((blob: Answer) => blob.properties.text),
      ['new'],
    )
    assert.equal(answer.created_at, made.created_at)
  })

  test('422 for what breaks the schema or changes the unique key, 404 for another bucket', async () => {
    const { answer: made } = await create('keyed', { title: 'fixed' })
    const patch = (body: object, at = 'keyed') =>
      films.ask('PATCH /v1/buckets/{}/objects/{}', { path: [at, made.object_id], body })

    assert.equal((await patch({ title: 'moved' })).status, 422)
    assert.equal((await patch({ title: null })).status, 422)
    assert.equal((await patch({ status: 'COMPLETED' })).status, 422)
    assert.equal((await patch({ year: 1 }, 'plots')).status, 404)
    assert.equal((await patch({ year: 1 })).status, 200)
  })

  test('204 once; then 404, as for a bucket where it never was', async () => {
    const { answer: made } = await create('plots', {})
    const remove = (at: string, as?: string) =>
      films.ask('DELETE /v1/buckets/{}/objects/{}', {
        path: [at, made.object_id],
        ...(as && { as }),
      })

    assert.equal((await remove('plots', reader)).status, 403)
    assert.equal((await remove('keyed')).status, 404)
    const removed = await remove('plots')
    assert.deepEqual([removed.status, removed.answer], [204, null])
    assert.equal((await remove('plots')).status, 404)
    assert.equal((await films.ask(one, { path: ['plots', made.object_id] })).status, 404)
  })
})

describe('POST /v1/buckets/{}/objects/list', () => {
  before(async () => {
    await bucket('listed', {
      name: { type: 'string' },
      year: { type: 'integer' },
      seen: { type: 'boolean' },
    })
    for (let i = 0; i < 7; i++) {
      await create('listed', {
        name: `film ${i}`,
        year: 2000 + (i % 3),
        seen: i < 2,
        metadata: { type: i % 2 === 0 ? 'video' : 'book' },
      })
    }
  })

  const list = async (query = '', body?: object): Promise<Answer> => {
    const { status, answer } = await films.ask('POST /v1/buckets/{}/objects/list', {
      path: ['listed'],
      query,
      body,
    })
    assert.equal(status, 200, JSON.stringify(answer))
    return answer
  }
  const numbers = ({ results }: Answer) => results.map(({ name }: Answer) => Number(name.slice(5)))

  test('200 for filters in the query, alone, together and beside those of the body', async () => {
    assert.deepEqual(numbers(await list('?metadata.type=video')), [0, 2, 4, 6])
    assert.deepEqual(numbers(await list('?year=2001')), [1, 4])
    assert.deepEqual(numbers(await list('?seen=true')), [0, 1])
    assert.deepEqual(numbers(await list('?metadata.type=video&year=2000')), [0, 6])
    assert.deepEqual(numbers(await list('?name=film%201&name=film%205')), [1, 5])
    const body = { filters: { field: 'year', operator: 'gte', value: 2002 } }
    assert.deepEqual(numbers(await list('?metadata.type=video', body)), [2])
    assert.deepEqual(numbers(await list('', body)), [2, 5])
  })

  test('422 for a name in the query that is no field, with the nearest one', async () => {
    const { status, answer } = await films.ask('POST /v1/buckets/{}/objects/list', {
      path: ['listed'],
      query: '?yaer=2001',
    })

    assert.equal(status, 422)
    assert.match(faultsIn(answer).join(), /query\.yaer.*'year'/)
  })

  test('200 sorted by the query or the body, by what is a column and by what is none', async () => {
    const sorted = { sort: { field: 'created_at', direction: 'desc' } }

    assert.deepEqual(
      numbers(await list('?sort_field=created_at&sort_direction=desc')),
      [6, 5, 4, 3, 2, 1, 0],
    )
    assert.deepEqual(numbers(await list('', sorted)), [6, 5, 4, 3, 2, 1, 0])
    assert.deepEqual(numbers(await list('?sort_field=name', sorted)), [0, 1, 2, 3, 4, 5, 6])
    const byYear = await list('?sort_field=year&sort_direction=desc&limit=2')
    assert.deepEqual(numbers(byYear).toSorted(), [2, 5])
  })

  test('200 page by page: in both styles, and with cursors to the end', async () => {
    const byQuery = await list('?limit=3&offset=3&include_total=true')
    const byBody = await list('', { limit: 3, offset: 3, include_total: true })

    assert.deepEqual(numbers(byQuery), [3, 4, 5])
    assert.deepEqual(byBody, byQuery)
    assert.deepEqual(
      [byQuery.pagination.total, byQuery.pagination.total_pages, byQuery.pagination.page],
      [7, 3, 2],
    )
    const found: number[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: Answer = await list(cursor && `?cursor=${encodeURIComponent(cursor)}`, {
        page_size: 2,
      })
      assert.equal(page.pagination.total, null)
      found.push(...numbers(page))
      cursor = page.pagination.next_cursor
    }
    assert.deepEqual(found, [0, 1, 2, 3, 4, 5, 6])
  })

  test('200 with select, which keeps ids, and search over every text', async () => {
    const selected = await list('?limit=1', { select: ['year'] })

    assert.deepEqual(Object.keys(selected.results[0]).toSorted(), [
      'bucket_id',
      'object_id',
      'year',
    ])
    assert.deepEqual(numbers(await list('', { search: 'FILM 3' })), [3])
    assert.equal((await list()).stats.total_objects, 7)
  })
})

async function total(): Promise<number> {
  const { answer } = await films.ask('POST /v1/buckets/{}/objects/list', {
    path: ['plots'],
    query: '?include_total=true',
  })
  return answer.pagination.total
}
