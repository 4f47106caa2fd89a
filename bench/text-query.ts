import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbedder } from '../src/adapters/embedding/open-embedder.ts'
import { openLogger } from '../src/compose.ts'
import { readConfig } from '../src/config.ts'
import { openClient } from '../src/cli/demo/client.ts'
import { processBatch, uploadObjects } from '../src/cli/demo/ingest.ts'
import { readSynsets } from '../src/cli/demo/wordnet.ts'
import { openBenchServer } from './support/bench-server.ts'
import { machine, quantile, timed } from './support/statistics.ts'
import { createTexts } from './support/texts.ts'

const documentsTotal = 2_000
const queriesTotal = 200
const queriesWarm = 20
const repeatsWarm = 2_000

/** A text query over HTTP against the model's own time for the same texts (each new to the cache). Goal: p50 at most 2 ms over. */
export async function textQuery(write: (line: string) => void): Promise<void> {
  write(`# text query: ${documentsTotal} documents, ${queriesTotal} queries (${machine()})\n`)
  const synsets = await readSynsets()
  await using folder = await mkdtempDisposable(join(tmpdir(), 'nacre-bench-'))
  await using server = await openBenchServer(folder.path)
  const { within, bucketId, namespaceId, retrieverId } = await createTexts(
    openClient(server.url, server.key),
  )
  const stored = synsets.slice(0, documentsTotal)
  const ids = await uploadObjects(within, bucketId, stored, () => {})
  await processBatch(within, bucketId, ids, () => {})
  const http = server.client.within(namespaceId)
  const ask = (query: string) =>
    http.call('POST', `/v1/retrievers/${retrieverId}/execute`, { inputs: { query } })
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

function percentiles(times: readonly number[]): string {
  return `p50 ${quantile(times, 0.5).toFixed(2)} ms, p99 ${quantile(times, 0.99).toFixed(2)} ms`
}
