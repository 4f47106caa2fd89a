import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openClient, type Client } from '../../src/cli/demo/client.ts'
import { startServerProcess, type ServerProcess } from '../../src/cli/demo/server-process.ts'
import { checksumsIn, faultsOfState, linesIn, manifestIn, originalsIn } from '../support/archive.ts'
import { openTestDatabase } from '../support/database.ts'
import { makePlots } from '../support/plots.ts'
import { runNacre, startNacre } from '../support/process.ts'
import type { Answer } from '../support/server.ts'

const imported = 4_000
const dimensions = 32
const objectsPerBatch = 60
/** More would wait to be done on the server that they are loaded into. */
const betweenBatchesMs = 200

let folder: string
let films: Films
const at = (name: string) => join(folder, name)

describe('a drill: an archive of a server that is written to, loaded elsewhere', () => {
  let source: ServerProcess

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nacre-drill-'))
    source = await startServerProcess(at('a'))
    films = await makeFilms(openClient(source.url, source.key))
  })
  after(async () => {
    await source.stop()
    await rm(folder, { recursive: true, force: true, maxRetries: 20 })
  })

  test('a dump that is killed again and again while documents, batches and deletions go on is one state', async () => {
    const writing = new AbortController()
    const writers = keepWriting(films, writing.signal)
    let killed = 0
    try {
      for (const delayMs of [0, 120, 300]) if (await killDump(source, delayMs)) killed += 1
      const { status, stderr, stdout } = await runNacre(['dump', at('live'), ...reach(source, 'a')])
      assert.equal(status, 0, stderr + stdout)
    } finally {
      writing.abort()
    }
    const { batches, changes } = await writers

    const { namespaces } = await manifestIn(at('live'))
    assert.deepEqual(await faultsOfState(at('live'), films.namespaceId), [])
    const found = namespaces.find(({ id }) => id === films.namespaceId)
    assert.ok((found?.points ?? 0) >= imported, 'every document of before is there')
    assert.ok(killed > 0, 'a dump was killed before its end')
    assert.ok(batches > 0 && changes > 0, `${batches} batches and ${changes} changes meanwhile`)
    const blobs = await linesIn(
      at('live'),
      `namespaces/${films.namespaceId}/tables/object_blobs.ndjson`,
    )
    const named = new Set(blobs.filter(({ data }) => data === null).map(({ hash }) => hash))
    const there = new Set(await originalsIn(at('live')))
    assert.ok(named.size > 0)
    assert.deepEqual(
      [...named].filter((hash) => !there.has(hash)),
      [],
    )
  })

  test('it is loaded, killed in the middle, into a new folder; what was under way there ends; the next archive is loaded on another PostgreSQL and is the same', async () => {
    await killLoad()
    const loaded = await runNacre(['load', at('live'), '--offline', '--data', at('b')])
    assert.equal(loaded.status, 0, loaded.stderr + loaded.stdout)
    const second = await startServerProcess(at('b'))
    await using database = await openTestDatabase()
    const third = startNacre(
      ['serve', '--data', at('c'), '--port', '0', '--log', 'warn', '--json'],
      {
        DATABASE_URL: database.url,
      },
    )
    try {
      const client = openClient(second.url, second.key)
      await allEnded(client.within(films.namespaceId), films)
      const dumped = await runNacre(['dump', at('quiet'), ...reach(second, 'b')])
      assert.equal(dumped.status, 0, dumped.stderr)
      assert.deepEqual(await faultsOfState(at('quiet'), films.namespaceId), [])

      const url = await urlOf(third)
      const env = { NACRE_URL: url }
      const again = await runNacre(['load', at('quiet'), '--data', at('c')], env)
      assert.equal(again.status, 0, again.stderr + again.stdout)
      const check = await runNacre(['dump', at('check'), '--data', at('c')], env)
      assert.equal(check.status, 0, check.stderr)

      assert.deepEqual(await checksumsIn(at('check')), await checksumsIn(at('quiet')))
      assert.deepEqual(await originalsIn(at('check')), await originalsIn(at('quiet')))
      const searches = await searchesOf(client.within(films.namespaceId), films)
      const other = openClient(url, source.key).within(films.namespaceId)
      assert.deepEqual(await searchesOf(other, films), searches)
      assert.ok(searches.every((hits) => hits.length > 0))
    } finally {
      third.kill()
      await Promise.all([second.stop(), once(third, 'exit')])
    }
  })

  test('a server that has something is refused, and nothing of it changes', async () => {
    const client = openClient(source.url, source.key)
    const before = await client.call('GET', '/v1/namespaces')
    const { status, stderr } = await runNacre(['load', at('live'), ...reach(source, 'a')])

    assert.equal(status, 5)
    assert.match(stderr, /empty server only, and this one has/)
    assert.deepEqual(await client.call('GET', '/v1/namespaces'), before)
  })
})

interface Films {
  client: Client
  namespaceId: string
  bucketId: string
  collectionId: string
  retrieverId: string
}

/** Documents with vectors of their own, and a bucket whose objects have originals. */
async function makeFilms(root: Client): Promise<Films> {
  const namespace: Answer = await root.call('POST', '/v1/namespaces', {
    namespace_name: 'films',
    vectors: { own: { dimensions } },
    payload_indexes: [{ field_name: 'year', type: 'integer' }],
  })
  const client = root.within(namespace.namespace_id)
  const { bucket, collection } = await makePlots(client, 'films', {
    feature_extractor_name: 'passthrough_extractor',
  })
  const retriever: Answer = await client.call('POST', '/v1/retrievers', {
    retriever_name: 'of a year',
    collection_identifiers: [collection.collection_id],
    input_schema: { year: { type: 'integer' } },
    stages: [
      {
        stage_type: 'attribute_filter',
        parameters: { field: 'year', operator: 'eq', value: '{{INPUT.year}}' },
      },
    ],
  })
  const lines = Array.from({ length: imported }, (_, i) => film(i))
  await client.sendLines(`/v1/collections/${collection.collection_id}/documents/import`, lines)
  return {
    client,
    namespaceId: namespace.namespace_id,
    bucketId: bucket.bucket_id,
    collectionId: collection.collection_id,
    retrieverId: retriever.retriever_id,
  }
}

function film(i: number) {
  const own = Array.from({ length: dimensions }, (_, d) => Math.sin((i + 1) * (d + 1)))
  return { document_id: `film ${i}`, title: `Film ${i}`, year: 1900 + (i % 120), vectors: { own } }
}

/** Batches of new objects, documents changed and deleted, and objects that come and go, until told to stop. */
async function keepWriting(
  made: Films,
  signal: AbortSignal,
): Promise<{ batches: number; changes: number }> {
  let [batches, changes] = [0, 0]
  const batching = async () => {
    while (!signal.aborted) {
      await startBatch(made, batches)
      batches += 1
      await sleep(betweenBatchesMs)
    }
  }
  const changing = async () => {
    const documents = `/v1/collections/${made.collectionId}/documents`
    for (; !signal.aborted; changes++) {
      const path = `${documents}/${encodeURIComponent(`film ${changes % imported}`)}`
      if (changes % 5 === 4) await made.client.call('DELETE', path)
      else await made.client.call('PATCH', path, { title: `Changed ${changes}` })
      if (changes % 5 === 4) await made.client.call('POST', documents, film(changes % imported))
    }
  }
  await Promise.all([batching(), changing()])
  return { batches, changes }
}

async function startBatch({ client, bucketId }: Films, number: number): Promise<void> {
  const objects = Array.from({ length: objectsPerBatch }, (_, i) => ({
    year: 2000 + (i % 20),
    blobs: [{ property: 'content', type: 'text', data: plot(number, i) }],
  }))
  const { succeeded }: Answer = await client.call('POST', `/v1/buckets/${bucketId}/objects/batch`, {
    objects,
  })
  const ids = succeeded.map((object: Answer) => object.object_id)
  const batches = `/v1/buckets/${bucketId}/batches`
  const { batch_id: id }: Answer = await client.call('POST', batches, { object_ids: ids })
  await client.call('POST', `${batches}/${id}/submit`)
}

/** Every tenth is long enough to stand in the blob store. */
function plot(batch: number, i: number): string {
  return `Plot ${batch} ${i}. `.repeat(i % 10 === 0 ? 8_000 : 1)
}

/** Kills a dump so long after it has begun to read; false where it had ended before. */
async function killDump(server: ServerProcess, delayMs: number): Promise<boolean> {
  const dump = startNacre(['dump', at('live'), ...reach(server, 'a')])
  const ended = once(dump, 'exit')
  const isEnded = () => dump.exitCode !== null
  while (!isEnded() && !(await isThere(at('live/namespaces')))) await sleep(5)
  await sleep(delayMs)
  dump.kill('SIGKILL')
  await ended
  return dump.signalCode === 'SIGKILL' && !(await isThere(at('live/manifest.json')))
}

/** Kills a load, which owns the new server, once a namespace stands in its engine. */
async function killLoad(): Promise<void> {
  const load = startNacre(['load', at('live'), '--offline', '--data', at('b')])
  const ended = once(load, 'exit')
  const collection = at(`b/qdrant/collections/${films.namespaceId}_g1`)
  while (load.exitCode === null && !(await isThere(collection))) await sleep(5)
  load.kill('SIGKILL')
  await ended
  assert.equal(load.signalCode, 'SIGKILL', 'the load was killed before its end')
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null
}

function reach(server: ServerProcess, name: string): string[] {
  return ['--data', at(name), '--port', new URL(server.url).port]
}

async function urlOf(child: ReturnType<typeof startNacre>): Promise<string> {
  let text = ''
  for await (const part of child.stdout ?? []) {
    text += part
    if (text.includes('\n')) break
  }
  return (JSON.parse(text) as { url: string }).url
}

/** Batches that were under way where the archive was made are done here: every row is counted. */
async function allEnded(client: Client, { bucketId }: Films): Promise<void> {
  const deadline = AbortSignal.timeout(60_000)
  for (;;) {
    const { results }: Answer = await client.call('POST', `/v1/buckets/${bucketId}/batches/list`, {
      limit: 1_000,
    })
    const open = results.filter(({ status }: Answer) => /PENDING|PROGRESS|PROCESSING/.test(status))
    if (open.length === 0) return
    deadline.throwIfAborted()
    await sleep(100)
  }
}

async function searchesOf(
  client: Client,
  { collectionId, retrieverId }: Films,
): Promise<Answer[][]> {
  const found: Answer[][] = []
  for (const year of [1901, 1950, 2003]) {
    const list: Answer = await client.call(
      'POST',
      `/v1/collections/${collectionId}/documents/list`,
      { filters: { AND: [{ field: 'year', operator: 'eq', value: year }] }, limit: 50 },
    )
    const answer: Answer = await client.call('POST', `/v1/retrievers/${retrieverId}/execute`, {
      inputs: { year },
    })
    found.push(list.results, answer.documents ?? answer.results)
  }
  return found
}
