import assert from 'node:assert/strict'
import { readdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openLogger } from '../../src/compose.ts'
import { openServer } from '../../src/serve.ts'
import { openTestDatabase } from '../support/database.ts'
import { testConfig } from '../support/ports.ts'
import { runNacre } from '../support/process.ts'
import type { Answer } from '../support/server.ts'

const key = 'sk_test_0123456789abcdef'
const films = ['A whale is hunted.', 'A city is dreamt of.', 'A robot learns to cry.']

test('a namespace whose files are damaged says so while others go on, and `nacre repair` makes its documents again', async () => {
  await using place = await makePlace()
  const ids = await place.whileServed(async (call) => {
    const damaged = await fill(call, 'damaged')
    const sound = await fill(call, 'sound')
    return { damaged, sound }
  })
  await damageParts(join(place.folder, 'qdrant', 'collections', `${ids.damaged.namespaceId}_g1`))

  await place.whileServed(async (call, url) => {
    const broken = await call('GET', `/v1/namespaces/${ids.damaged.namespaceId}`)
    assert.deepEqual([broken.status, broken.body.document_count], [200, null])
    const read = await documentsOf(call, ids.damaged)
    assert.equal(read.status, 503)
    assert.match(read.body.error.message, /cannot be opened: .*`nacre repair ns_/)
    assert.equal((await documentsOf(call, ids.sound)).body.pagination.total, films.length)

    const env = { NACRE_ADMIN_KEY: key, NACRE_URL: url }
    const { status, stdout, stderr } = await runNacre(['repair'], env)

    assert.equal(status, 0, stderr)
    assert.match(stdout, /✓ 'damaged' opens again/)
    assert.match(stdout, /made again from originals: task task_/)
    assert.ok(!stdout.includes("'sound'"))
    await until(async () => {
      const { body } = await documentsOf(call, ids.damaged)
      return body.pagination.total === films.length
    })
    const again = await runNacre(['repair'], env)
    assert.match(again.stdout, /No namespace is known not to open/)
  })
})

type Call = (
  method: string,
  path: string,
  body?: object,
  namespaceId?: string,
) => Promise<{ status: number; body: Answer }>

interface Filled {
  namespaceId: string
  collectionId: string
}

/** A namespace with a collection over a bucket, its documents made. */
async function fill(call: Call, name: string): Promise<Filled> {
  const extractor = { feature_extractor_name: 'passthrough_extractor', version: 'v1' }
  const { namespace_id: namespaceId } = await ok(
    call('POST', '/v1/namespaces', { namespace_name: name, vectors: { own: { dimensions: 2 } } }),
  )
  const within = (method: string, path: string, body: object) =>
    ok(call(method, path, body, namespaceId))
  const { bucket_id: bucketId } = await within('POST', '/v1/buckets', {
    bucket_name: 'films',
    bucket_schema: { properties: { plot: { type: 'text' } } },
  })
  const { collection_id: collectionId } = await within('POST', '/v1/collections', {
    collection_name: 'films',
    source: { type: 'bucket', bucket_ids: [bucketId] },
    feature_extractor: { ...extractor, field_passthrough: ['plot'] },
  })
  for (const plot of films) {
    await within('POST', `/v1/buckets/${bucketId}/objects`, {
      blobs: [{ property: 'plot', type: 'text', data: plot }],
    })
  }
  await within('POST', `/v1/collections/${collectionId}/trigger`, {})
  await until(async () => {
    const { body } = await documentsOf(call, { namespaceId, collectionId })
    return body.pagination.total === films.length
  })
  return { namespaceId, collectionId }
}

function documentsOf(call: Call, { namespaceId, collectionId }: Filled) {
  const path = `/v1/collections/${collectionId}/documents/list?include_total=true`
  return call('POST', path, {}, namespaceId)
}

/** What a failing disk leaves: files whose content is not what was written. */
async function damageParts(collection: string): Promise<void> {
  const segments = join(collection, 'shard', 'segments')
  for (const part of await readdir(segments))
    await writeFile(join(segments, part, 'segment.json'), 'garbage')
  await rm(join(collection, 'summary.json'), { force: true })
}

async function ok(answer: ReturnType<Call>): Promise<Answer> {
  const { status, body } = await answer
  assert.ok(status < 300, `${status} ${JSON.stringify(body)}`)
  return body
}

/** A folder and a database that servers run on one after the other. */
async function makePlace() {
  const stack = new AsyncDisposableStack()
  const database = stack.use(await openTestDatabase())
  const folder = await mkdtemp(join(tmpdir(), 'nacre-repair-'))
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 20 }))
  const config = testConfig(folder, database.url, { NACRE_ADMIN_KEY: key })
  return {
    folder,
    whileServed: async <T>(use: (call: Call, url: string) => Promise<T>): Promise<T> => {
      await using server = await openServer(config, openLogger({ level: config.logLevel }))
      return await use(callOf(server.url), server.url)
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

function callOf(url: string): Call {
  return async (method, path, body, namespaceId) => {
    const response = await fetch(url + path, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        'content-type': 'application/json',
        ...(namespaceId !== undefined && { 'x-namespace': namespaceId }),
      },
      ...(body && { body: JSON.stringify(body) }),
    })
    return { status: response.status, body: await response.json() }
  }
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 30_000
  while (!(await holds())) {
    if (performance.now() > end) throw new Error('it did not come to that within 30 s')
    await sleep(50)
  }
}
