import { randomUUID } from 'node:crypto'
import { writeDocuments } from '../../src/domain/documents/write.ts'
import { extractedPointId, type NewDocument } from '../../src/domain/documents/document.ts'
import { createNamespace } from '../../src/domain/namespaces/create-namespace.ts'
import type { Namespace } from '../../src/domain/namespaces/namespace.ts'
import { NewNamespace } from '../../src/domain/namespaces/namespace-request.ts'
import type { Ports } from '../../src/ports/ports.ts'
import { insertCollection } from '../../src/store/collections.ts'
import { insertBucket } from '../../src/store/buckets.ts'
import { insertObjects } from '../../src/store/objects.ts'
import { declarePlugin, undeclarePlugin, type DeclaredFeature } from './declared-plugin.ts'
import { adminOf } from './principal.ts'

/** A namespace whose documents are written straight into it, as batches and clients would have left them. */
export interface FilmNamespace {
  namespace: Namespace
  bucketId: string
  collectionId: string
  objectIds: string[]
  /** The points made of them, in the same order. */
  objectPoints: string[]
  /** Points that a source can make again, and those that none can; sorted. */
  extracted: string[]
  byHand: string[]
  deploy: (name: string, features: DeclaredFeature[]) => Promise<string>
  undeploy: (pluginId: string) => Promise<void>
}

let made = 0

/** One collection of passthrough documents over one bucket, and one vector `own` that documents bring with them. */
export async function openFilmNamespace(
  ports: Ports,
  counts: { extracted: number; byHand: number },
): Promise<FilmNamespace> {
  const admin = await adminOf(ports)
  const at = { createdAt: ports.now(), updatedAt: ports.now() }
  const namespace = await createNamespace(
    ports,
    admin,
    NewNamespace.parse({
      namespace_name: `films ${made++} ${randomUUID()}`,
      vectors: { own: { dimensions: 2 } },
      payload_indexes: [{ field_name: 'year', type: 'integer' }],
    }),
  )
  const bucketId = ports.newId('bkt')
  const collectionId = ports.newId('col')
  await insertBucket(ports.db, {
    id: bucketId,
    namespaceId: namespace.id,
    name: 'films',
    description: null,
    fields: { year: { type: 'integer' } },
    uniqueKey: null,
    metadata: {},
    state: 'active',
    ...at,
  })
  await insertCollection(ports.db, {
    id: collectionId,
    namespaceId: namespace.id,
    name: 'films',
    description: null,
    source: { type: 'bucket', bucket_ids: [bucketId] },
    extractor: {
      feature_extractor_name: 'passthrough_extractor',
      version: 'v1',
      feature_extractor_id: 'passthrough_extractor_v1',
      parameters: {},
      input_mappings: {},
      field_passthrough: [{ source_path: 'year' }],
      include_all_source_fields: true,
    },
    inputSchema: {},
    outputSchema: {},
    enabled: true,
    metadata: {},
    state: 'active',
    ...at,
  })
  ports.cache.forget('collections')
  const objects = Array.from({ length: counts.extracted }, (_, i) => ({
    id: ports.newId('obj'),
    namespaceId: namespace.id,
    bucketId,
    keyPrefix: null,
    uniqueValue: null,
    fields: { year: 1950 + i },
    status: 'COMPLETED' as const,
    error: null,
    blobs: [],
    ...at,
  }))
  await insertObjects(ports.db, objects)
  const extracted = objects.map(({ id, fields }): NewDocument => {
    const lineage = {
      root_object_id: id,
      root_bucket_id: bucketId,
      source_type: 'bucket' as const,
      source_object_id: id,
    }
    const pointId = extractedPointId({
      collectionId,
      sourceKey: id,
      extractorId: 'passthrough_extractor_v1',
      position: [],
    })
    return { id: pointId, collectionId, origin: 'extracted', fields, vectors: {}, lineage }
  })
  const byHand = Array.from({ length: counts.byHand }, (_, i): NewDocument => {
    const vectors = { own: Float32Array.of(1, i) }
    return { id: randomUUID(), collectionId, origin: 'api', fields: { year: 2000 + i }, vectors }
  })
  await writeDocuments(ports, namespace, [...extracted, ...byHand])
  // Gives the writer's share back at once: another process would have to wait for it.
  await ports.leases.exclusive(namespace.id, 'making a namespace', async () => {})
  return {
    namespace,
    bucketId,
    collectionId,
    objectIds: objects.map(({ id }) => id),
    objectPoints: extracted.map(({ id }) => id),
    extracted: extracted.map(({ id }) => id).toSorted(),
    byHand: byHand.map(({ id }) => id).toSorted(),
    deploy: (name, features) => declarePlugin(ports, namespace, { name }, features),
    undeploy: (pluginId) => undeclarePlugin(ports, namespace, pluginId),
  }
}
