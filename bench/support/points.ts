import { setTimeout as sleep } from 'node:timers/promises'
import type { HttpClient } from './http-client.ts'
import { quantile, timed } from './statistics.ts'

/** The vector that documents are sent with, where a bench has one of its own. */
export const ownVector = 'own'

const passthrough = { feature_extractor_name: 'passthrough_extractor', version: 'v1' }
const calmTimes = 5

/** A namespace, and a collection in it whose documents a client sends with their vectors. */
export interface Points {
  /** With the namespace in its header. */
  within: HttpClient
  namespaceId: string
  collectionId: string
}

/** `namespace`: what else its request says. */
export async function createPoints(
  client: HttpClient,
  dimensions: number,
  namespace: object = {},
): Promise<Points> {
  const made = await client.call('POST', '/v1/namespaces', {
    namespace_name: 'bench',
    vectors: { [ownVector]: { dimensions, distance: 'cosine' } },
    feature_extractors: [passthrough],
    ...namespace,
  })
  const namespaceId = String(made['namespace_id'])
  const within = client.within(namespaceId)
  const bucket = await within.call('POST', '/v1/buckets', {
    bucket_name: 'empty',
    bucket_schema: { properties: {} },
  })
  const collection = await within.call('POST', '/v1/collections', {
    collection_name: 'points',
    source: { type: 'bucket', bucket_ids: [bucket['bucket_id']] },
    feature_extractor: passthrough,
  })
  return { within, namespaceId, collectionId: String(collection['collection_id']) }
}

/** Sends `total` documents, a line each; the milliseconds it took. Throws where one was refused. */
export async function importPoints(
  { within, collectionId }: Pick<Points, 'within' | 'collectionId'>,
  lines: string | AsyncIterable<string>,
  total: number,
): Promise<number> {
  const start = performance.now()
  const path = `/v1/collections/${collectionId}/documents/import`
  const answer = await within.send('POST', path, lines, 'application/x-ndjson')
  const { written } = JSON.parse(answer) as { written: number }
  if (written !== total) throw new Error(`Import: ${answer.slice(0, 500)}`)
  return performance.now() - start
}

/** A retriever of the documents nearest to its input `v`; `filters` holds for each of its searches. */
export async function createNearRetriever(
  { within, collectionId }: Pick<Points, 'within' | 'collectionId'>,
  { name = 'near', limit = 10, filters }: { name?: string; limit?: number; filters?: object } = {},
): Promise<string> {
  const query = { input_mode: 'vector', value: '{{INPUT.v}}' }
  const searches = [{ feature_uri: ownVector, query, top_k: limit }]
  const parameters = { searches, final_top_k: limit }
  const config = {
    stage_id: 'feature_search',
    parameters,
    ...(filters && { pre_filters: filters }),
  }
  const made = await within.call('POST', '/v1/retrievers', {
    retriever_name: name,
    collection_identifiers: [collectionId],
    input_schema: { v: { type: 'array' } },
    stages: [{ stage_name: 'near', config }],
  })
  return String(made['retriever_id'])
}

/**
 * Waits until the graph is built: of twenty searches one after the other nine tenths take less than `belowMs`. False
 * where that was not so within `waitMs`.
 */
export async function settled(
  search: (n: number) => Promise<unknown>,
  { belowMs = 6, waitMs = 180_000 } = {},
): Promise<boolean> {
  const deadline = performance.now() + waitMs
  let calm = 0
  while (calm < calmTimes && performance.now() < deadline) {
    const times = []
    for (let n = 0; n < 20; n++) times.push(await timed(() => search(n)))
    calm = quantile(times, 0.9) < belowMs ? calm + 1 : 0
    await sleep(500)
  }
  return calm === calmTimes
}
