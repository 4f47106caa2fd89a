import { z } from 'zod'
import { collectionsOf, findCollection } from '../../domain/collections/find-collection.ts'
import { decomposeObject, madeOf } from '../../domain/documents/decompose-object.ts'
import { DocumentAnswer, documentAnswer } from '../../domain/documents/document-answer.ts'
import { documentLineage, lineageAnswer } from '../../domain/documents/document-lineage.ts'
import { findDocument } from '../../domain/documents/find-document.ts'
import { listDocuments } from '../../domain/documents/list-documents.ts'
import { findNamespaceObject } from '../../domain/objects/find-namespace-object.ts'
import { listPage, pageQuery, paginationAnswer, paginationSchema } from '../pagination.ts'
import { route, type NamespaceCall } from '../route.ts'
import { readingFailures } from './document-requests.ts'

const ofDocument = z.object({
  collection_id: z.string().min(1),
  document_id: z.string().min(1),
})
const ofObject = z.object({ object_id: z.string().min(1) })
const idText = z.string().nullable()

const step = z.object({
  type: z.enum(['object', 'document']),
  id: z.string(),
  bucket_id: idText.optional(),
  collection_id: idText.optional(),
  exists: z.boolean(),
})

const node = z.object({
  collection_id: z.string(),
  collection_name: z.string(),
  feature_extractor_id: z.string(),
  document_count: z.int(),
  document_ids: z.array(z.string()).optional(),
  get children() {
    return z.array(node)
  },
})

/** Contract 12: from a document to what it was made of, and from an object to what was made of it. */
export const lineageRoutes = [
  route({
    operationId: 'getDocumentLineage',
    method: 'GET',
    path: '/v1/collections/{collection_id}/documents/{document_id}/lineage',
    summary: 'What a document was made of, step by step up to its object',
    tag: 'documents',
    access: 'read',
    scope: 'namespace',
    params: ofDocument,
    response: z.object({
      document_id: z.string(),
      collection_id: z.string(),
      lineage: z.record(z.string(), z.unknown()),
      path: z.array(step),
    }),
    failures: readingFailures,
    handle: async ({ ports, namespace, params, signal }) => {
      const collection = await findCollection(ports, namespace, params.collection_id)
      const { document_id: id } = params
      const found = await findDocument(ports, namespace, collection, id, undefined, signal)
      const path = await documentLineage(ports, namespace, found, signal)
      return {
        document_id: found.documentId,
        collection_id: collection.id,
        lineage: lineageAnswer(found),
        path: path.map(({ type, id: named, containerId, isThere }) => ({
          type,
          id: named,
          [type === 'object' ? 'bucket_id' : 'collection_id']: containerId,
          exists: isThere,
        })),
      }
    },
  }),
  route({
    operationId: 'listObjectDocuments',
    method: 'GET',
    path: '/v1/objects/{object_id}/documents',
    summary: 'The documents that were made of an object, in all collections or some',
    tag: 'objects',
    access: 'read',
    scope: 'namespace',
    params: ofObject,
    query: pageQuery.extend({
      collection_ids: z.union([z.string(), z.array(z.string())]).optional(),
    }),
    response: z.object({
      object_id: z.string(),
      results: z.array(DocumentAnswer),
      pagination: paginationSchema,
      total_documents: z.int().nullable(),
    }),
    failures: readingFailures,
    handle: async (call) => {
      const { ports, namespace, params, query, signal } = call
      const { id } = await findNamespaceObject(ports, namespace, params.object_id)
      const collectionIds = await collectionsAsked(call, query.collection_ids)
      const { collection_ids: _, ...asked } = query
      const page = { ...listPage(asked, undefined, { limit: 100 }), includeTotal: true }
      const request = { ...page, filter: madeOf(id), sort: [], select: null, withVectors: false }
      const listed = await listDocuments(ports, namespace, { collectionIds }, request, signal)
      const { records, nextCursor, total } = listed
      return {
        object_id: id,
        results: records.map((record) => documentAnswer(record, { namespace })),
        pagination: paginationAnswer({ rows: records, total, nextCursor }, page),
        total_documents: total,
      }
    },
  }),
  route({
    operationId: 'getDecompositionTree',
    method: 'GET',
    path: '/v1/objects/{object_id}/decomposition-tree',
    summary: 'How many documents an object became, along the collections it went through',
    tag: 'objects',
    access: 'read',
    scope: 'namespace',
    params: ofObject,
    query: z.object({ include_document_ids: z.stringbool().optional() }),
    response: z.object({
      object_id: z.string(),
      bucket_id: z.string(),
      total_documents: z.int(),
      tree: z.array(node),
      document_ids_complete: z.boolean(),
    }),
    failures: readingFailures,
    handle: async ({ ports, namespace, params, query, signal }) => {
      const { id, bucketId } = await findNamespaceObject(ports, namespace, params.object_id)
      const wanted = { withIds: query.include_document_ids ?? false }
      const decomposition = await decomposeObject(ports, namespace, id, wanted, signal)
      return { object_id: id, bucket_id: bucketId, ...decomposition }
    },
  }),
]

/** Given twice or with commas; none: every collection. Throws `not_found`. */
async function collectionsAsked(
  { ports, namespace }: NamespaceCall,
  given: string | string[] | undefined,
): Promise<string[]> {
  const names = [given ?? []].flat().flatMap((text) => text.split(',').filter(Boolean))
  const found =
    names.length === 0
      ? await collectionsOf(ports, namespace.id)
      : await Promise.all(names.map((name) => findCollection(ports, namespace, name)))
  return found.map(({ id }) => id)
}
