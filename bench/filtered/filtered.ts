import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compose, openLogger } from '../../src/compose.ts'
import { readConfig } from '../../src/config.ts'
import { startServerProcess } from '../../src/cli/demo/server-process.ts'
import type { VectorEngine } from '../../src/ports/vector-engine.ts'
import { HttpClient } from '../support/http-client.ts'
import { machine, quantile } from '../support/statistics.ts'
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
  const folder = await mkdtemp(join(tmpdir(), 'nacre-bench-'))
  try {
    const without = await phase(write, folder, data, truth, null)
    const withIndex = await phase(write, folder, data, truth, without.loaded)
    report(write, without, withIndex)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
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
  const server = await startServerProcess(folder)
  const client = new HttpClient(server.url, { authorization: `Bearer ${server.key}` })
  try {
    const loaded = before ?? (await load(write, client, data))
    const within = client.within(loaded.namespaceId)
    if (before !== null) await createIndexes(write, within, loaded)
    await settled(within, loaded, data)
    await warm(data, (query) => overHttp(within, loaded.retrieverIds[0] ?? '', query))
    const http = []
    for (const [i, id] of loaded.retrieverIds.entries()) {
      http.push(await measure(data, truth[i] ?? [], (query) => overHttp(within, id, query)))
    }
    await server.stop()
    return { loaded, http, port: await onPort(folder, loaded, data, truth) }
  } finally {
    client.close()
    await server.stop()
  }
}

async function load(
  write: (line: string) => void,
  client: HttpClient,
  data: Data,
): Promise<Loaded> {
  const namespace = await client.call('POST', '/v1/namespaces', {
    namespace_name: 'bench',
    vectors: { own: { dimensions, distance: 'cosine' } },
    feature_extractors: [{ feature_extractor_name: 'passthrough_extractor', version: 'v1' }],
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
  const start = performance.now()
  const path = `/v1/collections/${collectionId}/documents/import`
  const answer = await within.send('POST', path, lines(data), 'application/x-ndjson')
  const seconds = (performance.now() - start) / 1000
  const { written } = JSON.parse(answer) as { written: number }
  if (written !== documentsTotal) throw new Error(`Import: ${answer.slice(0, 500)}`)
  write(
    `Loading over HTTP: ${written} in ${seconds.toFixed(1)} s, ${Math.round(written / seconds)} documents/s (goal 8,000)\n`,
  )
  const retrieverIds = []
  for (const { field, value } of selectivities)
    retrieverIds.push(await createRetriever(within, collectionId, field, value))
  return { namespaceId, collectionId, retrieverIds }
}

async function* lines(data: Data): AsyncIterable<string> {
  const perPart = 250
  for (let i = 0; i < documentsTotal; i += perPart) {
    const part = []
    for (let j = i; j < Math.min(documentsTotal, i + perPart); j++) {
      const own = Array.from(
        data.vectors.subarray(j * dimensions, (j + 1) * dimensions),
        (v) => Math.round(v * 1e6) / 1e6,
      )
      part.push(JSON.stringify({ ...fieldsOf(j), vectors: { own } }))
    }
    yield `${part.join('\n')}\n`
  }
}

async function createRetriever(
  client: HttpClient,
  collectionId: string,
  field: string,
  value: string,
): Promise<string> {
  const made = await client.call('POST', '/v1/retrievers', {
    retriever_name: `by-${field}`,
    collection_identifiers: [collectionId],
    input_schema: { v: { type: 'array' } },
    stages: [
      {
        stage_name: 'near',
        config: {
          stage_id: 'feature_search',
          parameters: {
            searches: [
              {
                feature_uri: 'own',
                query: { input_mode: 'vector', value: '{{INPUT.v}}' },
                top_k: 10,
              },
            ],
            final_top_k: 10,
          },
          pre_filters: { AND: [{ field, operator: 'eq', value }] },
        },
      },
    ],
  })
  return String(made['retriever_id'])
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

/** Waits until the graph is built: unfiltered searches no longer scan. Bounded. */
async function settled(client: HttpClient, loaded: Loaded, data: Data): Promise<void> {
  const deadline = performance.now() + 120_000
  const id = loaded.retrieverIds[0] ?? ''
  for (let calm = 0; calm < 5 && performance.now() < deadline;) {
    const times = []
    for (const query of data.queries.slice(0, 20)) {
      const start = performance.now()
      await overHttp(client, id, query)
      times.push(performance.now() - start)
    }
    calm = quantile(times, 0.9) < 4 ? calm + 1 : 0
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
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
    using: 'own',
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
