import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startServerProcess, type ServerProcess } from '../../src/cli/demo/server-process.ts'
import type { Answer } from '../support/server.ts'

// The public plugin tutorial's calls, as they are written there: everything below /v1/namespaces/{ns}, nothing but
// Authorization and Content-Type as headers, with a plugin of ours (plugin-contract, source T; contract 24).

const examples = fileURLToPath(new URL('../../examples/plugins', import.meta.url))

let server: ServerProcess
let folder: string

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nacre-tutorial-'))
  server = await startServerProcess(folder)
})
after(async () => {
  await server.stop()
  await rm(folder, { recursive: true, force: true, maxRetries: 20 })
})

describe('the plugin tutorial, call by call', () => {
  let ns: string
  let bucket: string
  let collection: string

  test('step 2: the archive goes up through a presigned URL, and confirm finds it right', async () => {
    ns = (await call('POST', '/v1/namespaces', { namespace_name: 'tutorial' })).namespace_id
    const upload = await call('POST', `/v1/namespaces/${ns}/plugins/uploads`, {
      name: 'keywords',
      version: '1.0.0',
      file_size_bytes: 5000,
    })
    const put = await fetch(upload.presigned_url, {
      method: 'PUT',
      headers: { 'content-type': 'application/zip' },
      body: await zipOf('keywords'),
    })
    assert.equal(put.status, 200, await put.text())
    assert.ok(put.headers.get('etag'))

    const confirmed = await call(
      'POST',
      `/v1/namespaces/${ns}/plugins/uploads/${upload.upload_id}/confirm`,
    )

    assert.equal(confirmed.validation_status, 'passed', JSON.stringify(confirmed))
    assert.equal(confirmed.plugin_id, 'keywords_1_0_0')
  })

  test('step 3: deployed for batches, it becomes an extractor of the empty namespace with its vector', async () => {
    await call(
      'POST',
      `/v1/namespaces/${ns}/plugins/keywords_1_0_0/deploy?deployment_type=batch_only`,
    )
    await until(async () => {
      const { status } = await call('GET', `/v1/namespaces/${ns}/plugins/keywords_1_0_0/status`)
      return /^deployed$/i.test(status)
    })

    const { extractors } = await call('GET', `/v1/namespaces/${ns}/extractors?source=custom`)
    assert.deepEqual(
      extractors.map((one: Answer) => one.feature_extractor_id),
      ['keywords_1_0_0'],
    )
  })

  test('step 4: a bucket by `name`, and objects with a list of blobs', async () => {
    const made = await call('POST', `/v1/namespaces/${ns}/buckets`, {
      name: 'articles',
      bucket_schema: { properties: { text: { type: 'text', required: true } } },
    })
    bucket = made.bucket_id
    for (const data of texts) {
      const object = await call('POST', `/v1/namespaces/${ns}/buckets/${bucket}/objects`, {
        blobs: [{ property: 'text', type: 'text', data }],
      })
      assert.match(object.object_id, /^obj_/)
    }
  })

  test('step 5: a collection of one of `feature_extractors`, no input_mappings; trigger takes the whole bucket', async () => {
    const made = await call('POST', `/v1/namespaces/${ns}/collections`, {
      name: 'keywords_articles',
      feature_extractors: [{ feature_extractor_name: 'keywords', version: '1.0.0' }],
      source: { type: 'bucket', bucket_ids: [bucket] },
    })
    collection = made.collection_id
    const batch = await call('POST', `/v1/namespaces/${ns}/buckets/${bucket}/batches/trigger`, {
      collection_ids: [collection],
    })
    let status = ''
    await until(async () => {
      const path = `/v1/namespaces/${ns}/buckets/${bucket}/batches/${batch.batch_id}`
      status = (await call('GET', path)).status
      return status === 'COMPLETED' || status === 'FAILED'
    })

    assert.equal(status, 'COMPLETED')
    const listed = await call(
      'POST',
      `/v1/namespaces/${ns}/collections/${collection}/documents/list`,
    )
    assert.equal(listed.results.length, texts.length)
    assert.ok(listed.results.every((document: Answer) => document.keywords.length > 0))
  })

  test('step 6: a retriever without collections or input_schema answers `input` with `results`, the right one first', async () => {
    const retriever = await call('POST', `/v1/namespaces/${ns}/retrievers`, {
      name: 'text_search',
      stages: [
        {
          stage_name: 'vector_search',
          stage_type: 'filter',
          config: {
            stage_id: 'feature_search',
            parameters: {
              searches: [
                {
                  feature_uri: 'mixpeek://keywords@1.0.0/keywords_embedding',
                  query: '{{INPUT.query}}',
                },
              ],
            },
          },
        },
      ],
    })

    const found = await call(
      'POST',
      `/v1/namespaces/${ns}/retrievers/${retriever.retriever_id}/execute`,
      { input: { query: 'quantum computing' } },
    )

    assert.equal(found.results.length, texts.length)
    assert.deepEqual(found.results, found.documents)
    const [best, second] = found.results
    assert.ok(best.keywords.includes('qubits'), JSON.stringify(best))
    assert.ok(best.score > second.score)
    assert.equal(best.collection_id, collection)
  })
})

const texts = [
  'Bakers knead dough before sunrise and bake it until noon.',
  'Quantum computing uses qubits to perform calculations that classical computers cannot.',
  'The ferry crosses the river twice a day.',
]

/** As `zip -r keywords.zip keywords/` makes it: under one top folder. */
async function zipOf(plugin: string): Promise<Uint8Array<ArrayBuffer>> {
  const target = join(folder, `${plugin}.zip`)
  const args = ['-m', 'zipfile', '-c', target, `${plugin}/`]
  await promisify(execFile)('python3', args, { cwd: examples })
  return new Uint8Array(await readFile(target))
}

const waitMs = 60_000

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + waitMs
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`Not within ${waitMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** As curl sends it. */
async function call(method: string, path: string, body?: object): Promise<Answer> {
  const response = await fetch(server.url + path, {
    method,
    headers: {
      authorization: `Bearer ${server.key}`,
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  assert.equal(response.status, 200, `${method} ${path}: ${text}`)
  return JSON.parse(text)
}
