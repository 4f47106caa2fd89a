import type { Client } from '../../src/cli/demo/client.ts'
import { createResources, type Ingested } from '../../src/cli/demo/ingest.ts'

/** A namespace for texts of WordNet, and a retriever of the ten nearest to its input `query`. */
export interface Texts extends Ingested {
  within: Client
  retrieverId: string
}

export async function createTexts(client: Client): Promise<Texts> {
  const made = await createResources(client)
  const within = client.within(made.namespaceId)
  const searches = [{ feature_uri: made.featureUri, query: '{{INPUT.query}}', top_k: 10 }]
  const config = { stage_id: 'feature_search', parameters: { searches, final_top_k: 10 } }
  const { retriever_id: retrieverId } = await within.call<{ retriever_id: string }>(
    'POST',
    '/v1/retrievers',
    {
      retriever_name: 'by meaning',
      collection_identifiers: [made.collectionId],
      stages: [{ stage_name: 'search', config }],
    },
  )
  return { ...made, within, retrieverId }
}
