import { randomUUID } from 'node:crypto'
import { aliasOf, collectionOf, type Namespace } from '../../src/domain/namespaces/namespace.ts'
import type { PayloadIndex } from '../../src/domain/payload-indexes/payload-index.ts'
import type { Payload, PayloadFieldSchema, VectorEngine } from '../../src/ports/vector-engine.ts'

/** Documents in an engine, in a namespace that only the test knows: for what the read gate alone answers. */
export interface EnginePlace {
  namespace: Namespace
  documents: { id: string; payload: Payload }[]
}

/** Half of the documents are there before the indexes and half after: built from what is there, and kept up to date. */
export async function fillEngine(
  vectors: VectorEngine,
  payloads: readonly Payload[],
  payloadIndexes: PayloadIndex[],
): Promise<EnginePlace> {
  const namespace = namespaceOf(`ns_${randomUUID().slice(0, 13)}`, payloadIndexes)
  const collection = collectionOf(namespace)
  await vectors.createCollection(collection, { vectors: {}, sparse_vectors: {} })
  await vectors.setAlias(aliasOf(namespace), collection)
  const documents = payloads.map((each) => ({
    id: randomUUID(),
    payload: {
      ...each,
      _internal: { collection_id: 'col_a', created_at: '2024-01-01T00:00:00.000Z' },
    },
  }))
  const half = documents.length >> 1
  const points = documents.map((document) => ({ ...document, vectors: {} }))
  await vectors.write(collection, { kind: 'upsert', points: points.slice(0, half) })
  for (const { path, schema } of payloadIndexes)
    await vectors.createPayloadIndex(collection, path, schema)
  await vectors.write(collection, { kind: 'upsert', points: points.slice(half) })
  return { namespace, documents }
}

/** An index of a user's that answers. */
export function activeIndex(path: string, schema: PayloadFieldSchema): PayloadIndex {
  return {
    fieldName: path,
    path,
    schema,
    origin: 'user',
    isProtected: false,
    state: 'active',
    error: null,
  }
}

function namespaceOf(id: string, payloadIndexes: PayloadIndex[]): Namespace {
  return {
    id,
    organizationId: 'org_test',
    name: id,
    description: null,
    namespaceType: 'standard',
    state: 'ready',
    generation: 1,
    featureExtractors: [],
    vectors: {},
    embedding: {
      model: 'bundled',
      inferenceName: 'test',
      dimensions: 2,
      languages: ['en'],
      tokensMax: 10,
    },
    payloadIndexes,
    autoCreateIndexes: false,
    infrastructure: {},
    createdAt: new Date(0),
    updatedAt: new Date(0),
  }
}
