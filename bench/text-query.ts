import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbedder } from '../src/adapters/embedding/open-embedder.ts'
import { openLogger } from '../src/compose.ts'
import { readConfig } from '../src/config.ts'
import { openClient } from '../src/cli/demo/client.ts'
import { createResources, processBatch, uploadObjects } from '../src/cli/demo/ingest.ts'
import { startServerProcess } from '../src/cli/demo/server-process.ts'
import { readSynsets } from '../src/cli/demo/wordnet.ts'
import { HttpClient } from './support/http-client.ts'
import { machine, quantile } from './support/statistics.ts'

const documentsTotal = 2_000
const queriesTotal = 200
const queriesWarm = 20
const repeatsWarm = 2_000

/** A text query over HTTP against the model's own time for the same texts (each new to the cache). Goal: p50 at most 2 ms over. */
export async function textQuery(write: (line: string) => void): Promise<void> {
  write(`# text query: ${documentsTotal} documents, ${queriesTotal} queries (${machine()})\n`)
  const synsets = await readSynsets()
  const folder = await mkdtemp(join(tmpdir(), 'nacre-bench-'))
  const server = await startServerProcess(folder)
  try {
    const client = openClient(server.url, server.key)
    const made = await createResources(client)
    const within = client.within(made.namespaceId)
    const ids = await uploadObjects(
      within,
      made.bucketId,
      synsets.slice(0, documentsTotal),
      () => {},
    )
    await processBatch(within, made.bucketId, ids, () => {})
    const { retriever_id: id } = await within.call<{ retriever_id: string }>(
      'POST',
      '/v1/retrievers',
      {
        retriever_name: 'by meaning',
        collection_identifiers: [made.collectionId],
        stages: [
          {
            stage_name: 'search',
            config: {
              stage_id: 'feature_search',
              parameters: {
                searches: [{ feature_uri: made.featureUri, query: '{{INPUT.query}}', top_k: 10 }],
                final_top_k: 10,
              },
            },
          },
        ],
      },
    )
    const http = new HttpClient(server.url, {
      authorization: `Bearer ${server.key}`,
      'x-namespace': made.namespaceId,
    })
    const ask = (query: string) =>
      http.call('POST', `/v1/retrievers/${id}/execute`, { inputs: { query } })
    const texts = synsets.slice(-queriesTotal - queriesWarm).map(({ definition }) => definition)
    // The same text again costs no model: it warms up everything else.
    for (let i = 0; i < repeatsWarm; i++) await ask('warm')
    const pairs = await pairedTimes(texts, ask)
    http.close()
    const [over, alone] = [pairs.map(([http]) => http), pairs.map(([, model]) => model)]
    write(`Over HTTP:       ${percentiles(over)}`)
    write(`The model alone: ${percentiles(alone)}`)
    const difference = quantile(over, 0.5) - quantile(alone, 0.5)
    write(`Over the model, p50: ${difference.toFixed(2)} ms (goal: at most 2)`)
  } finally {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

/** [over HTTP, the model alone] of each text, one after the other, so that the machine is the same for both. */
async function pairedTimes(
  texts: readonly string[],
  ask: (query: string) => Promise<unknown>,
): Promise<[number, number][]> {
  const config = readConfig({ NACRE_EMBEDDING_CACHE_MAX: '0' })
  await using embedder = await openEmbedder({ config, log: openLogger({ level: 'silent' }) })
  const pairs: [number, number][] = []
  for (const text of texts) {
    const http = await timed(() => ask(text))
    const model = await timed(() => embedder.embed('bundled', [text], 'query'))
    pairs.push([http, model])
  }
  return pairs.slice(queriesWarm)
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

function percentiles(times: readonly number[]): string {
  return `p50 ${quantile(times, 0.5).toFixed(2)} ms, p99 ${quantile(times, 0.99).toFixed(2)} ms`
}
