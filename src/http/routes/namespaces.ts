import { z } from 'zod'
import type { SortOption } from '../../domain/listing.ts'
import { createNamespace } from '../../domain/namespaces/create-namespace.ts'
import { deleteNamespace } from '../../domain/namespaces/delete-namespace.ts'
import { findNamespace } from '../../domain/namespaces/find-namespace.ts'
import { listNamespaces, NamespaceListStats } from '../../domain/namespaces/list-namespaces.ts'
import { NamespaceAnswer, namespaceAnswer } from '../../domain/namespaces/namespace-answer.ts'
import {
  NamespacePatch,
  NamespacePut,
  NewNamespace,
} from '../../domain/namespaces/namespace-request.ts'
import { patchNamespace, type Patched } from '../../domain/namespaces/patch-namespace.ts'
import type { IndexWarning } from '../../domain/payload-indexes/index-warnings.ts'
import { coverageNotes } from '../../domain/payload-indexes/index-coverage.ts'
import type { Ports } from '../../ports/ports.ts'
import {
  listRequest,
  pageBody,
  pageQuery,
  paginationAnswer,
  paginationSchema,
  withTotal,
} from '../pagination.ts'
import { route, type CallContext } from '../route.ts'

const one = z.object({ namespace_identifier: z.string().min(1) })

const listAnswer = z.object({
  results: z.array(NamespaceAnswer),
  pagination: paginationSchema,
  total_count: z.int(),
  stats: NamespaceListStats,
})

const deleted = z.object({
  task_id: z.string(),
  status: z.literal('PENDING'),
  namespace_id: z.string(),
  message: z.string(),
})

const general = ['unauthorized', 'forbidden', 'request_invalid'] as const
const listing = [...general, 'bad_request'] as const
const changing = [
  ...general,
  'not_found',
  'already_exists',
  'conflict',
  'engine_busy',
  'engine_unavailable',
] as const

export const namespaceRoutes = [
  route({
    operationId: 'createNamespace',
    method: 'POST',
    path: '/v1/namespaces',
    summary: 'Create a namespace with the vectors of its feature extractors',
    tag: 'namespaces',
    access: 'write',
    body: NewNamespace,
    bodyRequired: true,
    response: NamespaceAnswer,
    failures: [...changing, 'inference_unavailable', 'plugins_unavailable'],
    handle: async ({ ports, principal, body }) =>
      namespaceAnswer(ports, await createNamespace(ports, principal, body)),
  }),
  route({
    operationId: 'listNamespaces',
    method: 'POST',
    path: '/v1/namespaces/list',
    summary: 'List the namespaces of the organization',
    tag: 'namespaces',
    access: 'read',
    query: pageQuery,
    body: pageBody,
    response: listAnswer,
    failures: listing,
    handle: ({ query, body, ...call }) => list(call, query, body),
  }),
  route({
    operationId: 'getNamespaces',
    method: 'GET',
    path: '/v1/namespaces',
    summary: 'List the namespaces of the organization, without a body',
    tag: 'namespaces',
    access: 'read',
    query: pageQuery,
    response: listAnswer,
    failures: listing,
    handle: ({ query, ...call }) => list(call, query, {}),
  }),
  route({
    operationId: 'getNamespace',
    method: 'GET',
    path: '/v1/namespaces/{namespace_identifier}',
    summary: 'Get a namespace by id or name',
    tag: 'namespaces',
    access: 'read',
    params: one,
    response: NamespaceAnswer,
    failures: [...general, 'not_found'],
    handle: async ({ ports, principal, params }) =>
      namespaceAnswer(
        ports,
        await findNamespace(ports, principal.organizationId, params.namespace_identifier),
      ),
  }),
  route({
    operationId: 'patchNamespace',
    method: 'PATCH',
    path: '/v1/namespaces/{namespace_identifier}',
    summary: 'Change a namespace; what is left out stays',
    tag: 'namespaces',
    access: 'write',
    params: one,
    body: NamespacePatch,
    response: NamespaceAnswer,
    failures: changing,
    handle: async ({ ports, principal, params, body }) =>
      patchedAnswer(
        ports,
        await patchNamespace(ports, principal, params.namespace_identifier, body),
      ),
  }),
  route({
    operationId: 'updateNamespace',
    method: 'PUT',
    path: '/v1/namespaces/{namespace_identifier}',
    summary: 'Change the name and the payload indexes of a namespace',
    tag: 'namespaces',
    access: 'write',
    params: one,
    body: NamespacePut,
    response: NamespaceAnswer,
    failures: changing,
    handle: async ({ ports, principal, params, body }) =>
      patchedAnswer(
        ports,
        await patchNamespace(ports, principal, params.namespace_identifier, body),
      ),
  }),
  route({
    operationId: 'deleteNamespace',
    method: 'DELETE',
    path: '/v1/namespaces/{namespace_identifier}',
    summary: 'Delete a namespace and everything in it, as a task',
    tag: 'namespaces',
    access: 'delete',
    params: one,
    response: deleted,
    failures: [...general, 'not_found'],
    handle: async ({ ports, principal, params }) => {
      const { namespace, task } = await deleteNamespace(
        ports,
        principal,
        params.namespace_identifier,
      )
      return {
        task_id: task.id,
        status: 'PENDING' as const,
        namespace_id: namespace.id,
        message: `Namespace '${namespace.name}' is gone; what it held is being deleted by task ${task.id}.`,
      }
    },
  }),
]

async function patchedAnswer(
  ports: Ports,
  { namespace, taskId, warnings }: Patched,
): Promise<NamespaceAnswer> {
  const answer = await namespaceAnswer(ports, namespace)
  const notes = answer.document_count ? await coverageNotes(ports, namespace) : new Map()
  return {
    ...answer,
    payload_indexes: answer.payload_indexes.map((index) => {
      const note = notes.get(index.field_name)
      return note === undefined ? index : { ...index, note }
    }),
    ...(taskId !== null && { task_id: taskId }),
    ...(warnings.length > 0 && { warnings: warnings.map(warningAnswer) }),
  }
}

function warningAnswer({ fieldName, unheld, examples }: IndexWarning) {
  return { field_name: fieldName, values_not_representable: unheld, examples }
}

async function list(
  { ports, principal }: Pick<CallContext, 'ports' | 'principal'>,
  query: z.infer<typeof pageQuery>,
  body: z.infer<typeof pageBody>,
): Promise<z.infer<typeof listAnswer>> {
  const newestFirst: SortOption[] = [{ field: 'created_at', direction: 'desc' }]
  const defaults = { limit: 10, sort: newestFirst, config: ports.config }
  const request = withTotal(listRequest(query, body, defaults))
  const { answers, result, stats } = await listNamespaces(ports, principal.organizationId, request)
  return {
    results: answers,
    pagination: paginationAnswer(result, request.page),
    total_count: result.total ?? answers.length,
    stats,
  }
}
