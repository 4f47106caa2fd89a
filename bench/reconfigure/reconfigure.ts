import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startAsked, type AskedProcess } from '../support/asked-process.ts'
import { openBenchServer } from '../support/bench-server.ts'
import type { HttpClient } from '../support/http-client.ts'
import {
  createNearRetriever,
  createPoints,
  importPoints,
  ownVector,
  settled,
} from '../support/points.ts'
import { machine } from '../support/statistics.ts'
import type { Stats } from '../support/steady.ts'
import { dimensions, documentsTotal, importLines, vectorOf } from './data.ts'
import type { Questions } from './load.ts'
import { LockLog } from './lock-log.ts'
import { addPlugin } from './plugins.ts'
import { hitsWanted } from './reader.ts'
import { report, type Change } from './report.ts'

const readsPerSecond = 100
const baselineMs = 30_000
/** Reads of this long after a change count with it: what it leaves to do is part of it. */
const afterwardsMs = 10_000

/** Everything that is measured happens in one namespace of one server, read and written by a second process. */
interface Stage {
  write: (line: string) => void
  within: HttpClient
  load: AskedProcess<Questions>
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
  await using folder = await mkdtempDisposable(join(tmpdir(), 'nacre-bench-'))
  const locks = new LockLog()
  const logged = { logLevel: 'info', onLog: (line: string) => locks.take(line) }
  await using server = await openBenchServer(folder.path, logged)
  await using load = startAsked<Questions>(new URL('load.ts', import.meta.url))
  const { url, key, client } = server
  const points = await createPoints(client, dimensions, {
    payload_indexes: [{ field_name: 'group', type: 'keyword' }],
  })
  const { within, namespaceId, collectionId } = points
  const retrieverId = await createNearRetriever(points, { limit: hitsWanted })
  const place = { url, key, namespaceId, collectionId, retrieverId }
  await measure({ write, within, load, locks, place })
}

async function measure(stage: Stage): Promise<void> {
  const { write, within, load, place } = stage
  const seconds = (await importAll(within, place.collectionId, [ownVector])) / 1000
  write(
    `Loading over HTTP: ${seconds.toFixed(1)} s, ${Math.round(documentsTotal / seconds)} documents/s`,
  )
  await settled((n) => {
    const body = { inputs: { v: vectorOf(n, 0) } }
    return within.call('POST', `/v1/retrievers/${place.retrieverId}/execute`, body)
  })
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

/** Milliseconds it took. */
function importAll(
  within: HttpClient,
  collectionId: string,
  names: readonly string[],
): Promise<number> {
  return importPoints({ within, collectionId }, importLines(names), documentsTotal)
}

async function during(
  load: AskedProcess<Questions>,
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
