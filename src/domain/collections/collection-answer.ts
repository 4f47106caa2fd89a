import type { BucketField } from '../buckets/bucket.ts'
import { findExtractor } from '../extractors/catalogue.ts'
import type { Namespace, VectorDefinition } from '../namespaces/namespace.ts'
import type { Collection, CollectionExtractor } from './collection.ts'

/** A collection as the wire shows it (contract 15.2). `documentCount` null: it was not counted. */
export function collectionAnswer(
  collection: Collection,
  namespace: Namespace,
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
    vector_indexes: vectorsOf(collection, namespace).map(vectorAnswer),
    payload_indexes: [],
    enabled: collection.enabled,
    metadata: collection.metadata,
    lifecycle_state: 'active' as const,
    document_count: documentCount,
    schema_version: 1,
    schema_sync_enabled: false,
    taxonomy_count: 0,
    created_at: collection.createdAt.toISOString(),
    updated_at: collection.updatedAt.toISOString(),
  }
}

/** `GET …/features` (contract 15.3): the first is the one a search means without saying more. */
export function featuresAnswer(collection: Collection, namespace: Namespace) {
  return {
    features: vectorsOf(collection, namespace).map((vector, i) => ({
      feature_address: vector.featureUri,
      feature_extractor_name: collection.extractor.feature_extractor_name,
      version: collection.extractor.version,
      vector_index: vectorAnswer(vector).index,
      primary: i === 0,
    })),
  }
}

/** The vectors its documents may carry: those of its extractor that the namespace has, then the client's own. */
export function vectorsOf(collection: Collection, namespace: Namespace): VectorDefinition[] {
  const extractorId = collection.extractor.feature_extractor_id
  const vectors = Object.values(namespace.vectors)
  return [extractorId, null].flatMap((id) => vectors.filter((vector) => vector.extractorId === id))
}

function extractorAnswer(config: CollectionExtractor) {
  return { ...config, params: config.parameters }
}

function schemaAnswer(fields: Record<string, BucketField>) {
  return { properties: fields }
}

function vectorAnswer(vector: VectorDefinition) {
  const { extractorId, inferenceName } = vector
  const inputs = extractorId === null ? [] : (findExtractor(extractorId)?.supportedInputTypes ?? [])
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
