import { z } from 'zod'
import { findCollection } from '../../domain/collections/find-collection.ts'
import { changeFoundDocument, DocumentFields } from '../../domain/documents/change-documents.ts'
import { createDocument, DocumentRequest } from '../../domain/documents/create-document.ts'
import { DocumentAnswer, documentAnswer } from '../../domain/documents/document-answer.ts'
import { findDocument, findNamespaceDocument } from '../../domain/documents/find-document.ts'
import { deleteDocuments } from '../../domain/documents/delete-documents.ts'
import type { FieldsChange } from '../../domain/documents/change-fields.ts'
import { fail } from '../../domain/failure.ts'
import { route, type NamespaceCall } from '../route.ts'
import { changingFailures, ofCollection, readingFailures } from './document-requests.ts'

const one = ofCollection.extend({ document_id: z.string().min(1) })
const ofNamespace = z.object({ document_id: z.string().min(1) })

const flag = z.stringbool().optional()
const shown = z.object({
  return_presigned_urls: flag,
  return_url: flag,
  return_vectors: flag,
  return_vector_names: flag,
})
type Shown = Partial<z.infer<typeof shown>>

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
    failures: [...changingFailures, 'already_exists'],
    handle: async ({ ports, namespace, params, body, signal }) => {
      const collection = await findCollection(ports, namespace, params.collection_identifier)
      const record = await createDocument(ports, namespace, collection, body, signal)
      return documentAnswer(record, { namespace })
    },
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
    failures: readingFailures,
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
    failures: changingFailures,
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
    failures: changingFailures,
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
    failures: changingFailures,
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
    failures: readingFailures,
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
    failures: changingFailures,
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
    failures: changingFailures,
    handle: (call) => changeInNamespace(call, { kind: 'patch', fields: call.body }),
  }),
]

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

function wantsVectors(query: Shown): boolean {
  return query.return_vectors === true || query.return_vector_names === true
}

function answerOptions(namespace: NamespaceCall['namespace'], query: Shown) {
  const vectors = query.return_vectors === true
  return { namespace, vectors, vectorNames: vectors || query.return_vector_names === true }
}
