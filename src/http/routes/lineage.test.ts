import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { addKey } from '../../../test/support/asked.ts'
import { openFilms, type Films } from '../../../test/support/films.ts'

let films: Films
let reader: string
let object: string
let first: string
let second: string

before(async () => {
  films = await openFilms()
  reader = await addKey(films.server, 'read')
  const bucket_schema = { properties: { title: { type: 'string' } } }
  await films.made('POST /v1/buckets', [], { bucket_name: 'films', bucket_schema })
  const extractor = {
    feature_extractor: { feature_extractor_name: 'passthrough_extractor', version: 'v1' },
  }
  const one = await films.made('POST /v1/collections', [], {
    collection_name: 'first',
    source: { type: 'bucket', bucket_ids: ['films'] },
    ...extractor,
  })
  first = one.collection_id
  const two = await films.made('POST /v1/collections', [], {
    collection_name: 'second',
    source: { type: 'collection', collection_id: first },
    ...extractor,
  })
  second = two.collection_id
  const made = await films.made('POST /v1/buckets/{}/objects', ['films'], { title: 'Vertigo' })
  object = made.object_id
  await films.made('POST /v1/buckets/{}/objects', ['films'], { title: 'Psycho' })
  const batch = await films.made('POST /v1/buckets/{}/batches/trigger', ['films'], {})
  await films.ended(batch.task_id)
})
after(async () => {
  await films[Symbol.asyncDispose]()
})

const tree = 'GET /v1/objects/{}/decomposition-tree'
const documents = 'GET /v1/objects/{}/documents'
const lineage = 'GET /v1/collections/{}/documents/{}/lineage'

describe(tree, () => {
  test('200 with the documents of the object along its collections, and their ids where asked', async () => {
    const { status, answer } = await films.ask(tree, {
      path: [object],
      query: '?include_document_ids=true',
    })

    assert.equal(status, 200)
    assert.equal(answer.total_documents, 2)
    assert.equal(answer.document_ids_complete, true)
    const [root] = answer.tree
    assert.equal(answer.tree.length, 1)
    assert.deepEqual([root.collection_id, root.document_count], [first, 1])
    const [child] = root.children
    assert.deepEqual([child.collection_name, child.document_count], ['second', 1])
    assert.match(child.document_ids[0], /^doc_/)
    const plain = await films.made(tree, [object])
    assert.equal(plain.tree[0].document_ids, undefined)
  })

  test('404 for an absent object and in another namespace', async () => {
    assert.equal((await films.ask(tree, { path: ['obj_absent'] })).status, 404)
    assert.equal((await films.ask(tree, { path: [object], namespace: 'other' })).status, 404)
  })
})

describe(documents, () => {
  test('200 with what was made of this object alone, in all collections or those named', async () => {
    const all = await films.made(documents, [object])
    const { answer: one } = await films.ask(documents, {
      path: [object],
      query: `?collection_ids=${second}`,
      as: reader,
    })

    assert.equal(all.total_documents, 2)
    assert.deepEqual(
      all.results.map((found: { title: string }) => found.title),
      ['Vertigo', 'Vertigo'],
    )
    assert.deepEqual(
      one.results.map((found: { collection_id: string }) => found.collection_id),
      [second],
    )
    const absent = { path: [object], query: '?collection_ids=col_absent' }
    assert.equal((await films.ask(documents, absent)).status, 404)
    assert.equal((await films.ask(documents, { path: [object], namespace: 'other' })).status, 404)
  })

  test('pages follow each other by their cursor, without a document lost or twice', async () => {
    const page = await films.ask(documents, { path: [object], query: '?limit=1' })
    const cursor = encodeURIComponent(page.answer.pagination.next_cursor)
    const next = await films.ask(documents, {
      path: [object],
      query: `?limit=1&cursor=${cursor}`,
    })

    const seen = [page, next].map(({ answer }) => answer.results[0].document_id)
    assert.equal(new Set(seen).size, 2)
    assert.equal(next.answer.pagination.next_cursor, null)
  })
})

describe(lineage, () => {
  test('200 with each step up to the object, and what of it is gone', async () => {
    const made = await films.made(documents, [object])
    const of = (collection: string) =>
      made.results.find((found: { collection_id: string }) => found.collection_id === collection)
    const [source, document] = [of(first), of(second)]

    const answer = await films.made(lineage, [second, document.document_id])

    assert.equal(answer.lineage.root_object_id, object)
    assert.equal(answer.lineage.source_type, 'collection')
    assert.deepEqual(
      answer.path.map(({ type, id, exists }: { [key: string]: unknown }) => [type, id, exists]),
      [
        ['document', source.document_id, true],
        ['object', object, true],
      ],
    )
    await films.made('DELETE /v1/collections/{}/documents/{}', [first, source.document_id])
    const later = await films.made(lineage, [second, document.document_id])
    assert.deepEqual(
      later.path.map(({ exists }: { exists: boolean }) => exists),
      [false, true],
    )
    const foreign = { path: [second, document.document_id], namespace: 'other' }
    assert.equal((await films.ask(lineage, foreign)).status, 404)
    assert.equal((await films.ask(lineage, { path: [first, document.document_id] })).status, 404)
  })
})
