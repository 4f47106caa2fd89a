import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { packFolder } from '../../src/cli/plugin/pack-folder.ts'
import { writeStarter } from '../../src/cli/plugin/write-starter.ts'
import { findNamespace } from '../../src/domain/namespaces/find-namespace.ts'
import { reconfigure } from '../../src/domain/reconfiguration/reconfigure.ts'
import { readFirstOrganization } from '../../src/store/organizations.ts'
import { openAsk, type Ask } from '../support/asked.ts'
import { recordedPorts, writesAmong } from '../support/recorded-ports.ts'
import { startTestServer, type Answer, type TestServer } from '../support/server.ts'

// The documented page of POST /v1/namespaces/{namespace_id}/plugins/reconfigure, on a namespace like the page's own: 1500
// points of two collections, and a plugin whose vector the collection lacks (contract 10.4).

const objects = 750
const vector = 'fashionsiglip_v1_embedding'
const path = 'POST /v1/namespaces/{}/plugins/reconfigure'

describe('the page of reconfigure', () => {
  let server: TestServer
  let ask: Ask
  let namespace: string
  const collections: string[] = []
  let idsBefore: string[]
  let answer: Answer

  before(async () => {
    server = await startTestServer()
    namespace = (
      await server.call('POST', '/v1/namespaces', {
        namespace_name: 'shop',
        feature_extractors: ['text_extractor', 'passthrough_extractor'].map((name) => ({
          feature_extractor_name: name,
          version: 'v1',
        })),
        payload_indexes: [{ field_name: 'season', type: 'keyword' }],
      })
    ).namespace_id
    ask = await openAsk(server, { namespace })
    await fill()
    await deployPlugin()
    idsBefore = await documentIds()
  })
  after(() => server[Symbol.asyncDispose]())

  test('200 to the request of the page, with every field of its response as it is described there', async () => {
    const asked = await ask(path, { path: [namespace], body: { confirm: true } })
    answer = asked.answer

    assert.equal(asked.status, 200, JSON.stringify(answer))
    assert.equal(answer.namespace_id, namespace)
    assert.equal(answer.status, 'reconfigured')
    assert.equal(answer.previous_points_count, 1500)
    assert.deepEqual(answer.vectors_added, [vector])
    assert.deepEqual(answer.vectors_total, ['text_extractor_v1_embedding', vector])
    assert.deepEqual(answer.collections_to_reprocess.toSorted(), collections.toSorted())
    assert.ok(
      answer.message.startsWith(
        'Qdrant collection reconfigured with 1 new vector(s). 1500 points were deleted. ' +
          'Re-trigger batches on the listed collections to re-ingest data with the new vectors.',
      ),
      answer.message,
    )
  })

  test('the points are gone, and the payload indexes are there', async () => {
    assert.deepEqual(await documentIds(), [])
    const { payload_indexes: indexes, document_count: count } = await server.call(
      'GET',
      `/v1/namespaces/${namespace}`,
    )
    assert.equal(count, 0)
    const season = indexes.find((index: Answer) => index.field_name === 'season')
    assert.equal(season?.state, 'active')
  })

  test('a second call answers no_changes_needed with all seven fields', async () => {
    const { status, answer: again } = await ask(path, {
      path: [namespace],
      body: { confirm: true },
    })

    assert.equal(status, 200)
    const { namespace_id, previous_points_count, vectors_added, vectors_total } = again
    assert.deepEqual(
      { namespace_id, status: again.status, previous_points_count, vectors_added, vectors_total },
      {
        namespace_id: namespace,
        status: 'no_changes_needed',
        previous_points_count: 0,
        vectors_added: [],
        vectors_total: ['text_extractor_v1_embedding', vector],
      },
    )
    assert.deepEqual(again.collections_to_reprocess, [])
    assert.match(again.message, /nothing was changed/)
  })

  test('and writes nothing, neither in the engine nor in the database', async () => {
    await using recorded = recordedPorts(server.ports)
    const organization = await readFirstOrganization(server.ports.db)
    const found = await findNamespace(server.ports, organization?.id ?? '', namespace)

    const result = await reconfigure(recorded.ports, found, {
      confirm: true,
      dryRun: false,
      strategy: 'recreate',
      isReprocess: false,
    })

    assert.equal(result.isChanged, false)
    assert.ok(recorded.calls.length > 0)
    assert.deepEqual(writesAmong(recorded.calls), [])
  })

  test('the listed collections, triggered again, have the same documents under the same ids', async () => {
    for (const id of answer.collections_to_reprocess) {
      const triggered = await ask('POST /v1/collections/{}/trigger', { path: [id] })
      assert.equal(triggered.status, 202, JSON.stringify(triggered.answer))
      await completed(triggered.answer.task_id)
    }
    assert.deepEqual(await documentIds(), idsBefore)
  })

  test('confirm is required and a boolean: 422 without it or for another kind, 400 for false', async () => {
    for (const [body, status] of [
      [undefined, 422],
      [{}, 422],
      [{ confirm: 'true' }, 422],
      [{ confirm: false }, 400],
    ] as const) {
      const asked = await ask(path, { path: [namespace], body })
      assert.equal(asked.status, status, JSON.stringify(asked.answer))
    }
    const unsigned = { path: [namespace], body: { confirm: true }, as: null }
    assert.equal((await ask(path, unsigned)).status, 401)
    assert.equal((await ask(path, { path: ['ns_no'], body: { confirm: true } })).status, 404)
  })

  /** 750 objects, each a document of two collections. */
  async function fill(): Promise<void> {
    const bucket = await made('POST /v1/buckets', [], {
      bucket_name: 'products',
      bucket_schema: { properties: { title: { type: 'string' }, season: { type: 'string' } } },
    })
    const seasons = ['spring', 'summer', 'autumn', 'winter']
    for (let from = 0; from < objects; from += 100) {
      const batch = Array.from({ length: Math.min(100, objects - from) }, (_, i) => ({
        title: `Product ${from + i}`,
        season: seasons[i % seasons.length],
      }))
      await made('POST /v1/buckets/{}/objects/batch', [bucket.bucket_id], { objects: batch })
    }
    for (const name of ['xxx', 'yyy']) {
      const collection = await made('POST /v1/collections', [], {
        collection_name: name,
        source: { type: 'bucket', bucket_ids: [bucket.bucket_id] },
        feature_extractor: { feature_extractor_name: 'passthrough_extractor', version: 'v1' },
      })
      collections.push(collection.collection_id)
    }
    const batch = await made('POST /v1/buckets/{}/batches/trigger', [bucket.bucket_id], {})
    await completed(batch.task_id)
  }

  /** As a form, as the page of uploads has it. */
  async function deployPlugin(): Promise<void> {
    const scratch = await mkdtemp(join(tmpdir(), 'nacre-page-'))
    try {
      const folder = join(scratch, 'fashionsiglip')
      await writeStarter(folder)
      const manifest = join(folder, 'manifest.py')
      const text = await readFile(manifest, 'utf8')
      await writeFile(manifest, text.replaceAll('fashionsiglip_embedding', vector))
      const packed = await packFolder(folder, join(scratch, 'plugin.tar.gz'), 100)
      const form = new FormData()
      form.set('name', 'fashionsiglip')
      form.set('version', '1.0.0')
      form.set('file', new Blob([await readFile(packed.path)]), 'plugin.tar.gz')
      const uploaded = await server.fetch(`/v1/namespaces/${namespace}/plugins`, {
        method: 'POST',
        body: form,
      })
      const told = await uploaded.text()
      assert.equal(uploaded.status, 200, told)
      assert.equal(JSON.parse(told).validation_status, 'passed', told)
      const id = JSON.parse(told).plugin_id
      const deployed = await made('POST /v1/namespaces/{}/plugins/{}/deploy', [namespace, id])
      assert.deepEqual(deployed.schema.missing_vectors, [vector])
    } finally {
      await rm(scratch, { recursive: true, force: true, maxRetries: 20 })
    }
  }

  async function documentIds(): Promise<string[]> {
    const ids: string[] = []
    for (const collection of collections) {
      let cursor: string | null = null
      do {
        const page: Answer = await made('POST /v1/collections/{}/documents/list', [collection], {
          limit: 1000,
          select: [],
          ...(cursor !== null && { cursor }),
        })
        ids.push(...page.results.map((document: Answer) => document.document_id))
        cursor = page.pagination.next_cursor
      } while (cursor !== null)
    }
    return ids.toSorted()
  }

  async function made(key: string, at: string[], body?: object): Promise<Answer> {
    const { status, answer: given } = await ask(key, { path: at, body })
    assert.ok(status < 300, `${key}: ${status} ${JSON.stringify(given)}`)
    return given
  }

  async function completed(task: string): Promise<void> {
    for (;;) {
      const { status } = await made('GET /v1/tasks/{}', [task])
      if (status === 'COMPLETED') return
      assert.ok(!/FAILED|CANCELED|ERRORS/.test(status), status)
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
  }
})
