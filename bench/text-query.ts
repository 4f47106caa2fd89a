import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compose, openLogger } from '../src/compose.ts'
import { readConfig } from '../src/config.ts'
import { openClient } from '../src/cli/demo/client.ts'
import { createResources, processBatch, uploadObjects } from '../src/cli/demo/ingest.ts'
import { startServerProcess } from '../src/cli/demo/server-process.ts'
import { readSynsets } from '../src/cli/demo/wordnet.ts'
import { HttpClient } from './support/http-client.ts'
import { machine, quantile } from './support/statistics.ts'

const documentsTotal = 2_000
const queriesTotal = 200

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
    const texts = synsets.slice(-queriesTotal - 20).map((synset) => synset.definition)
    const overHttp: number[] = []
    for (const query of texts) {
      const start = performance.now()
      await http.call('POST', `/v1/retrievers/${id}/execute`, { inputs: { query } })
      overHttp.push(performance.now() - start)
    }
    http.close()
    await server.stop()
    const model = await modelTimes(folder, texts)
    const [a, b] = [overHttp.slice(20), model.slice(20)]
    write(
      `Over HTTP: p50 ${quantile(a, 0.5).toFixed(2)} ms, p99 ${quantile(a, 0.99).toFixed(2)} ms`,
    )
    write(
      `The model alone: p50 ${quantile(b, 0.5).toFixed(2)} ms, p99 ${quantile(b, 0.99).toFixed(2)} ms`,
    )
    write(
      `Over the model, p50: ${(quantile(a, 0.5) - quantile(b, 0.5)).toFixed(2)} ms (goal: at most 2)`,
    )
  } finally {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

async function modelTimes(folder: string, texts: readonly string[]): Promise<number[]> {
  const config = readConfig({ NACRE_DATA: folder, NACRE_LOG: 'silent' })
  await using composition = await compose(config, openLogger({ level: 'silent' }))
  const { embedder } = composition.ports
  const times: number[] = []
  for (const text of texts) {
    const start = performance.now()
    await embedder.embed('bundled', [text], 'query')
    times.push(performance.now() - start)
  }
  return times
}
