import type { Client } from '../../src/cli/demo/client.ts'
import type { Answer } from './server.ts'

/** A bucket of plots with their years, and a collection that reads from it. */
export async function makePlots(
  client: Client,
  collection_name: string,
  feature_extractor: object,
): Promise<{ bucket: Answer; collection: Answer }> {
  const bucket: Answer = await client.call('POST', '/v1/buckets', {
    bucket_name: 'plots',
    bucket_schema: { properties: { content: { type: 'text' }, year: { type: 'integer' } } },
  })
  const collection: Answer = await client.call('POST', '/v1/collections', {
    collection_name,
    source: { type: 'bucket', bucket_ids: [bucket.bucket_id] },
    feature_extractor: { version: 'v1', field_passthrough: ['year'], ...feature_extractor },
  })
  return { bucket, collection }
}
