import type { Client } from '../demo/client.ts'
import { createResources, processBatch, uploadObjects, type Ingested } from '../demo/ingest.ts'
import type { Hit } from '../demo/measure.ts'
import { progressBar } from '../demo/progress-bar.ts'
import { readSynsets } from '../demo/wordnet.ts'

/** What the demo's steps share: a namespace that is full before the first plugin comes. */
export interface DemoNamespace extends Ingested {
  /** With the namespace's header. */
  client: Client
  /** Finds by meaning. */
  retrieverId: string
  objects: number
  print: (line: string) => void
}

const perCategory = 150

/** WordNet entries with the text extractor's vector, and a retriever over them. */
export async function fillNamespace(
  client: Client,
  print: (line: string) => void,
): Promise<DemoNamespace> {
  const synsets = await readSynsets(perCategory)
  const made = await createResources(client)
  const within = client.within(made.namespaceId)
  print(`A namespace in use: ${synsets.length} WordNet synsets come in, with the text extractor.`)
  const bar = (label: string) => progressBar(label, synsets.length, print)
  const ids = await uploadObjects(within, made.bucketId, synsets, bar('objects  '))
  await processBatch(within, made.bucketId, ids, bar('documents'))
  const { collectionId, featureUri } = made
  const retrieverId = await createSearch(within, { name: 'by meaning', collectionId, featureUri })
  return { ...made, client: within, retrieverId, objects: synsets.length, print }
}

/** A retriever that finds the three nearest to `{{INPUT.query}}`. */
export async function createSearch(
  client: Client,
  given: { name: string; collectionId: string; featureUri: string },
): Promise<string> {
  const search = {
    feature_uri: given.featureUri,
    query: { input_mode: 'text', value: '{{INPUT.query}}' },
    top_k: 10,
  }
  const parameters = { searches: [search], final_top_k: 3 }
  const made = await client.call<{ retriever_id: string }>('POST', '/v1/retrievers', {
    retriever_name: given.name,
    collection_identifiers: [given.collectionId],
    input_schema: { query: { type: 'string' } },
    stages: [{ stage_name: 'search', config: { stage_id: 'feature_search', parameters } }],
  })
  return made.retriever_id
}

/** The documents that a retriever finds for a text. */
export async function find(client: Client, retrieverId: string, query: string): Promise<Hit[]> {
  const path = `/v1/retrievers/${retrieverId}/execute`
  const { documents } = await client.call<{ documents: Hit[] }>('POST', path, { inputs: { query } })
  return documents
}

export function hitLine({ score, words, definition }: Hit): string {
  const text = `${words?.join(', ')}: ${definition}`
  return `  ${(score ?? 0).toFixed(3)}  ${text.length > 100 ? `${text.slice(0, 99)}…` : text}`
}
