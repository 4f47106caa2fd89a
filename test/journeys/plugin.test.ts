import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, describe, test } from 'node:test'
import { packExample, packPlugin } from '../support/plugin-archive.ts'
import { startTestServer, type Answer, type TestServer } from '../support/server.ts'

// A real server, a real Python, real processes: what a plugin's author and its user do, call by call (contract 10).

const texts = [
  'Qdrant indexes vectors with a graph of neighbours.',
  'A bakery sells fresh bread and warm rolls.',
  'Whales sing songs that travel far below the sea.',
]

let server: TestServer
let namespace: string
let bucket: string
let objectIds: string[]

const plugins = () => `/v1/namespaces/${namespace}/plugins`
const call = (method: string, path: string, body?: unknown): Promise<Answer> =>
  server.call(method, path, body, { 'x-namespace': namespace })

before(async () => {
  server = await startTestServer()
  const made = await server.call('POST', '/v1/namespaces', {
    namespace_name: 'plugins',
    feature_extractors: [{ feature_extractor_name: 'passthrough_extractor', version: 'v1' }],
  })
  namespace = made.namespace_id
  const schema = { properties: { body: { type: 'text' }, title: { type: 'string' } } }
  bucket = (await call('POST', '/v1/buckets', { bucket_name: 'texts', bucket_schema: schema }))
    .bucket_id
  objectIds = await addObjects(texts)
})
after(() => server[Symbol.asyncDispose]())

describe('a plugin with a query service', () => {
  let collection: Answer

  test('is uploaded, checked on a row of ours, and deployed into the empty namespace', async () => {
    const confirmed = await upload('keywords', '1.0.0', await packExample('keywords'))
    assert.equal(confirmed.validation_status, 'passed', JSON.stringify(confirmed))
    assert.equal(confirmed.plugin_id, 'keywords_1_0_0')

    await deploy('keywords_1_0_0')
    const listed = await server.call('GET', `/v1/namespaces/${namespace}/extractors?source=custom`)
    const [extractor] = listed.extractors
    assert.equal(listed.custom_count, 1)
    assert.equal(extractor.feature_extractor_id, 'keywords_1_0_0')
    assert.equal(extractor.source, 'custom')
    assert.equal(extractor.deployed, true)
    assert.equal(extractor.registered, true)
    assert.equal(extractor.feature_uri, 'mixpeek://keywords@1.0.0/keywords_embedding')
    assert.equal(extractor.required_vector_indexes[0].index.dimensions, 128)
    const byUri = await call('GET', `/v1/namespaces/${namespace}/extractors/keywords@v1`)
    assert.equal(byUri.plugin_id, 'keywords_1_0_0')
  })

  test('becomes a collection like any extractor, its parameters checked by its own schema', async () => {
    const wrong = await tryCollection('wrong', { parameters: { letters: 99 } })
    assert.equal(wrong.status, 422)
    assert.match(JSON.stringify(wrong.body), /letters/)

    collection = await createCollection('keywords', {
      parameters: { letters: 3, keywords_max: 4 },
      field_passthrough: ['title'],
    })
    assert.deepEqual(collection.feature_extractor.input_mappings, {})
    assert.equal(
      collection.vector_indexes[0].feature_uri,
      'mixpeek://keywords@1.0.0/keywords_embedding',
    )
    assert.equal(collection.output_schema.properties.word_count.type, 'integer')
    assert.equal(collection.output_schema.properties.keywords_embedding, undefined)
  })

  test('turns each object of a batch into a document with its vector and its fields', async () => {
    const task = await runBatch([collection.collection_id])

    assert.equal(task.status, 'COMPLETED', JSON.stringify(task))
    assert.equal(task.additional_data.progress.documents, texts.length)
    const documents = await listDocuments(collection.collection_id)
    assert.equal(documents.length, texts.length)
    for (const document of documents) {
      assert.equal(document.keywords_embedding.length, 128)
      assert.ok(document.keywords.length <= 4)
      assert.equal(typeof document.word_count, 'number')
      assert.match(document.title, /^title \d$/)
      // An input column and its aliases are no fields.
      for (const name of ['data', 'text', 'body', 'blob_id'])
        assert.equal(document[name], undefined)
    }
  })

  test('makes the same documents of the same objects, however often it runs', async () => {
    const before = await listDocuments(collection.collection_id)
    await runBatch([collection.collection_id])
    const again = await listDocuments(collection.collection_id)

    assert.deepEqual(again.map(shape).toSorted(), before.map(shape).toSorted())
  })

  test('is searched with a text, through its own service', async () => {
    const found = await search('mixpeek://keywords@1.0.0/keywords_embedding', 'sells bread rolls')
    assert.equal(found.documents[0].title, 'title 1')
    for (const uri of ['mixpeek://keywords@v1', 'keywords_embedding', 'keywords@1.0.0']) {
      const same = await search(uri, 'sells bread rolls')
      assert.deepEqual(same.documents.map(idOf), found.documents.map(idOf), uri)
      assert.equal(same.documents[0].score, found.documents[0].score, uri)
    }
  })
})

describe('a plugin without a query service', () => {
  test('on a filled namespace says what its schema lacks, and the request that adds it', async () => {
    const archive = await packPlugin(counter)
    assert.equal((await upload('counter', '1.0.0', archive)).validation_status, 'passed')
    const deployed = await deploy('counter_1_0_0')
    assert.match(JSON.stringify(deployed), /counter_embedding/)

    const refused = await tryCollection('counter', extractor('counter'))
    assert.equal(refused.status, 400)
    assert.deepEqual(refused.body.error.details.missing_vector_indexes, ['counter_embedding'])
    const { request } = refused.body.error.details
    assert.equal(request.path, `/v1/namespaces/${namespace}/plugins/reconfigure`)
    const search = await trySearch('mixpeek://counter@1.0.0', 'a')
    assert.equal(search.status, 400)
    assert.match(JSON.stringify(search.body), /lacks/)

    const done = await call(request.method, request.path, request.body)
    assert.deepEqual(done.vectors_added, ['counter_embedding'])
    assert.equal(done.status, 'reconfigured')
    const again = await call(request.method, request.path, request.body)
    assert.equal(again.status, 'no_changes_needed')
  })

  test('makes several documents of an object, passes one over, and fails one alone', async () => {
    const collection = await createCollection('counter', extractor('counter'))
    const extra = await addObjects(['', 'raise now'])
    const task = await runBatch([collection.collection_id], [...objectIds, ...extra])

    assert.equal(task.status, 'COMPLETED_WITH_ERRORS', JSON.stringify(task))
    const { progress, errors, skips, warnings } = task.additional_data
    assert.equal(progress.failed, 1)
    assert.equal(progress.skipped, 1)
    assert.match(errors[0].message, /asked to raise/)
    assert.match(skips[0].message, /null vector|no output row/)
    const documents = await listDocuments(collection.collection_id)
    assert.deepEqual(warnings, [
      "column 'letters' is stored, but output_schema does not declare it",
    ])
    // One for each sentence's word of the three texts: the chunker's ordinal tells them apart.
    assert.equal(documents.length, progress.documents)
    assert.ok(documents.length > texts.length)
    assert.equal(new Set(documents.map(idOf)).size, documents.length)
  })

  test('is searched with a text all the same, through its pipeline', async () => {
    const found = await search('mixpeek://counter@1.0.0/counter_embedding', 'bakery')
    assert.equal(found.documents[0].word, 'bakery')

    const nothing = await trySearch('mixpeek://counter@1.0.0/counter_embedding', '123')
    assert.equal(nothing.status, 400)
    assert.equal(nothing.body.error.type, 'FeatureExtractionError')
    assert.match(nothing.body.error.message, /counter_1_0_0: .*null vector/)
  })
})

describe('a plugin that has no vector', () => {
  test('reads files of an object by their path, a document each', async () => {
    assert.equal((await upload('sizes', '1.0.0', await packPlugin(sizes))).plugin_id, 'sizes_1_0_0')
    await deploy('sizes_1_0_0')
    const blobs = ['AAAA', 'AAAAAAAA'].map((base64) => ({
      property: 'photos',
      type: 'image',
      data: { base64, mime_type: 'image/png' },
    }))
    const photos = await call('POST', '/v1/buckets', {
      bucket_name: 'photos',
      bucket_schema: { properties: { photos: { type: 'image' } } },
    })
    await call('POST', `/v1/buckets/${photos.bucket_id}/objects`, { blobs })
    const { collection_id: id } = await call('POST', '/v1/collections', {
      collection_name: 'sizes',
      source: { type: 'bucket', bucket_ids: [photos.bucket_id] },
      feature_extractor: extractor('sizes'),
    })
    const task = await ended(await call('POST', `/v1/collections/${id}/trigger`, {}))

    assert.equal(task.status, 'COMPLETED', JSON.stringify(task))
    const sizesOf = (await listDocuments(id))
      .map((one): number => one.file_bytes)
      .toSorted((a, b) => a - b)
    assert.deepEqual(sizesOf, [3, 6])
  })

  test('reads documents of another collection, and they keep where they came from', async () => {
    const { results } = await call('POST', '/v1/collections/list', { search: 'keywords' })
    const [{ collection_id: upstream }] = results
    const { collection_id: id } = await call('POST', '/v1/collections', {
      collection_name: 'titles',
      source: { type: 'collection', collection_ids: [upstream] },
      feature_extractor: {
        ...extractor('keywords'),
        input_mappings: { text: 'title' },
        field_passthrough: [{ source_path: 'word_count', target_path: 'words_before' }],
      },
    })
    const task = await ended(await call('POST', `/v1/collections/${id}/trigger`, {}))

    assert.equal(task.status, 'COMPLETED', JSON.stringify(task))
    const documents = await listDocuments(id)
    assert.equal(documents.length, texts.length)
    for (const document of documents) {
      assert.equal(document.word_count, 2)
      assert.ok(document.words_before > 2)
      assert.ok(objectIds.includes(document._internal.lineage.root_object_id))
      assert.equal(document._internal.lineage.source_collection_id, upstream)
    }
  })
})

describe('a plugin of the organization', () => {
  test('is named when a namespace is made, which has its vectors and its parameters from the start', async () => {
    const archive = await packExample('keywords')
    const confirmed = await upload('keywords', '1.0.0', archive, '/v1/plugins')
    assert.equal(confirmed.validation_status, 'passed', JSON.stringify(confirmed))
    const feature_extractors = [{ ...extractor('keywords'), params: { letters: 2 } }]
    const wrong = await server.fetch('/v1/namespaces', {
      method: 'POST',
      body: {
        namespace_name: 'wrong',
        feature_extractors: [{ ...extractor('keywords'), params: { letters: 99 } }],
      },
    })
    const taken = await server.fetch('/v1/namespaces', {
      method: 'POST',
      body: {
        namespace_name: 'taken',
        feature_extractors,
        vectors: { keywords_embedding: { dimensions: 3 } },
      },
    })
    assert.equal(wrong.status, 422, await wrong.text())
    assert.match(await taken.text(), /the vector of keywords_1_0_0/)

    const body = { namespace_name: 'with-plugin', feature_extractors }
    const { namespace_id: id } = await server.call('POST', '/v1/namespaces', body)
    const schema = await server.ports.vectors.describeCollection(id)
    assert.equal(schema?.vectors['keywords_embedding']?.size, 128)
    const [one] = (await server.call('GET', `/v1/namespaces/${id}/extractors?source=custom`))
      .extractors
    assert.deepEqual([one.plugin_id, one.deployed, one.registered], ['keywords_1_0_0', true, true])
  })
})

describe('a plugin that is not deployed any more', () => {
  test('is told by its name where it is needed; what it made stays', async () => {
    await call('POST', `${plugins()}/counter_1_0_0/undeploy`)
    const listed = await server.call('GET', `/v1/namespaces/${namespace}/extractors`)
    assert.ok(!JSON.stringify(listed).includes('counter_1_0_0'))
    const all = await server.call(
      'GET',
      `/v1/namespaces/${namespace}/extractors?include_disabled=true`,
    )
    const one = all.extractors.find((each: Answer) => each.plugin_id === 'counter_1_0_0')
    assert.equal(one.deployed, false)

    const again = await tryCollection('counter2', extractor('counter'))
    assert.equal(again.status, 400)
    assert.match(again.body.error.message, /Plugin counter_1_0_0 is disabled/)
    assert.equal(again.body.error.details.request.path, `${plugins()}/counter_1_0_0/deploy`)

    const text = await trySearch('mixpeek://counter@1.0.0/counter_embedding', 'bakery')
    assert.equal(text.status, 422)
    assert.match(JSON.stringify(text.body), /is disabled/)

    const { results } = await call('POST', '/v1/collections/list', {})
    const id = results.find((each: Answer) => each.collection_name === 'counter').collection_id
    const trigger = await server.fetch(`/v1/collections/${id}/trigger`, {
      method: 'POST',
      headers: { 'x-namespace': namespace },
      body: {},
    })
    assert.equal(trigger.status, 400)
    const task = await runBatch([id])
    assert.equal(task.status, 'FAILED')
    assert.match(task.error_message ?? JSON.stringify(task), /is disabled/)
    assert.ok((await listDocuments(id)).length > 0)
  })
})

/** One document a word; each counts letters. Without a query service. */
const counter = {
  'manifest.py': `
feature_extractor_name = "counter"
version = "1.0.0"
description = "A document a word, with the counts of its letters"
supported_input_types = ["text"]
features = [
    {"feature_type": "embedding", "feature_name": "counter_embedding", "embedding_dim": 26, "distance_metric": "cosine"},
]
output_schema = {
    "counter_embedding": {"type": "array", "items": {"type": "number"}},
    "word": {"type": "string"},
}
`,
  'pipeline.py': `
class Words:
    def __call__(self, batch):
        import pandas as pd
        rows = []
        for row in batch.to_dict("records"):
            if "raise now" in (row["data"] or ""):
                raise ValueError("asked to raise")
            for word in (row["data"] or "").lower().replace(".", "").split():
                counts = [float(word.count(chr(97 + i))) for i in range(26)]
                rows.append({**row, "word": word, "letters": len(word), "counter_embedding": counts if any(counts) else None})
        return pd.DataFrame(rows, columns=[*batch.columns, "word", "letters", "counter_embedding"], dtype=object)


def build_steps(extractor_request, container=None, base_steps=None, **kwargs):
    return {"steps": [*(base_steps or []), Words()]}
`,
}

/** The bytes of a picture; no vector. */
const sizes = {
  'manifest.py': `
feature_extractor_name = "sizes"
version = "v1"
description = "How large a file is"
supported_input_types = ["image"]
features = []
output_schema = {"file_bytes": {"type": "integer"}}
`,
  'pipeline.py': `
from pathlib import Path


def measure(batch):
    batch["file_bytes"] = [len(Path(path).read_bytes()) for path in batch["data"]]
    return batch


def build_steps(extractor_request, **kwargs):
    return {"steps": [measure]}
`,
}

function extractor(name: string) {
  return { feature_extractor_name: name, version: '1.0.0' }
}

function idOf(document: Answer): string {
  return document.document_id
}

function shape({ document_id, keywords, keywords_embedding }: Answer): string {
  return JSON.stringify([document_id, keywords, keywords_embedding])
}

async function addObjects(bodies: readonly string[]): Promise<string[]> {
  const ids: string[] = []
  for (const [i, data] of bodies.entries()) {
    const object = await call('POST', `/v1/buckets/${bucket}/objects`, {
      title: `title ${i}`,
      blobs: [{ property: 'body', type: 'text', data }],
    })
    ids.push(object.object_id)
  }
  return ids
}

async function upload(
  name: string,
  version: string,
  archive: Buffer,
  path = plugins(),
): Promise<Answer> {
  const ticket = await call('POST', `${path}/uploads`, { name, version })
  const put = await fetch(ticket.presigned_url, {
    method: 'PUT',
    headers: { 'content-type': 'application/zip' },
    body: new Uint8Array(archive),
  })
  assert.ok(put.ok, await put.text())
  assert.ok(put.headers.get('etag'))
  return await call('POST', `${path}/uploads/${ticket.upload_id}/confirm`, {})
}

/** Waits until it is. */
async function deploy(pluginId: string): Promise<Answer> {
  await call('POST', `${plugins()}/${pluginId}/deploy`)
  for (;;) {
    const status = await call('GET', `${plugins()}/${pluginId}/status`)
    if (status.status.toLowerCase() === 'deployed') return status
    assert.notEqual(status.status.toLowerCase(), 'failed', JSON.stringify(status))
    await sleep(50)
  }
}

function collectionBody(name: string, feature: Record<string, unknown>) {
  return {
    collection_name: name,
    source: { type: 'bucket', bucket_ids: [bucket] },
    feature_extractor: { ...extractor('keywords'), ...feature },
  }
}

async function createCollection(name: string, feature: Record<string, unknown>): Promise<Answer> {
  return await call('POST', '/v1/collections', collectionBody(name, feature))
}

async function tryCollection(name: string, feature: Record<string, unknown>) {
  return await answered('/v1/collections', collectionBody(name, feature))
}

async function answered(path: string, body: unknown): Promise<{ status: number; body: Answer }> {
  const headers = { 'x-namespace': namespace }
  const response = await server.fetch(path, { method: 'POST', headers, body })
  return { status: response.status, body: await response.json() }
}

async function runBatch(collectionIds: string[], ids = objectIds): Promise<Answer> {
  const batch = await call('POST', `/v1/buckets/${bucket}/batches`, { object_ids: ids })
  const path = `/v1/buckets/${bucket}/batches/${batch.batch_id}/submit`
  return await ended(await call('POST', path, { collection_ids: collectionIds }))
}

/** The task of the answer, once it is over. */
async function ended({ task_id: id }: Answer): Promise<Answer> {
  for (;;) {
    const now = await call('GET', `/v1/tasks/${id}`)
    if (/^(COMPLETED|FAILED|CANCELED)/.test(now.status)) return now
    await sleep(50)
  }
}

async function listDocuments(collectionId: string): Promise<Answer[]> {
  const path = `/v1/collections/${collectionId}/documents/list?limit=100`
  return (await call('POST', path, { return_vectors: true })).results
}

function searchBody(uri: string, text: string) {
  const searches = [{ feature_uri: uri, query: { input_mode: 'text', value: text }, top_k: 5 }]
  const config = { stage_id: 'feature_search', parameters: { searches, final_top_k: 5 } }
  return { stages: [{ stage_name: 'search', config }], inputs: {} }
}

async function search(uri: string, text: string): Promise<Answer> {
  return await call('POST', '/v1/retrievers/execute', searchBody(uri, text))
}

async function trySearch(uri: string, text: string) {
  return await answered('/v1/retrievers/execute', searchBody(uri, text))
}
