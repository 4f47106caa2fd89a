import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startServerProcess } from '../../src/cli/demo/server-process.ts'
import { HttpClient } from '../support/http-client.ts'
import { machine, quantile } from '../support/statistics.ts'
import { dimensions, documentsTotal, importLines, ownVector, vectorOf } from './data.ts'
import { startLoad, type LoadProcess } from './load-process.ts'
import { LockLog } from './lock-log.ts'
import { addPlugin } from './plugins.ts'
import { hitsWanted } from './reader.ts'
import { report, type Change } from './report.ts'
import type { Stats } from './steady.ts'

const readsPerSecond = 100
const baselineMs = 30_000
/** Reads of this long after a change count with it: what it leaves to do is part of it. */
const afterwardsMs = 10_000

/** Everything that is measured happens in one namespace of one server, read and written by a second process. */
interface Stage {
  write: (line: string) => void
  client: HttpClient
  within: HttpClient
  load: LoadProcess
  locks: LockLog
  place: {
    url: string
    key: string
    namespaceId: string
    collectionId: string
    retrieverId: string
  }
}

/**
 * 100,000 documents with vectors of their own over HTTP; then two vectors are added online while 100 reads/s and
 * 100 writes/s go on, then two more by `recreate`, then the documents are sent again with all vectors. Ids, checksums
 * and vectors are held against the writer's model each time.
 */
export async function reconfigure(write: (line: string) => void): Promise<void> {
  write(`# reconfigure: ${documentsTotal} documents, ${dimensions} dimensions (${machine()})\n`)
  const folder = await mkdtemp(join(tmpdir(), 'nacre-bench-'))
  const locks = new LockLog()
  const server = await startServerProcess(folder, {
    logLevel: 'info',
    onLog: (line) => locks.take(line),
  })
  const client = new HttpClient(server.url, { authorization: `Bearer ${server.key}` })
  try {
    await using load = startLoad()
    const made = await makeNamespace(client)
    const within = client.within(made.namespaceId)
    const place = { url: server.url, key: server.key, ...made }
    await measure({ write, client, within, load, locks, place })
  } finally {
    client.close()
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

async function measure(stage: Stage): Promise<void> {
  const { write, within, load, place } = stage
  const seconds = (await importAll(within, place.collectionId, [ownVector])) / 1000
  write(
    `Loading over HTTP: ${seconds.toFixed(1)} s, ${Math.round(documentsTotal / seconds)} documents/s`,
  )
  await settled(within, place.retrieverId)
  await load.ask('open', { ...place, readsPerSecond })
  await load.ask('start', 'reads')
  // What a server that has just started has not compiled yet is not the baseline.
  await sleep(10_000)
  const baseline = await during(load, 'reads', () => sleep(baselineMs))
  await load.ask('start', 'writes')
  const beside = await during(load, 'reads', () => sleep(baselineMs))
  const online = await change(stage, 'online', ['first', 'second'], { strategy: 'online' })
  const recreate = await change(stage, 'recreate', ['third', 'fourth'], {})
  const again = await reingest(stage, [ownVector, ...online.vectors, ...recreate.vectors])
  report(write, { baseline, beside, lock: stage.locks.last(), changes: [online, recreate, again] })
}

async function makeNamespace(client: HttpClient) {
  const namespace = await client.call('POST', '/v1/namespaces', {
    namespace_name: 'bench',
    vectors: { [ownVector]: { dimensions, distance: 'cosine' } },
    feature_extractors: [{ feature_extractor_name: 'passthrough_extractor', version: 'v1' }],
    payload_indexes: [{ field_name: 'group', type: 'keyword' }],
  })
  const namespaceId = String(namespace['namespace_id'])
  const within = client.within(namespaceId)
  const bucket = await within.call('POST', '/v1/buckets', {
    bucket_name: 'empty',
    bucket_schema: { properties: {} },
  })
  const collection = await within.call('POST', '/v1/collections', {
    collection_name: 'points',
    source: { type: 'bucket', bucket_ids: [bucket['bucket_id']] },
    feature_extractor: { feature_extractor_name: 'passthrough_extractor', version: 'v1' },
  })
  const collectionId = String(collection['collection_id'])
  return { namespaceId, collectionId, retrieverId: await makeRetriever(within, collectionId) }
}

async function makeRetriever(within: HttpClient, collectionId: string): Promise<string> {
  const query = { input_mode: 'vector', value: '{{INPUT.v}}' }
  const searches = [{ feature_uri: ownVector, query, top_k: hitsWanted }]
  const parameters = { searches, final_top_k: hitsWanted }
  const made = await within.call('POST', '/v1/retrievers', {
    retriever_name: 'near',
    collection_identifiers: [collectionId],
    input_schema: { v: { type: 'array' } },
    stages: [{ stage_name: 'near', config: { stage_id: 'feature_search', parameters } }],
  })
  return String(made['retriever_id'])
}

/** Milliseconds it took. */
async function importAll(
  within: HttpClient,
  collectionId: string,
  names: readonly string[],
): Promise<number> {
  const start = performance.now()
  const path = `/v1/collections/${collectionId}/documents/import`
  const answer = await within.send('POST', path, importLines(names), 'application/x-ndjson')
  const { written } = JSON.parse(answer) as { written: number }
  if (written !== documentsTotal) throw new Error(`Import: ${answer.slice(0, 500)}`)
  return performance.now() - start
}

/** Waits until the graph is built: searches no longer scan. Bounded. */
async function settled(within: HttpClient, retrieverId: string): Promise<void> {
  const deadline = performance.now() + 180_000
  for (let calm = 0; calm < 5 && performance.now() < deadline;) {
    const times = []
    for (let n = 0; n < 20; n++) {
      const start = performance.now()
      const body = { inputs: { v: vectorOf(n, 0) } }
      await within.call('POST', `/v1/retrievers/${retrieverId}/execute`, body)
      times.push(performance.now() - start)
    }
    calm = quantile(times, 0.9) < 6 ? calm + 1 : 0
    await sleep(500)
  }
}

async function during(
  load: LoadProcess,
  kind: 'reads' | 'writes',
  work: () => Promise<unknown>,
): Promise<Stats> {
  const from = Date.now()
  await work()
  return await load.ask('stats', { kind, from, to: Date.now() })
}

/** Deploys two plugins, reconfigures, and holds what is there against the model when the writes have stopped. */
async function change(
  stage: Stage,
  name: string,
  plugins: readonly string[],
  body: object,
): Promise<Change> {
  const { within, load, place } = stage
  const vectors: string[] = []
  for (const plugin of plugins) vectors.push(await addPlugin(within, place, plugin))
  const path = `/v1/namespaces/${place.namespaceId}/plugins/reconfigure`
  return await watched(stage, name, vectors, async () => {
    const answer = await within.call('POST', path, { confirm: true, ...body })
    const added = answer['vectors_added'] as string[]
    if (added.toSorted().join() !== vectors.toSorted().join())
      throw new Error(`${name}: ${JSON.stringify(answer)}`)
    stage.write(`\n${name}: ${String(answer['message'])}`)
    await load.ask('write', [ownVector, ...vectors])
  })
}

/** All documents over HTTP once more, the added vectors with them; nothing else is written meanwhile. */
async function reingest(stage: Stage, vectors: string[]): Promise<Change> {
  const { within, load, place } = stage
  const from = Date.now()
  const tookMs = await importAll(within, place.collectionId, vectors)
  const until = Date.now()
  await load.ask('imported', vectors)
  const reads = await load.ask('stats', { kind: 'reads', from, to: until })
  await load.ask('stop', 'reads')
  const comparison = await load.ask('compare', null)
  const none = await load.ask('stats', { kind: 'writes', from: 0, to: 0 })
  return {
    name: 're-ingest',
    vectors,
    tookMs,
    reads,
    writes: none,
    readsWithin: reads,
    comparison,
  }
}

async function watched(
  { load }: Stage,
  name: string,
  vectors: string[],
  work: () => Promise<void>,
): Promise<Change> {
  await load.ask('start', 'writes')
  await sleep(2_000)
  const from = Date.now()
  await work()
  const done = Date.now()
  await sleep(afterwardsMs)
  const to = Date.now()
  await load.ask('stop', 'writes')
  const [reads, writes, readsWithin] = await Promise.all([
    load.ask('stats', { kind: 'reads', from, to }),
    load.ask('stats', { kind: 'writes', from, to }),
    load.ask('stats', { kind: 'reads', from, to: done }),
  ])
  const comparison = await load.ask('compare', null)
  return { name, vectors, tookMs: done - from, reads, writes, readsWithin, comparison }
}
