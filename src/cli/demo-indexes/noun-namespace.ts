import type { Client } from '../demo/client.ts'
import { readSynsets, type Synset } from '../demo/wordnet.ts'
import { letterDimensions, lettersVector } from './letters.ts'

/** What the demo's steps share: every noun of eight categories, found by its letters. */
export interface NounNamespace {
  /** With the namespace's header. */
  client: Client
  namespaceId: string
  collectionId: string
  /** Finds the ten that are spelt most like `{{INPUT.letters}}` among those with `{{INPUT.relations}}` relations or more. */
  retrieverId: string
  synsets: readonly Synset[]
  print: (line: string) => void
}

const linesPerCall = 5_000

/** A namespace whose indexes make themselves, filled with documents that bring their own vector. */
export async function fillNouns(
  client: Client,
  print: (line: string) => void,
): Promise<NounNamespace> {
  const synsets = await readSynsets(Number.POSITIVE_INFINITY)
  const { namespace_id: namespaceId } = await client.call<{ namespace_id: string }>(
    'POST',
    '/v1/namespaces',
    {
      namespace_name: 'nouns',
      auto_create_indexes: true,
      vectors: { letters: { dimensions: letterDimensions, distance: 'cosine' } },
      feature_extractors: [passthrough],
    },
  )
  const within = client.within(namespaceId)
  const collectionId = await createCollection(within)
  const start = performance.now()
  for (let i = 0; i < synsets.length; i += linesPerCall)
    await importNouns(within, collectionId, synsets.slice(i, i + linesPerCall))
  const seconds = (performance.now() - start) / 1000
  print(
    `Namespace 'nouns', "auto_create_indexes": true; ${synsets.length.toLocaleString('en')} nouns in ${seconds.toFixed(1)} s.`,
  )
  const retrieverId = await createSearch(within, collectionId)
  return { client: within, namespaceId, collectionId, retrieverId, synsets, print }
}

const passthrough = { feature_extractor_name: 'passthrough_extractor', version: 'v1' }

async function createCollection(client: Client): Promise<string> {
  const { bucket_id: bucketId } = await client.call<{ bucket_id: string }>('POST', '/v1/buckets', {
    bucket_name: 'none',
    bucket_schema: { properties: {} },
  })
  const made = await client.call<{ collection_id: string }>('POST', '/v1/collections', {
    collection_name: 'nouns',
    source: { type: 'bucket', bucket_ids: [bucketId] },
    feature_extractor: passthrough,
  })
  return made.collection_id
}

async function importNouns(
  client: Client,
  collectionId: string,
  synsets: readonly Synset[],
): Promise<void> {
  const path = `/v1/collections/${collectionId}/documents/import`
  const answer = await client.sendLines<ImportAnswer>(path, synsets.map(documentOf))
  if (answer.failed > 0)
    throw new Error(`${answer.failed} nouns were refused: ${answer.errors[0]?.reason}`)
}

interface ImportAnswer {
  failed: number
  errors: { reason: string }[]
}

function documentOf({ words, definition, category, relationCount }: Synset): object {
  const vectors = { letters: lettersVector(words.join(' ')) }
  return { words, definition, category, relation_count: relationCount, vectors }
}

async function createSearch(client: Client, collectionId: string): Promise<string> {
  const query = { input_mode: 'vector', value: '{{INPUT.letters}}' }
  const made = await client.call<{ retriever_id: string }>('POST', '/v1/retrievers', {
    retriever_name: 'by letters',
    collection_identifiers: [collectionId],
    input_schema: { letters: { type: 'array' }, relations: { type: 'integer' } },
    stages: [
      {
        stage_name: 'search',
        config: {
          stage_id: 'feature_search',
          parameters: {
            searches: [{ feature_uri: 'letters', query, top_k: 10 }],
            final_top_k: 10,
          },
          pre_filters: {
            AND: [{ field: 'relation_count', operator: 'gte', value: '{{INPUT.relations}}' }],
          },
        },
      },
    ],
  })
  return made.retriever_id
}
