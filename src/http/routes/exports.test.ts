import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { parquetReadObjects } from 'hyparquet'
import { addKey, faultsIn } from '../../../test/support/asked.ts'
import { openFilms, type Films } from '../../../test/support/films.ts'
import type { Answer } from '../../../test/support/server.ts'
import { removeUnusedBlobs, sweepBlobs } from '../../domain/objects/remove-unused-blobs.ts'

let films: Films
let reader: string
const path = ['films']
const key = 'POST /v1/collections/{}/export'
const documents = [
  { document_id: 'a', title: 'Vertigo', year: 1958, tags: ['dark', 'slow'] },
  { document_id: 'b', title: 'say "cheese", they said\nand left', year: 2001.5, seen: true },
  { document_id: 'c', title: ' Psycho', year: null, cast: { lead: 'Leigh' } },
]

before(async () => {
  films = await openFilms({
    NACRE_EXPORT_DOCUMENTS_MAX: '3',
    NACRE_EXPORT_COLUMNS_MAX: '7',
    NACRE_EXPORT_FILES_MAX: '4',
  })
  reader = await addKey(films.server, 'read')
  const bucket_schema = { properties: { title: { type: 'string' } } }
  await films.made('POST /v1/buckets', [], { bucket_name: 'films', bucket_schema })
  for (const collection_name of ['films', 'many']) {
    await films.made('POST /v1/collections', [], {
      collection_name,
      source: { type: 'bucket', bucket_ids: ['films'] },
      feature_extractor: { feature_extractor_name: 'passthrough_extractor', version: 'v1' },
    })
  }
  for (const each of documents) await films.made('POST /v1/collections/{}/documents', path, each)
  for (let i = 0; i < 4; i += 1)
    await films.made('POST /v1/collections/{}/documents', ['many'], {
      [`field_${i}`]: 1,
      [`x_${i}`]: 1,
    })
})
after(async () => {
  await films[Symbol.asyncDispose]()
})

describe(key, () => {
  test('200 with a file of all documents as the API answers them, which anybody may fetch by its URL', async () => {
    const { answer } = await films.ask(key, { path, as: reader, body: { format: 'json' } })

    assert.deepEqual([answer.format, answer.document_count], ['json', 3])
    assert.deepEqual([answer.vectors_download_url, answer.vectors_s3_path], [null, null])
    const response = await fetch(answer.download_url)
    const text = await response.text()
    assert.equal(response.headers.get('content-type'), 'application/json')
    assert.equal(Buffer.byteLength(text), answer.file_size_bytes)
    const listed = await films.made('POST /v1/collections/{}/documents/list', path, {})
    const byId = (a: { document_id: string }, b: { document_id: string }) =>
      a.document_id < b.document_id ? -1 : 1
    assert.deepEqual(JSON.parse(text).toSorted(byId), listed.results.toSorted(byId))
  })

  test('200 with a table: a column for each field that a document has, and nothing where it has none', async () => {
    const { answer } = await films.ask(key, { path, body: { format: 'csv' } })
    const rows = csvRows(await (await fetch(answer.download_url)).text())
    const [head = [], ...lines] = rows

    assert.deepEqual(head.slice(0, 2), ['document_id', 'collection_id'])
    assert.deepEqual(head.slice(2).toSorted(), ['cast', 'seen', 'tags', 'title', 'year'])
    const cells = lines.map((line) => Object.fromEntries(head.map((name, i) => [name, line[i]])))
    const [a, b, c] = cells.toSorted((x, y) =>
      String(x['document_id']) < String(y['document_id']) ? -1 : 1,
    )
    assert.deepEqual([a?.['tags'], a?.['seen'], a?.['cast']], ['["dark","slow"]', '', ''])
    assert.deepEqual(
      [b?.['title'], b?.['year'], b?.['seen']],
      ['say "cheese", they said\nand left', '2001.5', 'true'],
    )
    assert.deepEqual([c?.['title'], c?.['year'], c?.['cast']], [' Psycho', '', '{"lead":"Leigh"}'])
  })

  test('200 with the documents that meet filters, the fields that are named, the vectors in a file of their own', async () => {
    const { answer } = await films.ask(key, {
      path,
      body: {
        format: 'csv',
        include_vectors: true,
        select_fields: ['title', 'cast.lead'],
        filters: { field: 'document_id', operator: 'in', value: ['a', 'c'] },
      },
    })
    const table = csvRows(await (await fetch(answer.download_url)).text())
    const vectors = await (await fetch(answer.vectors_download_url)).text()

    assert.equal(answer.document_count, 2)
    assert.deepEqual(table[0], ['document_id', 'collection_id', 'title', 'cast.lead'])
    const cells = table.slice(1).map((row) => row.toSpliced(1, 1).join('|'))
    assert.deepEqual(cells.toSorted(), ['a|Vertigo|', 'c| Psycho|Leigh'])
    const lines = vectors
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    assert.deepEqual(new Set(lines.map(({ document_id: id }) => id)), new Set(['a', 'c']))
    assert.ok(lines.every((line) => typeof line.vectors === 'object'))
  })

  test('200 with a sample; an export of nothing is an empty list', async () => {
    const sample = await films.made(key, path, { format: 'json', sample_size: 2 })
    const none = await films.made(key, path, {
      format: 'json',
      filters: { title: 'Nobody made it' },
    })

    assert.equal(sample.document_count, 2)
    const listed: Answer = await (await fetch(sample.download_url)).json()
    assert.equal(listed.length, 2)
    assert.deepEqual([none.document_count, await (await fetch(none.download_url)).json()], [0, []])
  })

  test('400 beyond the limits of documents and columns, naming the settings', async () => {
    const tall = await films.ask(key, { path: ['many'] })
    const wide = await films.ask(key, { path: ['many'], body: { format: 'csv', sample_size: 3 } })

    assert.equal(tall.status, 400)
    assert.match(tall.answer.error.message, /more than 3 .*NACRE_EXPORT_DOCUMENTS_MAX/)
    assert.equal(wide.status, 400)
    assert.match(wide.answer.error.message, /NACRE_EXPORT_COLUMNS_MAX/)
    const few = { format: 'csv', sample_size: 3, select_fields: ['field_0'] }
    assert.equal((await films.ask(key, { path: ['many'], body: few })).status, 200)
  })

  test('200 with Parquet where no format is named: a column by what all of its values are, JSON where they differ', async () => {
    const { answer } = await films.ask(key, { path, as: reader })
    const response = await fetch(answer.download_url)
    const file = await response.arrayBuffer()

    assert.equal(answer.format, 'parquet')
    assert.equal(response.headers.get('content-type'), 'application/vnd.apache.parquet')
    assert.equal(file.byteLength, answer.file_size_bytes)
    const rows = await parquetReadObjects({ file })
    const byId = new Map(rows.map(({ document_id: id, ...row }) => [id, row]))
    const none = { tags: null, seen: null, cast: null }
    const films_ = { collection_id: byId.get('a')?.['collection_id'] }
    assert.deepEqual(byId.get('a'), {
      ...films_,
      ...none,
      title: 'Vertigo',
      year: 1958,
      tags: '["dark","slow"]',
    })
    assert.deepEqual(
      [byId.get('b')?.['title'], byId.get('b')?.['year'], byId.get('b')?.['seen']],
      ['say "cheese", they said\nand left', 2001.5, true],
    )
    assert.deepEqual(byId.get('c'), {
      ...films_,
      ...none,
      title: ' Psycho',
      year: null,
      cast: '{"lead":"Leigh"}',
    })
  })

  test('200 with Parquet of fields that are named, of nothing at all, and of values of several kinds', async () => {
    const read = async (body: object) =>
      await rowsOf((await films.made(key, path, { format: 'parquet', ...body })).download_url)
    const named = await read({ select_fields: ['cast.lead', 'tags', 'nowhere'] })
    const none = await read({ filters: { title: 'Nobody made it' } })

    const leads = named.map((row) => row['cast.lead']).filter((lead) => lead !== null)
    assert.deepEqual([named.length, leads], [3, ['Leigh']])
    assert.ok(named.every((row) => row['nowhere'] === null))
    assert.deepEqual(none, [])
    const mixed = await read({ select_fields: ['_internal.document_id', 'year'], sample_size: 1 })
    assert.equal(mixed[0]?.['_internal.document_id'], mixed[0]?.['document_id'])
  })

  test('422 for a wrong body, 401 without a key, 404 in another namespace', async () => {
    const wrong = await films.ask(key, { path, body: { format: 'xml', sample_size: 0 } })

    assert.equal(wrong.status, 422)
    assert.match(faultsIn(wrong.answer).join('\n'), /body\.format: .*\n.*body\.sample_size: /)
    assert.equal((await films.ask(key, { path, as: null })).status, 401)
    assert.equal((await films.ask(key, { path, namespace: 'other' })).status, 404)
  })
})

describe('GET /v1/export-files/{}', () => {
  test('403 for a signature of another file or another time, 404 once it has expired or went with its collection', async () => {
    const [one, two] = [await films.made(key, path), await films.made(key, path)]
    const { search } = new URL(two.download_url)
    const foreign = one.download_url.replace(/\?.*/, search)
    const later = one.download_url.replace(/expires=\d+/, 'expires=9999999999')
    assert.equal((await fetch(foreign)).status, 403)
    assert.equal((await fetch(later)).status, 403)

    const { db } = films.server.ports
    const id = /export-files\/([^?]+)/.exec(one.download_url)?.[1] ?? ''
    await db
      .updateTable('export_files')
      .set({ expires_at: new Date(0) })
      .where('id', '=', id)
      .execute()
    assert.equal((await fetch(one.download_url)).status, 404)
    assert.equal((await fetch(two.download_url)).status, 200)
  })

  test('of more files than a namespace may have the oldest go', async () => {
    const urls: string[] = []
    for (let i = 0; i < 5; i += 1) urls.push((await films.made(key, path)).download_url)

    const statuses = await Promise.all(urls.map(async (url) => (await fetch(url)).status))
    assert.deepEqual(statuses, [404, 200, 200, 200, 200])
  })

  test('what has expired is removed from the blob store, and what has not stays', async () => {
    const { ports } = films.server
    const { db, blobs } = ports
    await films.made(key, path, { format: 'csv', sample_size: 1 })
    const files = await db.selectFrom('export_files').selectAll().execute()
    const [gone, ...rest] = files
    assert.ok(gone && rest.length > 0)
    const expired = { expires_at: new Date(0) }
    await db.updateTable('export_files').set(expired).where('hash', '=', gone.hash).execute()

    await sweepBlobs(ports, new AbortController().signal)
    await db
      .updateTable('unused_blobs')
      .set({ due_at: new Date(0) })
      .execute()
    await removeUnusedBlobs(ports)

    assert.equal(await blobs.has(gone.hash), false)
    const kept = new Set(rest.map(({ hash }) => hash).filter((hash) => hash !== gone.hash))
    for (const hash of kept) assert.equal(await blobs.has(hash), true)
  })
})

async function rowsOf(url: string): Promise<Record<string, unknown>[]> {
  const response = await fetch(url)
  return await parquetReadObjects({ file: await response.arrayBuffer() })
}

/** RFC 4180, read by a few lines of its own. */
function csvRows(text: string): string[][] {
  const rows: string[][] = [[]]
  for (const [, quoted, plain, end] of text.matchAll(
    /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/g,
  )) {
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain ?? '')
    if (end === '\r\n') rows.push([])
    if (end === '') break
  }
  return rows.filter((row) => row.length > 1)
}
