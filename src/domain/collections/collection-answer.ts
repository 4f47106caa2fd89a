import type { BucketField } from '../buckets/bucket.ts'
import type { Extractor } from '../extractors/extractor.ts'
import { hasVector } from '../extractors/features-of.ts'
import type { Namespace, VectorDefinition } from '../namespaces/namespace.ts'
import type { Collection, CollectionExtractor } from './collection.ts'

/** Where the collection lives: its namespace, and everything that can extract there. */
export interface CollectionPlace {
  namespace: Namespace
  extractors: readonly Extractor[]
}

/** A collection as the wire shows it (contract 15.2). `documentCount` null: it was not counted. */
export function collectionAnswer(
  collection: Collection,
  place: CollectionPlace,
  documentCount: number | null,
) {
  return {
    collection_id: collection.id,
    collection_name: collection.name,
    namespace_id: collection.namespaceId,
    description: collection.description,
    input_schema: schemaAnswer(collection.inputSchema),
    output_schema: schemaAnswer(collection.outputSchema),
    feature_extractor: extractorAnswer(collection.extractor),
    source: { ...collection.source },
    vector_indexes: vectorsOf(collection, place).map((vector) => vectorAnswer(vector, place)),
    payload_indexes: [],
    enabled: collection.enabled,
    metadata: collection.metadata,
    lifecycle_state: 'active' as const,
    document_count: documentCount,
    schema_version: collection.schemaVersion,
    schema_sync_enabled: true,
    last_schema_sync: collection.schemaSyncedAt?.toISOString() ?? null,
    taxonomy_count: 0,
    created_at: collection.createdAt.toISOString(),
    updated_at: collection.updatedAt.toISOString(),
  }
}

/** `GET …/features` (contract 15.3): the first is the one a search means without saying more. */
export function featuresAnswer(collection: Collection, place: CollectionPlace) {
  return {
    features: vectorsOf(collection, place).map((vector, i) => ({
      feature_address: vector.featureUri,
      feature_extractor_name: collection.extractor.feature_extractor_name,
      version: collection.extractor.version,
      vector_index: vectorAnswer(vector, place).index,
      primary: i === 0,
    })),
  }
}

/**
 * The vectors its documents may carry: those of its extractor that the namespace has, then the client's own. Two
 * versions of a plugin may share one vector, which stands in the namespace under the first of them.
 */
function vectorsOf(collection: Collection, { namespace, extractors }: CollectionPlace) {
  const extractorId = collection.extractor.feature_extractor_id
  const all = Object.values(namespace.vectors)
  const extractor = extractors.find(({ id }) => id === extractorId)
  const declared = extractor
    ? extractor.vectors(namespace.embedding).filter((vector) => hasVector(namespace, vector))
    : all.filter((vector) => vector.extractorId === extractorId)
  return [...declared, ...all.filter((vector) => vector.extractorId === null)]
}

function extractorAnswer(config: CollectionExtractor) {
  return { ...config, params: config.parameters }
}

function schemaAnswer(fields: Record<string, BucketField>) {
  return { properties: fields }
}

function vectorAnswer(vector: VectorDefinition, { extractors }: CollectionPlace) {
  const { extractorId, inferenceName } = vector
  const inputs = extractors.find(({ id }) => id === extractorId)?.supportedInputTypes ?? []
  return {
    name: vector.name,
    description: vector.description,
    type: 'single' as const,
    feature_uri: vector.featureUri,
    index: {
      name: vector.name,
      description: vector.description,
      type: vector.type,
      dimensions: vector.dimensions,
      distance: vector.distance,
      datatype: 'float32' as const,
      on_disk: null,
      supported_inputs: [...inputs],
      inference_name: inferenceName,
      inference_service_id: inferenceName,
    },
  }
}
