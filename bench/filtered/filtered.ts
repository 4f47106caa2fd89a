import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compose, openLogger } from '../../src/compose.ts'
import { readConfig } from '../../src/config.ts'
import type { VectorEngine } from '../../src/ports/vector-engine.ts'
import { openBenchServer } from '../support/bench-server.ts'
import type { HttpClient } from '../support/http-client.ts'
import {
  createNearRetriever,
  createPoints,
  importPoints,
  ownVector,
  settled,
} from '../support/points.ts'
import { machine, quantile } from '../support/statistics.ts'
import { vectorText } from '../support/vectors.ts'
import {
  dimensions,
  documentsTotal,
  exactTen,
  fieldsOf,
  makeData,
  selectivities,
  type Data,
} from './data.ts'

const queriesTotal = 200
const queriesWarm = 20
/** Without a narrow filter, before anything is measured: a server that has just started runs unoptimized code. */
const repeatsWarm = 2_000

interface Measured {
  p50Ms: number
  p99Ms: number
  recall: number
}

interface Loaded {
  namespaceId: string
  collectionId: string
  retrieverIds: string[]
}

/**
 * 50,000 documents with vectors of their own over HTTP; 200 queries at four selectivities, without and with payload
 * indexes, over HTTP and directly on the port, all in one run. Printed as a table of Markdown.
 */
export async function filtered(write: (line: string) => void): Promise<void> {
  write(`# filtered: ${documentsTotal} documents, ${dimensions} dimensions (${machine()})\n`)
  const data = makeData(queriesTotal)
  const truth = selectivities.map(({ field, value }) =>
    data.queries.map((q) => exactTen(data, q, field, value)),
  )
  await using folder = await mkdtempDisposable(join(tmpdir(), 'nacre-bench-'))
  const without = await phase(write, folder.path, data, truth, null)
  const withIndex = await phase(write, folder.path, data, truth, without.loaded)
  report(write, without, withIndex)
}

interface Phase {
  loaded: Loaded
  http: Measured[]
  port: Measured[]
}

/** One server's life: load or index, measure over HTTP; then the port on the same folder, without a server. */
async function phase(
  write: (line: string) => void,
  folder: string,
  data: Data,
  truth: number[][][],
  before: Loaded | null,
): Promise<Phase> {
  const { loaded, http } = await overServer(write, folder, data, truth, before)
  return { loaded, http, port: await onPort(folder, loaded, data, truth) }
}

async function overServer(
  write: (line: string) => void,
  folder: string,
  data: Data,
  truth: number[][][],
  before: Loaded | null,
): Promise<Omit<Phase, 'port'>> {
  await using server = await openBenchServer(folder)
  const loaded = before ?? (await load(write, server.client, data))
  const within = server.client.within(loaded.namespaceId)
  if (before !== null) await createIndexes(write, within, loaded)
  const search = (query: Float32Array) => overHttp(within, loaded.retrieverIds[0] ?? '', query)
  await settled((n) => search(data.queries[n] ?? new Float32Array(dimensions)), { belowMs: 4 })
  await warm(data, search)
  const http = []
  for (const [i, id] of loaded.retrieverIds.entries())
    http.push(await measure(data, truth[i] ?? [], (query) => overHttp(within, id, query)))
  return { loaded, http }
}

async function load(
  write: (line: string) => void,
  client: HttpClient,
  data: Data,
): Promise<Loaded> {
  const points = await createPoints(client, dimensions)
  const seconds = (await importPoints(points, lines(data), documentsTotal)) / 1000
  const perSecond = Math.round(documentsTotal / seconds)
  write(`Loading over HTTP: ${seconds.toFixed(1)} s, ${perSecond} documents/s (goal 8,000)\n`)
  const retrieverIds = []
  for (const { field, value } of selectivities) {
    const filters = { AND: [{ field, operator: 'eq', value }] }
    retrieverIds.push(await createNearRetriever(points, { name: `by-${field}`, filters }))
  }
  const { namespaceId, collectionId } = points
  return { namespaceId, collectionId, retrieverIds }
}

async function* lines(data: Data): AsyncIterable<string> {
  const perPart = 250
  for (let i = 0; i < documentsTotal; i += perPart) {
    const part = []
    for (let j = i; j < Math.min(documentsTotal, i + perPart); j++) {
      const own = vectorText(data.vectors.subarray(j * dimensions, (j + 1) * dimensions))
      part.push(JSON.stringify({ ...fieldsOf(j), vectors: { own } }))
    }
    yield `${part.join('\n')}\n`
  }
}

async function createIndexes(
  write: (line: string) => void,
  client: HttpClient,
  loaded: Loaded,
): Promise<void> {
  const start = performance.now()
  const answer = await client.call('PATCH', `/v1/namespaces/${loaded.namespaceId}`, {
    payload_indexes: selectivities.map(({ field }) => ({ field_name: field, type: 'keyword' })),
  })
  const states = (answer['payload_indexes'] as { origin: string; state: string }[]).filter(
    (i) => i.origin === 'user',
  )
  if (!states.every(({ state }) => state === 'active')) throw new Error(JSON.stringify(states))
  write(
    `PATCH with ${states.length} payload indexes: ${((performance.now() - start) / 1000).toFixed(2)} s\n`,
  )
}

async function overHttp(
  client: HttpClient,
  retrieverId: string,
  query: Float32Array,
): Promise<number[]> {
  const body = JSON.stringify({ inputs: { v: Array.from(query) } })
  const { documents } = JSON.parse(
    await client.send('POST', `/v1/retrievers/${retrieverId}/execute`, body),
  ) as {
    documents: { n: number }[]
  }
  return documents.map((hit) => hit.n)
}

async function onPort(
  folder: string,
  loaded: Loaded,
  data: Data,
  truth: number[][][],
): Promise<Measured[]> {
  const config = readConfig({ NACRE_DATA: folder, NACRE_LOG: 'silent' })
  await using composition = await compose(config, openLogger({ level: 'silent' }))
  const { vectors } = composition.ports
  const measured = []
  await warm(data, (query) => direct(vectors, loaded, query, 'all', 'yes'))
  for (const [i, { field, value }] of selectivities.entries()) {
    const ask = (query: Float32Array) => direct(vectors, loaded, query, field, value)
    measured.push(await measure(data, truth[i] ?? [], ask))
  }
  return measured
}

async function direct(
  vectors: VectorEngine,
  { namespaceId, collectionId }: Loaded,
  query: Float32Array,
  field: string,
  value: string,
): Promise<number[]> {
  const hits = await vectors.query(namespaceId, {
    query: { nearest: query },
    using: ownVector,
    filter: {
      must: [
        { key: '_internal.collection_id', match: { value: collectionId } },
        { key: field, match: { value } },
      ],
    },
    limit: 10,
    with_payload: true,
  })
  return hits.map((hit) => Number(hit.payload?.['n']))
}

async function warm(data: Data, ask: (query: Float32Array) => Promise<unknown>): Promise<void> {
  for (let i = 0; i < repeatsWarm; i++) {
    const query = data.queries[i % data.queries.length]
    if (query) await ask(query)
  }
}

async function measure(
  data: Data,
  truth: number[][],
  ask: (query: Float32Array) => Promise<number[]>,
): Promise<Measured> {
  for (const query of data.queries.slice(0, queriesWarm)) await ask(query)
  const times: number[] = []
  let found = 0
  let wanted = 0
  for (const [i, query] of data.queries.entries()) {
    const start = performance.now()
    const answer = new Set(await ask(query))
    times.push(performance.now() - start)
    for (const n of truth[i] ?? []) found += answer.has(n) ? 1 : 0
    wanted += truth[i]?.length ?? 0
  }
  return { p50Ms: quantile(times, 0.5), p99Ms: quantile(times, 0.99), recall: found / wanted }
}

function report(write: (line: string) => void, without: Phase, withIndex: Phase): void {
  write(
    '| selectivity | through | without: p50 / p99 ms, recall@10 | with index: p50 / p99 ms, recall@10 | times faster (p50) |',
  )
  write('|---|---|---|---|---|')
  for (const [i, { name }] of selectivities.entries()) {
    for (const through of ['http', 'port'] as const) {
      const [a, b] = [without[through][i], withIndex[through][i]]
      if (a === undefined || b === undefined) continue
      write(
        `| ${name} | ${through} | ${cell(a)} | ${cell(b)} | ${(a.p50Ms / b.p50Ms).toFixed(1)} |`,
      )
    }
  }
  const over = selectivities.map(
    (_, i) => (withIndex.http[i]?.p50Ms ?? 0) - (withIndex.port[i]?.p50Ms ?? 0),
  )
  write(
    `\nHTTP over the port, p50 with index: ${over.map((ms) => ms.toFixed(2)).join(', ')} ms (goal: at most 0.4)`,
  )
  const one =
    without.http[2] && withIndex.http[2] ? without.http[2].p50Ms / withIndex.http[2].p50Ms : 0
  write(`At 1 % through HTTP: ${one.toFixed(0)} times faster with the index (goal: at least 100)`)
}

function cell({ p50Ms, p99Ms, recall }: Measured): string {
  return `${p50Ms.toFixed(2)} / ${p99Ms.toFixed(2)}, ${recall.toFixed(3)}`
}
