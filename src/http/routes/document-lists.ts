import { z } from 'zod'
import { findCollection } from '../../domain/collections/find-collection.ts'
import { unknownVector } from '../../domain/documents/check-document.ts'
import type { DocumentRecord } from '../../domain/documents/document.ts'
import { DocumentAnswer, documentAnswer } from '../../domain/documents/document-answer.ts'
import { groupDocuments } from '../../domain/documents/group-documents.ts'
import { listDocuments } from '../../domain/documents/list-documents.ts'
import type { Namespace } from '../../domain/namespaces/namespace.ts'
import {
  listRequest,
  pageBody,
  pageQuery,
  paginationAnswer,
  paginationSchema,
} from '../pagination.ts'
import { route, type NamespaceCall } from '../route.ts'
import { filterOf, ofCollection, readingFailures } from './document-requests.ts'

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

export const documentListRoutes = [
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
    failures: readingFailures,
    handle: (call) => list(call),
  }),
]

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
  const { page, sort, search } = listRequest(query, rest, { limit: 10, config: ports.config })
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
    asked: { kind: 'list', retrieverId: null } as const,
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

function checkVectorNames(namespace: Namespace, names: readonly string[]): void {
  for (const [i, name] of names.entries()) {
    if (!Object.hasOwn(namespace.vectors, name))
      throw unknownVector(namespace, name, ['body', 'return_vector_names', i])
  }
}
