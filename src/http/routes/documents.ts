import { z } from 'zod'
import { findCollection } from '../../domain/collections/find-collection.ts'
import {
  changeDocumentBatch,
  changeFoundDocument,
  changeMatchingDocuments,
  deleteDocumentBatch,
  deleteMatchingDocuments,
  DocumentFields,
} from '../../domain/documents/change-documents.ts'
import { unknownVector } from '../../domain/documents/check-document.ts'
import { createDocument, DocumentRequest } from '../../domain/documents/create-document.ts'
import type { DocumentRecord } from '../../domain/documents/document.ts'
import { DocumentAnswer, documentAnswer } from '../../domain/documents/document-answer.ts'
import { findDocument, findNamespaceDocument } from '../../domain/documents/find-document.ts'
import { importDocuments } from '../../domain/documents/import-documents.ts'
import { groupDocuments, listDocuments } from '../../domain/documents/list-documents.ts'
import { deleteDocuments, type FieldsChange } from '../../domain/documents/write.ts'
import { fail, invalid } from '../../domain/failure.ts'
import type { Namespace } from '../../domain/namespaces/namespace.ts'
import { filterLimits, parseFilter } from '../../domain/filters/parse-filter.ts'
import type { Filter } from '../../domain/filters/filter.ts'
import { parseJson } from '../json.ts'
import {
  listRequest,
  pageBody,
  pageQuery,
  paginationAnswer,
  paginationSchema,
} from '../pagination.ts'
import { route, type NamespaceCall } from '../route.ts'

const ofCollection = z.object({ collection_identifier: z.string().min(1) })
const one = ofCollection.extend({ document_id: z.string().min(1) })
const ofNamespace = z.object({ document_id: z.string().min(1) })

const flag = z.stringbool().optional()
const shown = z.object({
  return_presigned_urls: flag,
  return_url: flag,
  return_vectors: flag,
  return_vector_names: flag,
})

const listBody = pageBody.extend({
  return_presigned_urls: z.boolean().nullish(),
  return_url: z.boolean().nullish(),
  return_vectors: z.boolean().nullish(),
  return_vector_names: z.union([z.boolean(), z.array(z.string())]).nullish(),
  group_by: z.string().min(1).nullish(),
  select: z.array(z.string().min(1)).max(1_000).nullish(),
})

const listAnswer = z.object({
  results: z.array(DocumentAnswer).optional(),
  groups: z
    .array(
      z.object({
        group_key: z.union([z.string(), z.number(), z.boolean()]),
        documents: z.array(DocumentAnswer),
        count: z.int(),
      }),
    )
    .optional(),
  pagination: paginationSchema,
  total_documents: z.int().nullable(),
  stats: z
    .object({
      total_documents: z.int(),
      avg_blobs_per_document: z.number(),
      total_groups: z.int(),
      avg_documents_per_group: z.number(),
    })
    .optional(),
  group_by_field: z.string().optional(),
})

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

const reading = [
  'unauthorized',
  'forbidden',
  'request_invalid',
  'bad_request',
  'not_found',
  'engine_busy',
  'engine_unavailable',
] as const
const changing = [...reading, 'conflict'] as const

export const documentRoutes = [
  route({
    operationId: 'createDocument',
    method: 'POST',
    path: '/v1/collections/{collection_identifier}/documents',
    summary: 'Create a document with its own fields and vectors',
    tag: 'documents',
    access: 'write',
    scope: 'namespace',
    params: ofCollection,
    body: DocumentRequest,
    bodyRequired: true,
    response: DocumentAnswer,
    failures: [...changing, 'already_exists'],
    handle: async ({ ports, namespace, params, body, signal }) => {
      const collection = await findCollection(ports, namespace, params.collection_identifier)
      const record = await createDocument(ports, namespace, collection, body, signal)
      return documentAnswer(record, { namespace })
    },
  }),
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
    failures: changing,
    handle: async ({ ports, namespace, params, stream, signal }) => {
      const collection = await findCollection(ports, namespace, params.collection_identifier)
      const parse = (text: string) =>
        parseJson(text, { depthMax: ports.config.jsonDepthMax, location: [] })
      return await importDocuments(ports, namespace, collection, stream, parse, signal)
    },
  }),
  route({
    operationId: 'listDocuments',
    method: 'POST',
    path: '/v1/collections/{collection_identifier}/documents/list',
    summary: 'List, filter, sort, search and group the documents of a collection',
    tag: 'documents',
    access: 'read',
    scope: 'namespace',
    params: ofCollection,
    query: pageQuery,
    body: listBody,
    response: listAnswer,
    failures: reading,
    handle: (call) => list(call),
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
    failures: changing,
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
    failures: changing,
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
    failures: changing,
    handle: (call) => deleteBatch(call),
  }),
  route({
    operationId: 'getDocument',
    method: 'GET',
    path: '/v1/collections/{collection_identifier}/documents/{document_id}',
    summary: 'Read one document',
    tag: 'documents',
    access: 'read',
    scope: 'namespace',
    params: one,
    query: shown,
    response: DocumentAnswer,
    failures: reading,
    handle: async ({ ports, namespace, params, query, signal }) => {
      const collection = await findCollection(ports, namespace, params.collection_identifier)
      const selection = { select: null, withVectors: wantsVectors(query) }
      const record = await findDocument(
        ports,
        namespace,
        collection,
        params.document_id,
        selection,
        signal,
      )
      return documentAnswer(record, answerOptions(namespace, query))
    },
  }),
  route({
    operationId: 'replaceDocument',
    method: 'PUT',
    path: '/v1/collections/{collection_identifier}/documents/{document_id}',
    summary: "Replace all of a document's fields; its vectors stay",
    tag: 'documents',
    access: 'write',
    scope: 'namespace',
    params: one,
    body: DocumentFields,
    bodyRequired: true,
    response: DocumentAnswer,
    failures: changing,
    handle: (call) => changeInCollection(call, { kind: 'replace', fields: call.body }),
  }),
  route({
    operationId: 'updateDocument',
    method: 'PATCH',
    path: '/v1/collections/{collection_identifier}/documents/{document_id}',
    summary:
      "Change some of a document's fields; null removes one, a dotted name reaches into an object",
    tag: 'documents',
    access: 'write',
    scope: 'namespace',
    params: one,
    body: DocumentFields,
    bodyRequired: true,
    response: DocumentAnswer,
    failures: changing,
    handle: (call) => changeInCollection(call, { kind: 'patch', fields: call.body }),
  }),
  route({
    operationId: 'deleteDocument',
    method: 'DELETE',
    path: '/v1/collections/{collection_identifier}/documents/{document_id}',
    summary: 'Delete one document',
    tag: 'documents',
    access: 'delete',
    scope: 'namespace',
    params: one,
    response: z.object({ message: z.string(), success: z.boolean() }),
    failures: changing,
    handle: async ({ ports, namespace, params, signal }) => {
      const { document_id: id } = params
      const collection = await findCollection(ports, namespace, params.collection_identifier)
      const { pointId } = await findDocument(ports, namespace, collection, id, undefined, signal)
      await deleteDocuments(ports, namespace, { pointIds: [pointId] }, signal)
      return { message: `Document '${id}' is deleted.`, success: true }
    },
  }),
  route({
    operationId: 'getNamespaceDocument',
    method: 'GET',
    path: '/v1/documents/{document_id}',
    summary: 'Read one document, whatever its collection',
    tag: 'documents',
    access: 'read',
    scope: 'namespace',
    params: ofNamespace,
    query: shown,
    response: DocumentAnswer,
    failures: reading,
    handle: async ({ ports, namespace, params, query, signal }) => {
      const selection = { select: null, withVectors: wantsVectors(query) }
      const record = await findNamespaceDocument(
        ports,
        namespace,
        params.document_id,
        selection,
        signal,
      )
      return documentAnswer(record, answerOptions(namespace, query))
    },
  }),
  route({
    operationId: 'replaceNamespaceDocument',
    method: 'PUT',
    path: '/v1/documents/{document_id}',
    summary: "Replace all of a document's fields, whatever its collection",
    tag: 'documents',
    access: 'write',
    scope: 'namespace',
    params: ofNamespace,
    body: DocumentFields,
    bodyRequired: true,
    response: DocumentAnswer,
    failures: changing,
    handle: (call) => changeInNamespace(call, { kind: 'replace', fields: call.body }),
  }),
  route({
    operationId: 'updateNamespaceDocument',
    method: 'PATCH',
    path: '/v1/documents/{document_id}',
    summary: "Change some of a document's fields, whatever its collection",
    tag: 'documents',
    access: 'write',
    scope: 'namespace',
    params: ofNamespace,
    body: DocumentFields,
    bodyRequired: true,
    response: DocumentAnswer,
    failures: changing,
    handle: (call) => changeInNamespace(call, { kind: 'patch', fields: call.body }),
  }),
]

type Shown = Partial<z.infer<typeof shown>>

function checkVectorNames(namespace: Namespace, names: readonly string[]): void {
  for (const [i, name] of names.entries()) {
    if (!Object.hasOwn(namespace.vectors, name))
      throw unknownVector(namespace, name, ['body', 'return_vector_names', i])
  }
}

async function list({
  ports,
  namespace,
  params,
  query,
  body,
  signal,
}: NamespaceCall & {
  params: z.infer<typeof ofCollection>
  query: z.infer<typeof pageQuery>
  body: z.infer<typeof listBody>
}): Promise<z.input<typeof listAnswer>> {
  const collection = await findCollection(ports, namespace, params.collection_identifier)
  const scope = { collectionIds: [collection.id] }
  const { filters, ...rest } = body
  const { page, sort, search } = listRequest(query, rest, { limit: 10 })
  const names = body.return_vector_names
  if (Array.isArray(names)) checkVectorNames(namespace, names)
  const vectorNames = names === true || Array.isArray(names)
  const vectors = body.return_vectors === true
  const options = { namespace, vectors, vectorNames: vectors || vectorNames }
  const answer = (record: DocumentRecord) => documentAnswer(record, options)
  const request = {
    ...page,
    filter: filterOf(ports.config, filters),
    select: body.select ?? null,
    // The names of the vectors that are asked for, or all: only what was read can be named.
    withVectors: Array.isArray(names) ? names : vectors || vectorNames,
  }
  if (body.group_by) {
    const grouped = await groupDocuments(
      ports,
      namespace,
      scope,
      { ...request, field: body.group_by },
      signal,
    )
    const { totalGroups, totalDocuments } = grouped
    const groups = grouped.groups.map(({ key, count, records }) => ({
      group_key: key,
      documents: records.map(answer),
      count,
    }))
    return {
      groups,
      pagination: paginationAnswer({ rows: groups, total: totalGroups, nextCursor: null }, page),
      total_documents: totalDocuments,
      stats: {
        total_documents: totalDocuments,
        avg_blobs_per_document: 0,
        total_groups: totalGroups,
        avg_documents_per_group: totalGroups === 0 ? 0 : totalDocuments / totalGroups,
      },
      group_by_field: body.group_by,
    }
  }
  const listed = await listDocuments(ports, namespace, scope, { ...request, sort, search }, signal)
  const { records, nextCursor } = listed
  const total = page.includeTotal ? listed.total : null
  return {
    results: records.map(answer),
    pagination: paginationAnswer({ rows: records, total, nextCursor }, page),
    total_documents: total,
  }
}

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

async function changeInCollection(
  { ports, namespace, params, signal }: NamespaceCall & { params: z.infer<typeof one> },
  change: FieldsChange,
): Promise<z.input<typeof DocumentAnswer>> {
  const { collection_identifier: identifier, document_id: id } = params
  const collection = await findCollection(ports, namespace, identifier)
  const found = await findDocument(ports, namespace, collection, id, undefined, signal)
  const changed = await changeFoundDocument(ports, namespace, found, change, signal)
  if (!changed) throw fail('not_found', { resource: 'document', id })
  return documentAnswer(changed, { namespace })
}

async function changeInNamespace(
  { ports, namespace, params, signal }: NamespaceCall & { params: z.infer<typeof ofNamespace> },
  change: FieldsChange,
): Promise<z.input<typeof DocumentAnswer>> {
  const { document_id: id } = params
  const found = await findNamespaceDocument(ports, namespace, id, undefined, signal)
  const changed = await changeFoundDocument(ports, namespace, found, change, signal)
  if (!changed) throw fail('not_found', { resource: 'document', id })
  return documentAnswer(changed, { namespace })
}

function filterOf(config: Parameters<typeof filterLimits>[0], filters: unknown): Filter | null {
  return parseFilter(filters, ['body', 'filters'], { limits: filterLimits(config) })
}

function wantsVectors(query: Shown): boolean {
  return query.return_vectors === true || query.return_vector_names === true
}

function answerOptions(namespace: NamespaceCall['namespace'], query: Shown) {
  const vectors = query.return_vectors === true
  return { namespace, vectors, vectorNames: vectors || query.return_vector_names === true }
}
