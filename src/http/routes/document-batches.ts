import { z } from 'zod'
import { findCollection } from '../../domain/collections/find-collection.ts'
import {
  changeDocumentBatch,
  changeMatchingDocuments,
  deleteDocumentBatch,
  deleteMatchingDocuments,
  DocumentFields,
} from '../../domain/documents/change-documents.ts'
import { importDocuments } from '../../domain/documents/import-documents.ts'
import { invalid } from '../../domain/failure.ts'
import { parseJson } from '../json.ts'
import { route, type NamespaceCall } from '../route.ts'
import { changingFailures, filterOf, ofCollection } from './document-requests.ts'

const outcome = z.object({
  document_id: z.string(),
  success: z.boolean(),
  error: z.string().nullable(),
})
const batchMax = 1_000

const bulkBody = z.object({ filters: z.unknown().optional(), update_data: DocumentFields })
const updateBatchBody = z.object({
  updates: z
    .array(z.object({ document_id: z.string().min(1), update_data: DocumentFields }))
    .min(1)
    .max(batchMax)
    .nullish(),
  filters: z.unknown().optional(),
  update_data: DocumentFields.nullish(),
})
const deleteBatchBody = z.object({
  document_ids: z.array(z.string().min(1)).min(1).max(batchMax).nullish(),
  filters: z.unknown().optional(),
})

export const documentBatchRoutes = [
  route({
    operationId: 'importDocuments',
    method: 'POST',
    path: '/v1/collections/{collection_identifier}/documents/import',
    summary: 'Write newline-delimited documents as they come, and count them',
    tag: 'documents',
    access: 'write',
    scope: 'namespace',
    params: ofCollection,
    bodyKind: 'ndjson',
    bodyRequired: true,
    response: z.object({
      received: z.int(),
      written: z.int(),
      failed: z.int(),
      errors: z.array(z.object({ line: z.int(), reason: z.string() })),
    }),
    failures: changingFailures,
    handle: async ({ ports, namespace, params, stream, signal }) => {
      const collection = await findCollection(ports, namespace, params.collection_identifier)
      const parse = (text: string) =>
        parseJson(text, { depthMax: ports.config.jsonDepthMax, location: [] })
      return await importDocuments(ports, namespace, collection, stream, parse, signal)
    },
  }),
  route({
    operationId: 'updateDocumentsBulk',
    method: 'PATCH',
    path: '/v1/collections/{collection_identifier}/documents/bulk',
    summary: 'Change all documents that meet a filter; without one, all',
    tag: 'documents',
    access: 'write',
    scope: 'namespace',
    params: ofCollection,
    body: bulkBody,
    bodyRequired: true,
    response: z.object({ updated_count: z.int(), message: z.string() }),
    failures: changingFailures,
    handle: async ({ ports, namespace, params, body, signal }) => {
      const collection = await findCollection(ports, namespace, params.collection_identifier)
      const filter = filterOf(ports.config, body.filters)
      const { update_data: fields } = body
      const count = await changeMatchingDocuments(
        ports,
        namespace,
        collection,
        filter,
        fields,
        signal,
      )
      return { updated_count: count, message: `Updated ${count} documents.` }
    },
  }),
  route({
    operationId: 'updateDocumentsBatch',
    method: 'POST',
    path: '/v1/collections/{collection_identifier}/documents/batch',
    summary: 'Change named documents, or those that meet a filter',
    tag: 'documents',
    access: 'write',
    scope: 'namespace',
    params: ofCollection,
    body: updateBatchBody,
    bodyRequired: true,
    response: z.object({
      updated_count: z.int(),
      failed_count: z.int(),
      results: z.array(outcome).nullable(),
      message: z.string(),
    }),
    failures: changingFailures,
    handle: (call) => updateBatch(call),
  }),
  route({
    operationId: 'deleteDocumentsBatch',
    method: 'DELETE',
    path: '/v1/collections/{collection_identifier}/documents/batch',
    summary: 'Delete named documents, or those that meet a filter',
    tag: 'documents',
    access: 'delete',
    scope: 'namespace',
    params: ofCollection,
    body: deleteBatchBody,
    bodyRequired: true,
    response: z.object({
      deleted_count: z.int(),
      failed_count: z.int(),
      results: z.array(outcome).nullable(),
      message: z.string(),
    }),
    failures: changingFailures,
    handle: (call) => deleteBatch(call),
  }),
]

async function updateBatch({
  ports,
  namespace,
  params,
  body,
  signal,
}: NamespaceCall & {
  params: z.infer<typeof ofCollection>
  body: z.infer<typeof updateBatchBody>
}) {
  const { updates, update_data: fields } = body
  const collection = await findCollection(ports, namespace, params.collection_identifier)
  if (updates && (body.filters || fields)) {
    throw invalid(
      ['body', 'updates'],
      'stands beside filters or update_data; send one of the two',
      'conflict',
    )
  }
  if (updates) {
    const results = await changeDocumentBatch(ports, namespace, collection, updates, signal)
    const count = results.filter(({ success }) => success).length
    const message = `Updated ${count} of ${results.length} documents.`
    return { updated_count: count, failed_count: results.length - count, results, message }
  }
  if (!fields) {
    throw invalid(
      ['body', 'updates'],
      'is missing; send updates, or filters with update_data',
      'missing',
    )
  }
  const filter = filterOf(ports.config, body.filters)
  if (filter === null) {
    throw invalid(
      ['body', 'filters'],
      'names no condition',
      'empty',
      'PATCH …/documents/bulk changes all documents where it is given no filters.',
    )
  }
  const count = await changeMatchingDocuments(ports, namespace, collection, filter, fields, signal)
  return {
    updated_count: count,
    failed_count: 0,
    results: null,
    message: `Updated ${count} documents.`,
  }
}

async function deleteBatch({
  ports,
  namespace,
  params,
  body,
  signal,
}: NamespaceCall & {
  params: z.infer<typeof ofCollection>
  body: z.infer<typeof deleteBatchBody>
}) {
  const { document_ids: ids } = body
  const collection = await findCollection(ports, namespace, params.collection_identifier)
  if (ids && body.filters) {
    throw invalid(
      ['body', 'document_ids'],
      'stands beside filters; send one of the two',
      'conflict',
    )
  }
  if (ids) {
    const results = await deleteDocumentBatch(ports, namespace, collection, ids, signal)
    const count = results.filter(({ success }) => success).length
    const message = `Deleted ${count} of ${results.length} documents.`
    return { deleted_count: count, failed_count: results.length - count, results, message }
  }
  if (body.filters === undefined || body.filters === null) {
    throw invalid(['body', 'document_ids'], 'is missing; send document_ids or filters', 'missing')
  }
  const filter = filterOf(ports.config, body.filters)
  const count = await deleteMatchingDocuments(ports, namespace, collection, filter, signal)
  return {
    deleted_count: count,
    failed_count: 0,
    results: null,
    message: `Deleted ${count} documents.`,
  }
}
