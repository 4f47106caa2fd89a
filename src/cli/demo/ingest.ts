import type { Client } from './client.ts'
import type { Synset } from './wordnet.ts'

export interface Ingested {
  namespaceId: string
  bucketId: string
  collectionId: string
  featureUri: string
}

const field = (type: string) => ({ type })

/** Namespace, bucket and collection for synsets: what a user's first three calls make. */
export async function createResources(client: Client): Promise<Ingested> {
  const namespace = await client.call<{ namespace_id: string }>('POST', '/v1/namespaces', {
    namespace_name: 'wordnet',
    feature_extractors: [{ feature_extractor_name: 'text_extractor', version: 'v1' }],
  })
  const within = client.within(namespace.namespace_id)
  const bucket = await within.call<{ bucket_id: string }>('POST', '/v1/buckets', {
    bucket_name: 'synsets',
    bucket_schema: {
      properties: {
        content: field('text'),
        synset: field('string'),
        category: field('string'),
        words: field('array'),
        definition: field('string'),
        examples: field('array'),
        word_count: field('integer'),
        relation_count: field('integer'),
      },
    },
    unique_key: { fields: ['synset'], default_policy: 'upsert' },
  })
  const collection = await within.call<{
    collection_id: string
    vector_indexes: { feature_uri: string }[]
  }>('POST', '/v1/collections', {
    collection_name: 'meanings',
    source: { type: 'bucket', bucket_ids: [bucket.bucket_id] },
    feature_extractor: {
      feature_extractor_name: 'text_extractor',
      version: 'v1',
      input_mappings: { text: 'content' },
      field_passthrough: [
        'category',
        'words',
        'definition',
        'examples',
        'word_count',
        'relation_count',
      ],
    },
  })
  return {
    namespaceId: namespace.namespace_id,
    bucketId: bucket.bucket_id,
    collectionId: collection.collection_id,
    featureUri: collection.vector_indexes[0]?.feature_uri ?? '',
  }
}

const objectsPerCall = 100

/** Sends the synsets as objects, a hundred a call, and says how many are there after each. */
export async function uploadObjects(
  client: Client,
  bucketId: string,
  synsets: readonly Synset[],
  onProgress: (done: number) => void,
): Promise<string[]> {
  const ids: string[] = []
  for (let i = 0; i < synsets.length; i += objectsPerCall) {
    const objects = synsets.slice(i, i + objectsPerCall).map(objectOf)
    const answer = await client.call<{
      succeeded: { object_id: string }[]
      failed: { error: string }[]
    }>('POST', `/v1/buckets/${bucketId}/objects/batch`, { objects })
    if (answer.failed.length > 0)
      throw new Error(`An object was refused: ${answer.failed[0]?.error}`)
    ids.push(...answer.succeeded.map((object) => object.object_id))
    onProgress(ids.length)
  }
  return ids
}

function objectOf(synset: Synset): object {
  const { key, words, definition, examples, category, wordCount, relationCount } = synset
  const data = `${words.join(', ')}: ${definition}`
  return {
    blobs: [{ property: 'content', type: 'text', data }],
    synset: key,
    category,
    words,
    definition,
    examples,
    word_count: wordCount,
    relation_count: relationCount,
  }
}

export interface TaskAnswer {
  task_id: string
  status: string
  error?: string | null
  additional_data?: { progress?: { written: number; failed: number; accepted: number } }
}

/** Submits one batch of the objects and waits for its task; throws where it does not complete. */
export async function processBatch(
  client: Client,
  bucketId: string,
  objectIds: readonly string[],
  onProgress: (written: number) => void,
): Promise<void> {
  await followTask(client, await submitBatch(client, bucketId, objectIds), onProgress)
}

/** One batch of the objects; its task. */
export async function submitBatch(
  client: Client,
  bucketId: string,
  objectIds: readonly string[],
): Promise<TaskAnswer> {
  const path = `/v1/buckets/${bucketId}/batches`
  const batch = await client.call<{ batch_id: string }>('POST', path, { object_ids: objectIds })
  return await client.call<TaskAnswer>('POST', `${path}/${batch.batch_id}/submit`)
}

const ends = ['COMPLETED', 'COMPLETED_WITH_ERRORS', 'FAILED', 'CANCELED']

/** Waits for a batch's task; throws where it does not complete. */
export async function followTask(
  client: Client,
  started: Pick<TaskAnswer, 'task_id'>,
  onProgress: (written: number) => void,
  pollMs = 250,
): Promise<void> {
  for (;;) {
    const path = `/v1/tasks/${started.task_id}`
    const { status, error, additional_data: data } = await client.call<TaskAnswer>('GET', path)
    onProgress(data?.progress?.written ?? 0)
    if (status === 'COMPLETED') return
    if (ends.includes(status))
      throw new Error(`The batch ended ${status}: ${error ?? JSON.stringify(data)}`)
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  }
}
