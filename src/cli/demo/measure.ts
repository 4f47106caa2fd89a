import type { Client } from './client.ts'

export interface Hit {
  document_id: string
  score?: number
  category?: string
  words?: string[]
  definition?: string
}

/** A filter to time, and how the table names it. */
export interface FilteredQuery {
  name: string
  filter: object
  retrieverId: string
}

export interface Timing {
  name: string
  p50Ms: number
  /** Ids of every document that the filter matches, sorted: the answer must not change. */
  ids: string[]
}

const repeats = 40

/** p50 of `repeats` searches for the ten nearest under each filter, and the filter's whole id set once. */
export async function measure(
  client: Client,
  collectionId: string,
  queries: readonly FilteredQuery[],
): Promise<Timing[]> {
  const timings: Timing[] = []
  for (const { name, filter, retrieverId } of queries) {
    const times: number[] = []
    for (let i = 0; i < repeats; i++) {
      const start = performance.now()
      await client.call('POST', `/v1/retrievers/${retrieverId}/execute`, { inputs: {} })
      times.push(performance.now() - start)
    }
    timings.push({ name, p50Ms: median(times), ids: await allIds(client, collectionId, filter) })
  }
  return timings
}

/** A retriever that finds the ten nearest to one stored document under the filter: no model in its time. */
export async function createFilteredQuery(
  client: Client,
  source: { collectionId: string; documentId: string; featureUri: string },
  given: { name: string; filter: object },
): Promise<FilteredQuery> {
  const query = {
    input_mode: 'document',
    document_ref: { collection_id: source.collectionId, document_id: source.documentId },
  }
  const created = await client.call<{ retriever_id: string }>('POST', '/v1/retrievers', {
    retriever_name: `near ${given.name}`,
    collection_identifiers: [source.collectionId],
    stages: [
      {
        stage_name: 'near',
        config: {
          stage_id: 'feature_search',
          parameters: {
            searches: [{ feature_uri: source.featureUri, query, top_k: 10 }],
            final_top_k: 10,
          },
          pre_filters: given.filter,
        },
      },
    ],
  })
  return { ...given, retrieverId: created.retriever_id }
}

/** Ids of every document that the filter matches, sorted. */
export async function allIds(
  client: Client,
  collectionId: string,
  filter: object,
): Promise<string[]> {
  const ids: string[] = []
  let cursor: string | null = null
  do {
    const page: { results: Hit[]; pagination: { next_cursor: string | null } } = await client.call(
      'POST',
      `/v1/collections/${collectionId}/documents/list`,
      { filters: filter, limit: 1000, select: [], ...(cursor !== null && { cursor }) },
    )
    ids.push(...page.results.map((hit) => hit.document_id))
    cursor = page.pagination.next_cursor
  } while (cursor !== null)
  return ids.sort()
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
