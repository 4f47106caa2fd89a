import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openQdrantEdge } from '../../src/adapters/qdrant-edge/open-qdrant-edge.ts'
import { readConfig } from '../../src/config.ts'
import type { ReadPorts } from '../../src/domain/documents/read.ts'
import { aliasOf, collectionOf, type Namespace } from '../../src/domain/namespaces/namespace.ts'
import type { PayloadIndex } from '../../src/domain/payload-indexes/payload-index.ts'
import type { Payload, PayloadFieldSchema } from '../../src/ports/vector-engine.ts'
import { openRowCache } from '../../src/store/cache.ts'
import { claimNamespace } from '../../src/store/namespaces.ts'
import { insertOrganization } from '../../src/store/organizations.ts'
import { insertIndexes } from '../../src/store/payload-indexes.ts'
import { openTestDatabase } from './database.ts'
import { silentLogger } from './silent-logger.ts'

/** Documents that came into the engine past the write gate: for what the read gate alone answers. */
export interface EnginePlace {
  namespace: Namespace
  documents: { id: string; payload: Payload }[]
}

const organizationId = 'org_test'

/** What the read gate stands on, with an organization: Qdrant Edge, a database, and nothing else. */
export async function openReadPorts(): Promise<ReadPorts & AsyncDisposable> {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'nacre-read-'))
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 20 }))
  const config = readConfig({ NACRE_DATA: folder })
  const log = silentLogger
  const vectors = stack.use(await openQdrantEdge({ folder, config, log }))
  const { db, url } = stack.use(await openTestDatabase())
  const cache = stack.use(await openRowCache(url, { entriesMax: config.cacheEntriesMax, log }))
  const createdAt = new Date()
  await insertOrganization(db, {
    id: organizationId,
    internalId: 'int_test',
    name: 'test',
    accountType: 'enterprise',
    profile: {},
    metadata: {},
    createdAt,
    updatedAt: createdAt,
  })
  const owned = stack.move()
  return { vectors, db, cache, config, log, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** Half of the documents are there before the indexes and half after: built from what is there, and kept up to date. */
export async function fillEngine(
  { vectors, db }: Pick<ReadPorts, 'vectors' | 'db'>,
  payloads: readonly Payload[],
  payloadIndexes: PayloadIndex[],
): Promise<EnginePlace> {
  const namespace = namespaceOf(`ns_${randomUUID().slice(0, 13)}`, payloadIndexes)
  await claimNamespace(db, namespace, null)
  await insertIndexes(db, namespace.id, payloadIndexes, null)
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
    organizationId,
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
