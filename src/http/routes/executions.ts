import { z } from 'zod'
import { invalid } from '../../domain/failure.ts'
import { instantOf } from '../../domain/filters/instant.ts'
import { cloneRetriever } from '../../domain/retrievers/clone-retriever.ts'
import {
  adhocDetail,
  AdhocDetail,
  adhocSummary,
  AdhocSummary,
  ExecutionDetail,
  executionDetail,
  ExecutionSummary,
  executionSummary,
} from '../../domain/retrievers/execution-record-answer.ts'
import { findExecution, listExecutions } from '../../domain/retrievers/executions.ts'
import { findRetriever } from '../../domain/retrievers/find-retriever.ts'
import { RetrieverAnswer, retrieverAnswer } from '../../domain/retrievers/retriever-answer.ts'
import {
  listRequest,
  pageBody,
  pageQuery,
  paginationSchema,
  paginationAnswer,
  withTotal,
} from '../pagination.ts'
import { route } from '../route.ts'

const retriever = z.object({ retriever_id: z.string() })
const listBody = pageBody.extend({ status: z.string().max(100).nullish() })
const time = z.union([z.string(), z.number()]).nullish()
/** Contract 4's PaginationMetadata, with ours beside it. */
const pagination = paginationSchema.extend({ total: z.int(), has_next: z.boolean() })

export const executionRoutes = [
  route({
    operationId: 'cloneRetriever',
    method: 'POST',
    path: '/v1/retrievers/{retriever_id}/clone',
    summary: 'Make another retriever like this one, but for what is given',
    tag: 'retrievers',
    access: 'write',
    scope: 'namespace',
    params: retriever,
    body: z.object({
      retriever_name: z.unknown().optional(),
      name: z.unknown().optional(),
      description: z.string().max(10_000).nullish(),
      collection_identifiers: z.unknown().optional(),
      collection_ids: z.unknown().optional(),
      stages: z.unknown().optional(),
      input_schema: z.unknown().optional(),
      budget_limits: z.unknown().optional(),
      tags: z.array(z.string().max(255)).max(100).nullish(),
      display_config: z.unknown().optional(),
      visibility: z.enum(['private', 'public', 'marketplace']).nullish(),
    }),
    bodyRequired: true,
    status: 201,
    response: z.object({ retriever: RetrieverAnswer, source_retriever_id: z.string() }),
    failures: ['request_invalid', 'bad_request', 'not_found', 'already_exists', 'not_enabled'],
    handle: async ({ ports, namespace, principal, params, body }) => {
      const { retriever_id: id } = params
      const made = await cloneRetriever(ports, namespace, principal.userId, id, body)
      return {
        retriever: retrieverAnswer(made.retriever),
        source_retriever_id: made.source.id,
      }
    },
  }),
  route({
    operationId: 'listExecutions',
    method: 'POST',
    path: '/v1/retrievers/{retriever_id}/executions/list',
    summary: 'What a retriever was executed for lately, newest first',
    tag: 'retrievers',
    access: 'read',
    scope: 'namespace',
    params: retriever,
    query: pageQuery,
    body: listBody,
    response: z.object({ results: z.array(ExecutionSummary), pagination }),
    failures: ['request_invalid', 'bad_request', 'not_found'],
    handle: async ({ ports, namespace, params, query, body }) => {
      const { id } = await findRetriever(ports, namespace, params.retriever_id)
      const request = withTotal(listRequest(query, body, { limit: 20, config: ports.config }))
      const asked = { retrieverId: id, status: body.status }
      const result = await listExecutions(ports, namespace, asked, request)
      return {
        results: result.rows.map(executionSummary),
        pagination: paginationOf(result, request.page),
      }
    },
  }),
  route({
    operationId: 'getExecution',
    method: 'GET',
    path: '/v1/retrievers/{retriever_id}/executions/{execution_id}',
    summary: 'What one execution of a retriever did',
    tag: 'retrievers',
    access: 'read',
    scope: 'namespace',
    params: retriever.extend({ execution_id: z.string() }),
    response: ExecutionDetail,
    failures: ['not_found'],
    handle: async ({ ports, namespace, params }) => {
      const { id } = await findRetriever(ports, namespace, params.retriever_id)
      return executionDetail(await findExecution(ports, namespace, id, params.execution_id))
    },
  }),
  route({
    operationId: 'listAdhocExecutions',
    method: 'POST',
    path: '/v1/retrievers/executions/list',
    summary: 'Which stages were run lately without being saved, newest first',
    tag: 'retrievers',
    access: 'read',
    scope: 'namespace',
    query: pageQuery,
    body: listBody.extend({ start_time: time, end_time: time }),
    response: z.object({ results: z.array(AdhocSummary), total: z.int(), pagination }),
    failures: ['request_invalid', 'bad_request'],
    handle: async ({ ports, namespace, query, body }) => {
      const request = withTotal(listRequest(query, body, { limit: 20, config: ports.config }))
      const asked = {
        retrieverId: null,
        status: body.status,
        startTime: timeOf('start_time', body.start_time),
        endTime: timeOf('end_time', body.end_time),
      }
      const result = await listExecutions(ports, namespace, asked, request)
      const page = paginationOf(result, request.page)
      return { results: result.rows.map(adhocSummary), total: page.total, pagination: page }
    },
  }),
  route({
    operationId: 'getAdhocExecution',
    method: 'GET',
    path: '/v1/retrievers/executions/{execution_id}',
    summary: 'What one run of stages that were not saved did',
    tag: 'retrievers',
    access: 'read',
    scope: 'namespace',
    params: z.object({ execution_id: z.string() }),
    response: AdhocDetail,
    failures: ['not_found'],
    handle: async ({ ports, namespace, params }) =>
      adhocDetail(await findExecution(ports, namespace, null, params.execution_id)),
  }),
]

function paginationOf(
  result: Parameters<typeof paginationAnswer>[0],
  page: Parameters<typeof paginationAnswer>[1],
): z.infer<typeof pagination> {
  const answer = paginationAnswer(result, page)
  return { ...answer, total: answer.total ?? 0, has_next: answer.has_more }
}

/** RFC 3339, a date alone, or seconds since 1970. */
function timeOf(name: string, given: string | number | null | undefined): Date | null {
  if (given === null || given === undefined) return null
  const instant = typeof given === 'number' ? BigInt(Math.round(given * 1e6)) : instantOf(given)
  const time = instant === null ? null : new Date(Number(instant / 1_000n))
  if (time !== null && !Number.isNaN(time.getTime())) return time
  throw invalid(
    ['body', name],
    `${name} must be a time such as 2026-01-31T12:00:00Z`,
    'invalid_format',
  )
}
