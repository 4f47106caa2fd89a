import { z } from 'zod'
import type { Ports } from '../../ports/ports.ts'
import type { Collection } from '../collections/collection.ts'
import { fail, invalid } from '../failure.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { checkFieldNames, parseVectors } from './check-document.ts'
import {
  documentIdOf,
  lineageKeys,
  pointIdIn,
  pointIdOf,
  type DocumentOrigin,
  type DocumentRecord,
  type Lineage,
  type NewDocument,
} from './document.ts'
import { everything } from './find-document.ts'
import { retrieveDocuments } from './read.ts'
import { writePlace } from './write-place.ts'
import { writeDocuments, type WritePorts } from './write.ts'

type Location = (string | number)[]

const Feature = z.looseObject({
  feature_extractor_id: z.string().optional(),
  payload: z.record(z.string(), z.unknown()).nullish(),
  vectors: z.record(z.string(), z.unknown()).nullish(),
})

/** What of a created document is not a field of its own (contract 16.2); all other root keys are. */
export const DocumentRequest = z.looseObject({
  collection_id: z.string().nullish(),
  document_id: z.string().min(1).max(512).nullish(),
  metadata: z.record(z.string(), z.unknown()).nullish(),
  features: z.array(Feature).max(100).nullish(),
  vectors: z.record(z.string(), z.unknown()).nullish(),
  root_object_id: z.string().nullish(),
  root_bucket_id: z.string().nullish(),
  source_type: z.enum(['bucket', 'collection']).nullish(),
  source_object_id: z.string().nullish(),
  source_collection_id: z.string().nullish(),
  source_document_id: z.string().nullish(),
  lineage_path: z.string().nullish(),
  lineage_chain: z.array(z.looseObject({})).nullish(),
  document_schema_version: z.string().nullish(),
})
export type DocumentRequest = z.infer<typeof DocumentRequest>

/**
 * Writes one document with its own vectors. Throws `already_exists` for an id that is taken, `request_invalid` for
 * a reserved field, another collection's id, and vectors that the namespace does not have.
 */
export async function createDocument(
  ports: WritePorts & Pick<Ports, 'newId'>,
  namespace: Namespace,
  collection: Collection,
  request: DocumentRequest,
  signal?: AbortSignal,
): Promise<DocumentRecord> {
  const document = newDocument(ports, namespace, collection, request, 'api', ['body'])
  const given = request.document_id
  return await ports.leases.shared(
    namespace.id,
    async (share) => {
      // Read where it is written, which is another generation where a reconfigure was waited for.
      const { live } = await writePlace(ports, namespace, share)
      const read = () => retrieveDocuments(ports, live, [document.id], everything, signal)
      if (given && (await read()).length > 0)
        throw fail('already_exists', { resource: 'document', name: given })
      await writeDocuments(ports, live, [document], signal)
      const [record] = await read()
      if (!record)
        throw fail('not_found', { resource: 'document', id: given ?? documentIdOf(document.id) })
      return record
    },
    signal,
  )
}

/** A request as a document for the write gate. Throws `request_invalid` below `location`. */
export function newDocument(
  ports: Pick<Ports, 'newId'>,
  namespace: Namespace,
  collection: Pick<Collection, 'id' | 'name'>,
  request: DocumentRequest,
  origin: DocumentOrigin,
  location: Location,
): NewDocument {
  const { collection_id, document_id, metadata, features, vectors, ...rest } = request
  if (collection_id && collection_id !== collection.id && collection_id !== collection.name) {
    const message = `is '${collection_id}', while the path names the collection '${collection.id}'`
    throw invalid([...location, 'collection_id'], message, 'mismatch')
  }
  const { lineage, internal, fields } = separate(rest)
  const fromFeatures = (features ?? []).map(({ payload }) => payload ?? {})
  const all = Object.assign({}, ...fromFeatures, fields, metadata && { metadata })
  checkFieldNames(namespace, all, location)
  const isOurs = !document_id || pointIdOf(document_id) !== null
  return {
    id: document_id ? pointIdIn(collection.id, document_id) : ports.newId(),
    ...(!isOurs && { givenId: document_id }),
    collectionId: collection.id,
    origin,
    fields: all,
    vectors: {
      ...featureVectors(namespace, features ?? [], location),
      ...parseVectors(namespace, vectors ?? {}, [...location, 'vectors']),
    },
    lineage,
    ...(Object.keys(internal).length > 0 && { internal }),
  }
}

function featureVectors(
  namespace: Namespace,
  features: readonly z.infer<typeof Feature>[],
  location: Location,
): NewDocument['vectors'] {
  const parsed = features.map(({ vectors }, i) =>
    parseVectors(namespace, vectors ?? {}, [...location, 'features', i, 'vectors']),
  )
  return Object.assign({}, ...parsed)
}

const internalKeys = ['lineage_path', 'lineage_chain', 'document_schema_version'] as const

/** Lineage and the like on one side, the document's own fields on the other. */
function separate(rest: Record<string, unknown>): {
  lineage: Lineage
  internal: Record<string, unknown>
  fields: Record<string, unknown>
} {
  const fields = { ...rest }
  const take = (keys: readonly string[]): Record<string, unknown> => {
    const taken: Record<string, unknown> = {}
    for (const key of keys) {
      if (fields[key] !== undefined && fields[key] !== null) taken[key] = fields[key]
      delete fields[key]
    }
    return taken
  }
  return { lineage: take(lineageKeys), internal: take(internalKeys), fields }
}
