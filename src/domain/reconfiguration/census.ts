import type { Ports } from '../../ports/ports.ts'
import { existingObjectIds } from '../../store/objects.ts'
import { collectionsOf } from '../collections/find-collection.ts'
import { internalOf, pointIdIn, type DocumentRecord } from '../documents/document.ts'
import { retrieveDocuments, scanDocuments, type ReadPorts } from '../documents/read.ts'
import { extractorsOf } from '../extractors/extractors-of.ts'
import { pickExtractor } from '../extractors/pick-extractor.ts'
import type { Namespace } from '../namespaces/namespace.ts'

export type CensusPorts = ReadPorts & Pick<Ports, 'db' | 'cache'>

/** What a namespace's documents are, as far as another generation is concerned. */
export interface Census {
  points: number
  /** Collection → its documents, and those of them that nothing can make again. */
  collections: Map<string, { documents: number; sourceless: number }>
  /** Sourceless documents with a vector whose definition changes: they cannot be carried over. */
  refused: number
  /** Mean size of what is stored beside the vectors, of a sample. */
  payloadBytes: number
}

/** Counts every document, by pages. `changed`: names of the vectors whose definition changes. */
export async function takeCensus(
  ports: CensusPorts,
  namespace: Namespace,
  changed: readonly string[],
): Promise<Census> {
  const census: Census = {
    points: 0,
    collections: new Map(),
    refused: 0,
    payloadBytes: await samplePayloads(ports, namespace),
  }
  for await (const { records, sourceless } of sortedDocuments(ports, namespace)) {
    census.points += records.length
    for (const { pointId, collectionId } of records) {
      const counts = census.collections.get(collectionId) ?? { documents: 0, sourceless: 0 }
      counts.documents += 1
      counts.sourceless += sourceless.has(pointId) ? 1 : 0
      census.collections.set(collectionId, counts)
    }
    census.refused += await countWithVectors(ports, namespace, sourceless, changed)
  }
  return census
}

/**
 * Every document of one generation, page by page, and which of each page cannot be made again from a source:
 * imported or created over the API, changed by a user since it was extracted, or its source or extractor is gone.
 * `startAt`: the point from which it goes on.
 */
export async function* sortedDocuments(
  ports: CensusPorts,
  namespace: Namespace,
  startAt: string | null = null,
): AsyncGenerator<{ records: DocumentRecord[]; sourceless: Set<string> }, void, undefined> {
  const running = await runningCollections(ports, namespace)
  const whole = { filter: null, select: ['_internal'], withVectors: false }
  const scan = { ...whole, ...(startAt !== null && { startAt }) }
  for await (const records of scanDocuments(ports, namespace, { collectionIds: null }, scan)) {
    const readable = records.filter((record) => isExtracted(record, running))
    const found = await withSources(ports, namespace, readable)
    const sourceless = records.filter((record) => !found.has(record.pointId))
    yield { records, sourceless: new Set(sourceless.map(({ pointId }) => pointId)) }
  }
}

/** Collections whose extractor can run here now. */
async function runningCollections(ports: CensusPorts, namespace: Namespace): Promise<Set<string>> {
  const extractors = await extractorsOf(ports, namespace)
  const collections = await collectionsOf(ports, namespace.id)
  const running = collections.filter(({ extractor }) =>
    pickExtractor(extractors, extractor.feature_extractor_id),
  )
  return new Set(running.map(({ id }) => id))
}

/** Made by an extractor that still runs, and as the extractor made it. */
function isExtracted(record: DocumentRecord, running: ReadonlySet<string>): boolean {
  const { origin, patch } = internalOf(record.payload)
  const isPatched = patch !== undefined && Object.keys(patch).length > 0
  return origin === 'extracted' && !isPatched && running.has(record.collectionId)
}

async function withSources(
  ports: CensusPorts,
  namespace: Namespace,
  records: readonly DocumentRecord[],
): Promise<Set<string>> {
  const [ofObjects, ofDocuments] = [new Map<string, string>(), new Map<string, string>()]
  for (const { pointId, payload } of records) {
    const { source_type, source_object_id, source_document_id } = internalOf(payload)
    if (source_type === 'collection' && source_document_id !== undefined)
      ofDocuments.set(pointId, pointIdIn('', source_document_id))
    else if (source_object_id !== undefined) ofObjects.set(pointId, source_object_id)
  }
  const objects = await existingObjectIds(ports.db, namespace.id, [...new Set(ofObjects.values())])
  const documents = await existingPoints(ports, namespace, [...new Set(ofDocuments.values())])
  const found = [
    ...[...ofObjects].filter(([, source]) => objects.has(source)),
    ...[...ofDocuments].filter(([, source]) => documents.has(source)),
  ]
  return new Set(found.map(([pointId]) => pointId))
}

async function existingPoints(
  ports: CensusPorts,
  namespace: Namespace,
  pointIds: readonly string[],
): Promise<Set<string>> {
  const idsOnly = { select: [], withVectors: false }
  const records = await retrieveDocuments(ports, namespace, pointIds, idsOnly)
  return new Set(records.map(({ pointId }) => pointId))
}

async function countWithVectors(
  ports: CensusPorts,
  namespace: Namespace,
  pointIds: ReadonlySet<string>,
  names: readonly string[],
): Promise<number> {
  if (names.length === 0) return 0
  const selection = { select: [], withVectors: [...names] }
  const records = await retrieveDocuments(ports, namespace, [...pointIds], selection)
  return records.filter(({ vectors }) => names.some((name) => vectors?.[name] !== undefined)).length
}

const sampleSize = 200

async function samplePayloads(ports: CensusPorts, namespace: Namespace): Promise<number> {
  const scan = { filter: null, select: null, withVectors: false, pageSize: sampleSize }
  for await (const page of scanDocuments(ports, namespace, { collectionIds: null }, scan)) {
    const bytes = page.map(({ payload }) => Buffer.byteLength(JSON.stringify(payload)))
    return Math.round(bytes.reduce((sum, size) => sum + size, 0) / bytes.length)
  }
  return 0
}
