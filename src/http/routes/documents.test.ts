import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { addKey, faultsIn, openAsk, type Ask } from '../../../test/support/asked.ts'
import { startTestServer, type Answer, type TestServer } from '../../../test/support/server.ts'

let server: TestServer
let ask: Ask
let reader: string
let bucketId: string
let made = 0

const own = [1, 0, 0, 0]
const absent = `doc_${'0'.repeat(32)}`

before(async () => {
  server = await startTestServer()
  ask = await openAsk(server, { namespace: 'points' })
  reader = await addKey(server, 'read')
  for (const name of ['points', 'elsewhere']) {
    await server.call('POST', '/v1/namespaces', {
      namespace_name: name,
      vectors: { own: { dimensions: 4, distance: 'cosine' }, words: { type: 'sparse' } },
      feature_extractors: [{ feature_extractor_name: 'passthrough_extractor', version: 'v1' }],
    })
  }
  bucketId = await bucketIn('points')
})
after(async () => {
  await server[Symbol.asyncDispose]()
})

describe('POST /v1/collections/{collection_identifier}/documents', () => {
  const key = 'POST /v1/collections/{}/documents'

  test('200 with ids, the fields at the root, and ours under _internal', async () => {
    const id = await collection()

    const { status, answer } = await ask(key, {
      path: [id],
      body: {
        collection_id: id,
        title: 'Vertigo',
        metadata: { year: 1958 },
        features: [
          {
            feature_extractor_id: 'passthrough_extractor_v1',
            payload: { tone: 'dark' },
            vectors: { own },
          },
        ],
        vectors: { words: { indices: [7, 3], values: [0.5, 1] } },
        root_object_id: 'obj_1',
        source_type: 'bucket',
      },
    })

    assert.equal(status, 200)
    assert.match(answer.document_id, /^doc_[0-9a-f]{32}$/)
    assert.equal(answer.collection_id, id)
    assert.deepEqual(
      [answer.title, answer.tone, answer.metadata],
      ['Vertigo', 'dark', { year: 1958 }],
    )
    assert.equal(answer._internal.lineage.root_object_id, 'obj_1')
    assert.equal(answer._internal.lineage.source_type, 'bucket')
    assert.equal(answer._internal.origin, 'api')
    assert.equal(answer._internal.document_id, answer.document_id)
    assert.match(answer._internal.created_at, /Z$/)
    const read = await ask('GET /v1/collections/{}/documents/{}', {
      path: [id, answer.document_id],
      query: '?return_vectors=true',
    })
    assert.deepEqual(read.answer.own, own)
    assert.deepEqual(read.answer._vectors.toSorted(), ['own', 'words'])
  })

  test('an id of the client is kept, is one of its collection only, and is a 409 the second time', async () => {
    const [first, second] = [await collection(), await collection()]

    const one = await create(first, { document_id: 'a/b c', n: 1 })
    const other = await create(second, { document_id: 'a/b c', n: 2 })
    const again = await ask(key, { path: [first], body: { document_id: 'a/b c' } })

    assert.equal(one.document_id, 'a/b c')
    assert.equal(other.n, 2)
    assert.equal((await read(first, 'a/b c')).answer.n, 1)
    assert.equal(again.status, 409)
    assert.equal(again.answer.error.type, 'AlreadyExistsError')
  })

  test('422 at the place of each fault, and nothing is written', async () => {
    const id = await collection()
    const cases: [unknown, RegExp][] = [
      [{ _internal: { origin: 'extracted' } }, /^body\._internal: '_internal' is the system's own/],
      [{ '_internal.origin': 'x' }, /^body\._internal\.origin: /],
      [{ _vectors: ['own'] }, /^body\._vectors: /],
      [{ namespace_id: 'ns_other' }, /^body\.namespace_id: /],
      [{ features: [{ payload: { _internal: {} } }] }, /_internal/],
      [{ own: 'text' }, /^body\.own: 'own' is a vector/],
      [{ collection_id: 'col_other' }, /^body\.collection_id: is 'col_other'/],
      [{ document_id: 5 }, /^body\.document_id: /],
      [{ source_type: 'api' }, /^body\.source_type: .*'bucket'/],
      [{ vectors: { owm: own } }, /^body\.vectors\.owm: .*own/],
      [{ vectors: { own: [1, 2] } }, /^body\.vectors\.own: has 2 numbers; the vector 'own' has 4/],
      [{ vectors: { own: [1, 2, 3, 'x'] } }, /^body\.vectors\.own\.3: /],
      [
        { vectors: { words: { indices: [1, 1], values: [1, 2] } } },
        /^body\.vectors\.words\.indices: /,
      ],
      [{ features: [{ vectors: { own: [1] } }] }, /^body\.features\.0\.vectors\.own: /],
      ['{"n": 9007199254740993}', /^body\.n: .*9007199254740993/],
      ['{"deep": [{"n": 1e400}]}', /^body\.deep\.0\.n: /],
    ]

    for (const [body, fault] of cases) {
      const { status, answer } = await ask(key, { path: [id], body })
      assert.equal(status, 422, JSON.stringify(body))
      assert.match(faultsIn(answer)[0] ?? '', fault)
    }

    assert.equal((await list(id, { include_total: true })).total_documents, 0)
  })

  test('the largest whole number, and 5.0, come back as they are', async () => {
    const id = await collection()

    const answer = await ask(key, { path: [id], body: '{"n": 9007199254740991, "m": 5.0}' })

    assert.deepEqual([answer.answer.n, answer.answer.m], [Number.MAX_SAFE_INTEGER, 5])
  })

  test('400 for what is no JSON, 401 without a key, 403 for a reader, 404 for a foreign collection', async () => {
    const id = await collection()

    assert.equal((await ask(key, { path: [id], body: '{"a":' })).status, 400)
    assert.equal((await ask(key, { path: [id], body: {}, as: null })).status, 401)
    assert.equal((await ask(key, { path: [id], body: {}, as: reader })).status, 403)
    assert.equal((await ask(key, { path: ['col_absent'], body: {} })).status, 404)
    assert.equal((await ask(key, { path: [id], body: {}, namespace: 'elsewhere' })).status, 404)
  })
})

describe('one document', () => {
  const at = '/v1/collections/{}/documents/{}'

  test('GET says the vectors, or their names, only where they are asked for', async () => {
    const id = await collection()
    const { document_id: document } = await create(id, { n: 1, vectors: { own } })

    const plain = (await read(id, document)).answer
    const names = (await read(id, document, '?return_vector_names=true')).answer

    assert.ok(!('own' in plain) && !('_vectors' in plain))
    assert.deepEqual(names._vectors, ['own'])
    assert.ok(!('own' in names))
  })

  test('PATCH merges by root key, reaches inside by a dotted one, and null removes', async () => {
    const id = await collection()
    const { document_id: document } = await create(id, {
      keep: 1,
      gone: 2,
      metadata: { a: 1, b: 2 },
      whole: { a: 1 },
      vectors: { own },
    })

    const { answer } = await ask(`PATCH ${at}`, {
      path: [id, document],
      body: { gone: null, 'metadata.a': 5, 'metadata.c.d': [1], whole: { b: 2 } },
    })

    assert.equal(answer.keep, 1)
    assert.ok(!('gone' in answer))
    assert.deepEqual(answer.metadata, { a: 5, b: 2, c: { d: [1] } })
    assert.deepEqual(answer.whole, { b: 2 })
    const now = (await read(id, document, '?return_vectors=true')).answer
    assert.deepEqual(now.own, own)
    assert.deepEqual(now.metadata, answer.metadata)
    assert.ok(now._internal.updated_at >= now._internal.created_at)
  })

  test('PUT replaces every field, and neither vectors nor ids', async () => {
    const id = await collection()
    const { document_id: document } = await create(id, { a: 1, b: 2, vectors: { own } })

    const { answer } = await ask(`PUT ${at}`, { path: [id, document], body: { c: 3 } })

    assert.ok(!('a' in answer) && !('b' in answer))
    assert.equal(answer.c, 3)
    assert.equal(answer.document_id, document)
    assert.deepEqual((await read(id, document, '?return_vectors=true')).answer.own, own)
  })

  test('422 for a forged system field in PATCH and PUT, which changes nothing', async () => {
    const id = await collection()
    const { document_id: document } = await create(id, { a: 1 })

    for (const body of [
      { _internal: { collection_id: 'col_x' } },
      { '_internal.collection_id': 'col_x', a: 2 },
      { document_id: 'mine' },
      { own: [0, 0, 0, 1] },
    ]) {
      for (const method of ['PATCH', 'PUT']) {
        const { status, answer } = await ask(`${method} ${at}`, { path: [id, document], body })
        assert.equal(status, 422, JSON.stringify(body))
        assert.match(faultsIn(answer)[0] ?? '', /^body\./)
      }
    }

    assert.equal((await read(id, document)).answer.a, 1)
  })

  test('DELETE removes it: afterwards GET, PATCH, PUT and DELETE are 404', async () => {
    const id = await collection()
    const { document_id: document } = await create(id, { a: 1 })

    const { answer } = await ask(`DELETE ${at}`, { path: [id, document] })

    assert.equal(answer.success, true)
    for (const method of ['GET', 'PATCH', 'PUT', 'DELETE']) {
      const body = method === 'PATCH' || method === 'PUT' ? { body: { a: 2 } } : {}
      const { status } = await ask(`${method} ${at}`, { path: [id, document], ...body })
      assert.equal(status, 404, method)
    }
  })

  test('another collection and another namespace answer a foreign id as an absent one', async () => {
    const [mine, other] = [await collection(), await collection()]
    const { document_id: document } = await create(mine, { a: 1 })

    const foreign = await read(other, document)
    const none = await read(other, absent)
    const elsewhere = await ask('GET /v1/documents/{}', {
      path: [document],
      namespace: 'elsewhere',
    })

    assert.equal(foreign.status, 404)
    assert.equal(elsewhere.status, 404)
    const sentence = (answer: Answer, id: string) => answer.error.message.replace(id, '')
    assert.equal(sentence(foreign.answer, document), sentence(none.answer, absent))
    for (const method of ['PATCH', 'PUT', 'DELETE']) {
      const { status } = await ask(`${method} ${at}`, { path: [other, document], body: { a: 2 } })
      assert.equal(status, 404, method)
    }
    assert.equal((await read(mine, document)).answer.a, 1)
  })

  test('/v1/documents/{document_id} reads and changes it without its collection', async () => {
    const id = await collection()
    const { document_id: document } = await create(id, { a: 1, b: 1 })
    await create(id, { document_id: 'by-name', a: 5 })

    const patched = await ask('PATCH /v1/documents/{}', { path: [document], body: { a: 2 } })
    const replaced = await ask('PUT /v1/documents/{}', { path: [document], body: { a: 3 } })

    assert.deepEqual([patched.answer.a, patched.answer.b], [2, 1])
    assert.ok(!('b' in replaced.answer))
    assert.equal((await ask('GET /v1/documents/{}', { path: [document] })).answer.a, 3)
    assert.equal((await ask('GET /v1/documents/{}', { path: ['by-name'] })).answer.a, 5)
    assert.equal((await ask('GET /v1/documents/{}', { path: [absent] })).status, 404)
  })
})

describe('POST /v1/collections/{collection_identifier}/documents/list', () => {
  const key = 'POST /v1/collections/{}/documents/list'

  test('filters in every form of the language, and paths as clients write them', async () => {
    const id = await collection()
    for (const n of [1, 2, 3, 4])
      await create(id, { n, even: n % 2 === 0, category: n < 3 ? 'low' : 'high', tags: [`t${n}`] })

    const cases: [unknown, number[]][] = [
      [{ n: 2 }, [2]],
      [{ field: 'n', operator: 'gte', value: 3 }, [3, 4]],
      [
        {
          AND: [
            { field: 'even', value: true },
            { field: 'n', operator: 'lt', value: 4 },
          ],
        },
        [2],
      ],
      [{ OR: [{ n: 1 }, { n: 4 }], case_sensitive: false }, [1, 4]],
      [{ NOT: [{ field: 'category', operator: 'eq', value: 'low' }] }, [3, 4]],
      [{ field: 'metadata.category', operator: 'eq', value: 'low' }, [1, 2]],
      [{ field: 'tags', operator: 'in', value: ['t1', 't4'] }, [1, 4]],
      [{ field: 'category', operator: 'starts_with', value: 'HI' }, [3, 4]],
      [{ field: 'category', operator: 'regex', value: '^HI.h$' }, [3, 4]],
      [{ NOT: { field: 'tags', operator: 'regex', value: '[1-3]', case_sensitive: true } }, [4]],
      [{ field: 'nothing', operator: 'exists', value: false }, [1, 2, 3, 4]],
      [{ field: 'collection_id', operator: 'ne', value: id }, []],
    ]
    for (const [filters, expected] of cases) {
      const { results, total_documents } = await list(id, { filters, include_total: true })
      const found = results.map(({ n }: Answer) => n).toSorted()
      assert.deepEqual(found, expected, JSON.stringify(filters))
      assert.equal(total_documents, expected.length)
    }
  })

  test('sorted or not, cursors lead through every document once', async () => {
    const id = await collection()
    for (const n of [3, 1, 2, 5, 4]) await create(id, { n, group: n > 3 ? 'b' : 'a' })
    await create(id, { other: true })

    const sort = [
      { field: 'group', direction: 'desc' },
      { field: 'n', direction: 'asc' },
    ]
    const pages = await walk(id, { sort, limit: 2 })
    const plain = await walk(id, { limit: 4 })

    assert.deepEqual(
      pages.map(({ n }) => n ?? null),
      [4, 5, 1, 2, 3, null],
    )
    assert.equal(new Set(plain.map(({ document_id }) => document_id)).size, 6)
    const second = await list(id, { sort, limit: 2, offset: 2 })
    assert.deepEqual(
      second.results.map(({ n }: Answer) => n),
      [1, 2],
    )
  })

  test('select, search, vectors and groups', async () => {
    const id = await collection()
    await create(id, { title: 'Red fox', kind: 'animal', vectors: { own } })
    await create(id, { title: 'Red wine', kind: 'drink' })
    await create(id, { title: 'Oak', kind: 'plant' })

    const selected = await list(id, { select: ['metadata.title'], filters: { kind: 'animal' } })
    const searched = await list(id, { search: 'red F' })
    const vectors = await list(id, { return_vectors: true, filters: { kind: 'animal' } })
    const groups = await list(id, { group_by: 'kind', limit: 2 })

    const [{ _internal: _, ...shown }] = selected.results
    assert.deepEqual(Object.keys(shown).toSorted(), ['collection_id', 'document_id', 'title'])
    assert.deepEqual(
      searched.results.map(({ title }: Answer) => title),
      ['Red fox'],
    )
    assert.deepEqual(vectors.results[0].own, own)
    assert.equal(groups.groups.length, 2)
    assert.equal(groups.stats.total_groups, 3)
    assert.equal(groups.group_by_field, 'kind')
    assert.equal(groups.groups[0].count, 1)
  })

  test('422 at the place of what is wrong in it, 404 for a foreign collection', async () => {
    const id = await collection()
    const cases: [object, RegExp][] = [
      [{ filters: { must: [] } }, /^body\.filters\.must: /],
      [{ filters: { AND: [{ field: 'n', operator: 'eqq', value: 1 }] } }, /AND\.0\.operator: .*eq/],
      [{ filters: { field: 'n', operator: 'in', value: 5 } }, /^body\.filters\.value: /],
      [{ filters: { field: 'n', operator: 'regex', value: '(a' } }, /value: .*missing closing/],
      [{ filters: { field: 'n', value: 1, m: 2 } }, /^body\.filters\.m: stands beside field/],
      [{ limit: 0 }, /^body\.limit: /],
      [{ limit: 1_001 }, /^body\.limit: /],
      [{ cursor: 'nonsense' }, /cursor: is no cursor/],
      [{ return_vector_names: ['owm'] }, /^body\.return_vector_names\.0: .*own/],
      [
        { filters: { field: 'n', operator: 'eq', value: { type: 'dynamic', field: 'x' } } },
        /inputs/,
      ],
    ]
    for (const [body, fault] of cases) {
      const { status, answer } = await ask(key, { path: [id], body })
      assert.equal(status, 422, JSON.stringify(body))
      assert.match(faultsIn(answer)[0] ?? '', fault)
    }
    assert.equal((await ask(key, { path: [id], namespace: 'elsewhere' })).status, 404)
  })
})

describe('many documents at once', () => {
  test('PATCH …/bulk changes what the filter finds, and without one all', async () => {
    const id = await collection()
    for (const n of [1, 2, 3]) await create(id, { n })
    const bulk = 'PATCH /v1/collections/{}/documents/bulk'

    const some = await ask(bulk, {
      path: [id],
      body: { filters: { field: 'n', operator: 'gt', value: 1 }, update_data: { seen: true } },
    })
    const all = await ask(bulk, { path: [id], body: { update_data: { 'metadata.x': 1 } } })
    const forged = await ask(bulk, { path: [id], body: { update_data: { _internal: {} } } })

    assert.equal(some.answer.updated_count, 2)
    assert.equal(all.answer.updated_count, 3)
    assert.equal(forged.status, 422)
    assert.equal((await list(id, { filters: { seen: true } })).results.length, 2)
    assert.equal((await list(id, { filters: { 'metadata.x': 1 } })).results.length, 3)
  })

  test('POST …/batch changes named ones each for itself, or what a filter finds', async () => {
    const id = await collection()
    const other = await collection()
    const { document_id: mine } = await create(id, { n: 1 })
    const { document_id: foreign } = await create(other, { n: 1 })
    const batch = 'POST /v1/collections/{}/documents/batch'

    const named = await ask(batch, {
      path: [id],
      body: {
        updates: [
          { document_id: mine, update_data: { n: 2 } },
          { document_id: foreign, update_data: { n: 2 } },
        ],
      },
    })
    const found = await ask(batch, {
      path: [id],
      body: { filters: { n: 2 }, update_data: { m: 3 } },
    })
    const both = await ask(batch, {
      path: [id],
      body: { updates: [{ document_id: mine, update_data: {} }], update_data: {} },
    })

    assert.deepEqual([named.answer.updated_count, named.answer.failed_count], [1, 1])
    assert.deepEqual(
      named.answer.results.map(({ success }: Answer) => success),
      [true, false],
    )
    assert.equal(found.answer.updated_count, 1)
    assert.equal(both.status, 422)
    assert.equal((await ask(batch, { path: [id], body: { update_data: { n: 1 } } })).status, 422)
    assert.equal((await read(other, foreign)).answer.n, 1)
    assert.equal((await read(id, mine)).answer.m, 3)
  })

  test('DELETE …/batch takes ids or a filter, and never everything', async () => {
    const id = await collection()
    const { document_id: one } = await create(id, { n: 1 })
    for (const n of [2, 3]) await create(id, { n })
    const batch = 'DELETE /v1/collections/{}/documents/batch'

    const named = await ask(batch, { path: [id], body: { document_ids: [one, absent] } })
    const found = await ask(batch, { path: [id], body: { filters: { n: 2 } } })
    const empty = await ask(batch, { path: [id], body: { filters: {} } })
    const none = await ask(batch, { path: [id], body: {} })

    assert.deepEqual([named.answer.deleted_count, named.answer.failed_count], [1, 1])
    assert.equal(found.answer.deleted_count, 1)
    assert.deepEqual([empty.status, none.status], [422, 422])
    assert.equal((await list(id, {})).results[0].n, 3)
  })

  test('POST …/import writes what is right and tells line and reason of the rest', async () => {
    const [id, other] = [await collection(), await collection()]
    const { document_id: taken } = await create(other, { n: 0 })
    const lines = [
      JSON.stringify({ n: 1, vectors: { own } }),
      '',
      '{"n": 2',
      JSON.stringify({ n: 3, _internal: {} }),
      '{"n": 9007199254740993}',
      JSON.stringify({ document_id: 'same', n: 5 }),
      JSON.stringify({ document_id: 'same', n: 6 }),
      JSON.stringify({ document_id: taken, n: 7 }),
      JSON.stringify({ n: 8, vectors: { own: [1] } }),
      '[1]',
    ]
    const send = () =>
      ask('POST /v1/collections/{}/documents/import', { path: [id], body: lines.join('\n') })

    const { answer } = await send()
    const again = await send()

    assert.deepEqual([answer.received, answer.written, answer.failed], [9, 3, 6])
    assert.deepEqual(
      answer.errors.map(({ line }: Answer) => line),
      [3, 4, 5, 8, 9, 10],
    )
    assert.match(answer.errors[0].reason, /not JSON/)
    assert.match(answer.errors[1].reason, /^_internal: /)
    assert.match(answer.errors[2].reason, /9007199254740993/)
    assert.match(answer.errors[4].reason, /^vectors\.own: /)
    assert.equal(again.answer.written, 3)
    assert.equal((await read(id, 'same')).answer.n, 6)
    assert.equal((await read(other, taken)).answer.n, 0)
    assert.equal((await read(id, 'same')).answer._internal.origin, 'imported')
  })

  test('a line of an import longer than allowed is a fault of its own', async () => {
    const id = await collection()
    const long = JSON.stringify({ text: 'x'.repeat(server.ports.config.importLineBytesMax) })

    const { answer } = await ask('POST /v1/collections/{}/documents/import', {
      path: [id],
      body: `{"n":1}\n${long}\n{"n":2}`,
    })

    assert.deepEqual([answer.written, answer.failed], [2, 1])
    assert.match(answer.errors[0].reason, /NACRE_IMPORT_LINE_BYTES_MAX/)
  })
})

async function bucketIn(namespace: string): Promise<string> {
  const body = { bucket_name: 'none', bucket_schema: { properties: {} } }
  const { bucket_id } = await server.call('POST', '/v1/buckets', body, { 'x-namespace': namespace })
  return bucket_id
}

/** A collection of its own for each test, so that none sees another's documents. */
async function collection(): Promise<string> {
  const { status, answer } = await ask('POST /v1/collections', {
    body: {
      collection_name: `points-${made++}`,
      source: { type: 'bucket', bucket_ids: [bucketId] },
      feature_extractor: { feature_extractor_name: 'passthrough_extractor', version: 'v1' },
    },
  })
  assert.equal(status, 200, JSON.stringify(answer))
  return answer.collection_id
}

async function create(collectionId: string, body: object): Promise<Answer> {
  const made = await ask('POST /v1/collections/{}/documents', { path: [collectionId], body })
  assert.equal(made.status, 200, JSON.stringify(made.answer))
  return made.answer
}

async function read(collectionId: string, documentId: string, query = '') {
  return await ask('GET /v1/collections/{}/documents/{}', {
    path: [collectionId, documentId],
    query,
  })
}

async function list(collectionId: string, body: object): Promise<Answer> {
  const listed = await ask('POST /v1/collections/{}/documents/list', { path: [collectionId], body })
  assert.equal(listed.status, 200, JSON.stringify(listed.answer))
  return listed.answer
}

/** All pages of a list, by their cursors. */
async function walk(collectionId: string, body: object): Promise<Answer[]> {
  const found: Answer[] = []
  let cursor: string | null = null
  do {
    const page = await list(collectionId, { ...body, ...(cursor !== null && { cursor }) })
    found.push(...page.results)
    cursor = page.pagination.next_cursor
  } while (cursor !== null)
  return found
}
