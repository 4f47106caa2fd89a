import { setTimeout as sleep } from 'node:timers/promises'
import type { HttpClient } from '../support/http-client.ts'
import { quantile } from '../support/statistics.ts'
import { dimensions, documentsTotal, importLines, vectorOf, vectorText } from './data.ts'

/** One namespace of one server, in which everything is measured. */
export interface Stage {
  write: (line: string) => void
  within: HttpClient
  namespaceId: string
  collectionId: string
  retrieverId: string
}

const passthrough = { feature_extractor_name: 'passthrough_extractor', version: 'v1' }

/** A namespace with the documents, whose graph is built; nothing is indexed yet. */
export async function openStage(write: (line: string) => void, client: HttpClient): Promise<Stage> {
  const namespace = await client.call('POST', '/v1/namespaces', {
    namespace_name: 'bench',
    auto_create_indexes: true,
    vectors: { own: { dimensions, distance: 'cosine' } },
    feature_extractors: [passthrough],
  })
  const namespaceId = String(namespace['namespace_id'])
  const within = client.within(namespaceId)
  const collectionId = await makeCollection(within)
  const start = performance.now()
  const path = `/v1/collections/${collectionId}/documents/import`
  const answer = await within.send('POST', path, importLines(), 'application/x-ndjson')
  const { written } = JSON.parse(answer) as { written: number }
  if (written !== documentsTotal) throw new Error(`Import: ${answer.slice(0, 500)}`)
  const seconds = (performance.now() - start) / 1000
  write(`Loading over HTTP: ${seconds.toFixed(1)} s`)
  const retrieverId = await makeRetriever(within, collectionId)
  const stage = { write, within, namespaceId, collectionId, retrieverId }
  await settled(stage)
  return stage
}

async function makeCollection(within: HttpClient): Promise<string> {
  const bucket = await within.call('POST', '/v1/buckets', {
    bucket_name: 'none',
    bucket_schema: { properties: {} },
  })
  const collection = await within.call('POST', '/v1/collections', {
    collection_name: 'points',
    source: { type: 'bucket', bucket_ids: [bucket['bucket_id']] },
    feature_extractor: passthrough,
  })
  return String(collection['collection_id'])
}

async function makeRetriever(within: HttpClient, collectionId: string): Promise<string> {
  const query = { input_mode: 'vector', value: '{{INPUT.v}}' }
  const searches = [{ feature_uri: 'own', query, top_k: 10 }]
  const parameters = { searches, final_top_k: 10 }
  const made = await within.call('POST', '/v1/retrievers', {
    retriever_name: 'near',
    collection_identifiers: [collectionId],
    input_schema: { v: { type: 'array' } },
    stages: [{ stage_name: 'near', config: { stage_id: 'feature_search', parameters } }],
  })
  return String(made['retriever_id'])
}

/** Waits until the graph is built: searches without a filter no longer scan. Bounded. */
async function settled(stage: Stage): Promise<void> {
  const deadline = performance.now() + 180_000
  for (let calm = 0; calm < 5 && performance.now() < deadline;) {
    const times = []
    for (let n = 0; n < 20; n++) {
      const start = performance.now()
      await search(stage, vectorOf(n), null)
      times.push(performance.now() - start)
    }
    calm = quantile(times, 0.9) < 6 ? calm + 1 : 0
    await sleep(500)
  }
}

/** `n` of the ten nearest under the filter. */
export async function search(
  { within, retrieverId }: Pick<Stage, 'within' | 'retrieverId'>,
  vector: Float32Array,
  filter: object | null,
): Promise<number[]> {
  const body = { inputs: { v: vectorText(vector) }, ...(filter && { filters: filter }) }
  const answer = await within.call('POST', `/v1/retrievers/${retrieverId}/execute`, body)
  return (answer['documents'] as { n: number }[]).map((hit) => hit.n)
}

/** On or off, as a user would. */
export async function setAuto({ within, namespaceId }: Stage, isOn: boolean): Promise<void> {
  await within.call('PATCH', `/v1/namespaces/${namespaceId}`, { auto_create_indexes: isOn })
}
