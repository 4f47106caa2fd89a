import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomUUID } from 'node:crypto'
import { compose, openLogger } from '../src/compose.ts'
import { readConfig } from '../src/config.ts'
import type { HnswConfig, VectorEngine } from '../src/ports/vector-engine.ts'
import { dimensions, documentsTotal, makeData, type Data } from './filtered/data.ts'
import { machine, quantile } from './support/statistics.ts'

const collection = 'links_g1'
const queriesTotal = 200
const upsertSize = 1_000
const nearest = 10
/** 2,000 vectors are compared one by one, so that the filters below go by the graph: the default is 20,480. */
const hnsw: HnswConfig = { m: 16, ef_construct: 100, full_scan_threshold: 1_000 }
/** Key, and how many of its values there are. */
const fields = [
  { key: 'half', values: 2 },
  { key: 'tenth', values: 10 },
  { key: 'twentieth', values: 20 },
] as const

interface Measured {
  what: string
  seconds: number | null
  recall: number[]
  p50Ms: number[]
}

/**
 * What filter links cost and give (C-2, AI-14): filtered recall@10 against exact searches, and latency, without a
 * payload index, with it, with links by another `payload_m`, and after a build of the whole graph; and what each of
 * these steps took. A step that uses the main graph again takes a fraction of the build.
 */
export async function links(write: (line: string) => void): Promise<void> {
  write(`# links: ${documentsTotal} points, ${dimensions} dimensions (${machine()})\n`)
  const folder = await mkdtemp(join(tmpdir(), 'nacre-bench-'))
  try {
    const config = readConfig({ ...process.env, NACRE_DATA: folder, NACRE_LOG: 'error' })
    await using composed = await compose(config, openLogger({ level: 'error' }))
    report(write, await steps(composed.ports.vectors, makeData(queriesTotal)))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function steps(engine: VectorEngine, data: Data): Promise<Measured[]> {
  await load(engine, data)
  const built = await seconds(() => engine.optimize(collection))
  const truth = await Promise.all(fields.map((_, i) => exactOf(engine, data, i)))
  const measured = [await measure(engine, data, truth, 'graph, no payload index', built)]

  const indexed = await seconds(async () => {
    for (const { key } of fields)
      await engine.createPayloadIndex(collection, key, { type: 'keyword' })
  })
  measured.push(await measure(engine, data, truth, 'three payload indexes', indexed))
  for (const payload_m of [16, 17, 16]) {
    await engine.setHnsw(collection, { payload_m })
    const linked = await seconds(() => engine.optimize(collection))
    measured.push(await measure(engine, data, truth, `links: payload_m ${payload_m}`, linked))
  }
  await engine.setHnsw(collection, { m: 17 })
  const rebuilt = await seconds(() => engine.optimize(collection))
  measured.push(await measure(engine, data, truth, 'whole graph anew: m 17', rebuilt))
  return measured
}

async function load(engine: VectorEngine, data: Data): Promise<void> {
  const own = { size: dimensions, distance: 'Cosine' } as const
  const spec = { vectors: { own }, sparse_vectors: {}, hnsw_config: hnsw }
  await engine.createCollection(collection, spec)
  for (let begin = 0; begin < documentsTotal; begin += upsertSize) {
    const points = Array.from({ length: upsertSize }, (_, i) => {
      const n = begin + i
      const vector = data.vectors.slice(n * dimensions, (n + 1) * dimensions)
      return { id: randomUUID(), payload: payloadOf(n), vectors: { own: vector } }
    })
    await engine.write(collection, { kind: 'upsert', points })
  }
}

/** The value is spread over the documents without regard to their vectors. */
function payloadOf(n: number): Record<string, string> {
  const spread = Math.imul(n + 1, 2_654_435_761) >>> 8
  return Object.fromEntries(fields.map(({ key, values }) => [key, `v${spread % values}`]))
}

async function search(
  engine: VectorEngine,
  query: Float32Array,
  field: number,
  exact: boolean,
): Promise<string[]> {
  const key = fields[field]?.key ?? ''
  const filter = { must: [{ key, match: { value: 'v1' } }] }
  const request = { query: { nearest: query }, using: 'own', filter, limit: nearest }
  const hits = await engine.query(collection, {
    ...request,
    ...(exact && { params: { exact: true } }),
    with_payload: false,
  })
  return hits.map(({ id }) => String(id))
}

async function exactOf(engine: VectorEngine, data: Data, field: number): Promise<Set<string>[]> {
  const answers: Set<string>[] = []
  for (const query of data.queries) answers.push(new Set(await search(engine, query, field, true)))
  return answers
}

async function measure(
  engine: VectorEngine,
  data: Data,
  truth: Set<string>[][],
  what: string,
  took: number | null,
): Promise<Measured> {
  const recall: number[] = []
  const p50Ms: number[] = []
  for (const field of fields.keys()) {
    const times: number[] = []
    let found = 0
    for (const [i, query] of data.queries.entries()) {
      const begin = performance.now()
      const ids = await search(engine, query, field, false)
      times.push(performance.now() - begin)
      found += ids.filter((id) => truth[field]?.[i]?.has(id)).length
    }
    recall.push(found / (data.queries.length * nearest))
    p50Ms.push(quantile(times, 0.5))
  }
  return { what, seconds: took, recall, p50Ms }
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now()
  await work()
  return (performance.now() - begin) / 1_000
}

function report(write: (line: string) => void, measured: readonly Measured[]): void {
  const shares = fields.map(({ values }) => `${100 / values} %`)
  const columns = shares.flatMap((share) => [`recall@10 at ${share}`, `p50 at ${share}, ms`])
  write(`| step | took, s | ${columns.join(' | ')} |`)
  write(`| --- | ---: |${columns.map(() => ' ---: |').join('')}`)
  for (const { what, seconds: took, recall, p50Ms } of measured) {
    const cells = recall.flatMap((each, i) => [each.toFixed(3), (p50Ms[i] ?? 0).toFixed(2)])
    write(`| ${what} | ${took?.toFixed(2) ?? ''} | ${cells.join(' | ')} |`)
  }
}
