import { z } from 'zod'
import { findCollection } from '../../domain/collections/find-collection.ts'
import { syncedLately, syncSchema } from '../../domain/collections/sync-schema.ts'
import { route } from '../route.ts'
import { ofCollection, readingFailures } from './document-requests.ts'

const synced = z.object({
  success: z.boolean(),
  collection_id: z.string(),
  schema_version: z.int(),
  previous_version: z.int(),
  fields_added: z.array(z.string()),
  fields_total: z.int(),
  documents_sampled: z.int(),
  downstream_collections_updated: z.array(z.string()),
  message: z.string(),
})

const skipped = z.object({
  success: z.boolean(),
  skipped: z.literal(true),
  reason: z.string(),
  collection_id: z.string(),
  schema_version: z.int(),
  last_sync: z.string(),
})

/** Contract 15.3: what documents hold beyond their schema becomes a part of it. */
export const schemaSyncRoutes = [
  route({
    operationId: 'syncCollectionSchema',
    method: 'POST',
    path: '/v1/collections/{collection_identifier}/sync-schema',
    summary: 'Add to the schema of a collection what its documents hold beside it',
    tag: 'collections',
    access: 'write',
    scope: 'namespace',
    params: ofCollection,
    body: z.object({
      sample_size: z.int().min(1).max(10_000).nullish(),
      force: z.boolean().nullish(),
      cascade_to_downstream: z.boolean().nullish(),
    }),
    response: z.union([synced, skipped]),
    failures: readingFailures,
    handle: async ({ ports, namespace, params, body, signal }) => {
      const collection = await findCollection(ports, namespace, params.collection_identifier)
      const lately = body.force === true ? null : syncedLately(ports, collection)
      if (lately !== null) {
        return {
          success: true,
          skipped: true as const,
          reason: 'Its documents were looked at a moment ago; send force: true to look again.',
          collection_id: collection.id,
          schema_version: collection.schemaVersion,
          last_sync: lately.toISOString(),
        }
      }
      const wanted = {
        sampleSize: body.sample_size ?? 1_000,
        isCascading: body.cascade_to_downstream ?? true,
      }
      const sync = await syncSchema(ports, namespace, collection, wanted, signal)
      const { collection: after, added, sampled } = sync
      return {
        success: true,
        collection_id: after.id,
        schema_version: after.schemaVersion,
        previous_version: sync.previousVersion,
        fields_added: added,
        fields_total: Object.keys(after.outputSchema).length,
        documents_sampled: sampled,
        downstream_collections_updated: sync.downstream,
        message: `${sampled} documents were looked at; ${added.length} fields are new.`,
      }
    },
  }),
]
