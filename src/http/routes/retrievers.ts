import { z } from 'zod'
import { createRetriever } from '../../domain/retrievers/create-retriever.ts'
import { deleteRetriever, patchRetriever } from '../../domain/retrievers/change-retriever.ts'
import { executeRetriever, type ExecuteOptions } from '../../domain/retrievers/execute-retriever.ts'
import {
  ExecutionAnswer,
  executionAnswer,
  executionText,
} from '../../domain/retrievers/execution-answer.ts'
import { findRetriever, findRunnable } from '../../domain/retrievers/find-retriever.ts'
import { listRetrievers } from '../../domain/retrievers/list-retrievers.ts'
import { stageCategories } from '../../domain/retrievers/retriever.ts'
import { RetrieverAnswer, retrieverAnswer } from '../../domain/retrievers/retriever-answer.ts'
import { parsePipeline, timeMsMaxOf } from '../../domain/retrievers/runnable.ts'
import type { Runnable } from '../../domain/retrievers/runnable.ts'
import { parameterSchemaOf, stages } from '../../domain/retrievers/stages.ts'
import { JsonText } from '../answer.ts'
import { ExecutionEvent, streamExecution } from '../execution-events.ts'
import {
  listRequest,
  pageBody,
  pageQuery,
  paginationAnswer,
  paginationSchema,
} from '../pagination.ts'
import { route } from '../route.ts'
import type { NamespaceCall } from '../route.ts'

const identifier = z.object({ retriever_id: z.string() })
const inputs = z.record(z.string(), z.unknown())
const pipeline = {
  stages: z.unknown(),
  collection_identifiers: z.unknown().optional(),
  collection_ids: z.unknown().optional(),
  input_schema: z.unknown().optional(),
  budget_limits: z.unknown().optional(),
}
const execution = {
  inputs: inputs.nullish(),
  input: inputs.nullish(),
  filters: z.unknown().optional(),
  limit: z.int().min(1).max(1_000).nullish(),
  pagination: z.unknown().optional(),
  /** True: each stage is an event of `text/event-stream` as it begins and ends, and the answer the last. */
  stream: z.boolean().nullish(),
  /** Answers `explain` besides: who answered each condition, exact or graph, and why there are not more. */
  explain: z.boolean().nullish(),
}
const about = {
  description: z.string().max(10_000).nullish(),
  tags: z.array(z.string().max(255)).max(100).nullish(),
  display_config: z.unknown().optional(),
  visibility: z.enum(['private', 'public', 'marketplace']).nullish(),
}
const executeQuery = z.object({
  return_vectors: z.stringbool().default(false),
  return_presigned_urls: z.stringbool().default(false),
  return_urls: z.stringbool().default(false),
})
const StageAnswer = z.object({
  stage_id: z.string(),
  description: z.string(),
  category: z.enum(stageCategories),
  icon: z.string(),
  parameter_schema: z.record(z.string(), z.unknown()),
})
const ListAnswer = z.object({
  results: z.array(RetrieverAnswer),
  total: z.int(),
  pagination: paginationSchema,
})

/** What may keep stages from answering. */
const executionFailures = [
  'request_invalid',
  'bad_request',
  'not_found',
  'not_enabled',
  'inference_unavailable',
  'plugin_failed',
  'plugins_unavailable',
  'engine_unavailable',
] as const

export const retrieverRoutes = [
  route({
    operationId: 'listStages',
    method: 'GET',
    path: '/v1/retrievers/stages',
    summary: 'The stages that run here, with the schema of their parameters',
    tag: 'retrievers',
    access: 'public',
    query: z.object({ category: z.enum(stageCategories).optional() }),
    response: z.array(StageAnswer),
    failures: [],
    handle: async ({ query }) =>
      stages
        .filter(({ category }) => query.category === undefined || category === query.category)
        .map((stage) => ({
          stage_id: stage.stageId,
          description: stage.description,
          category: stage.category,
          icon: stage.icon,
          parameter_schema: parameterSchemaOf(stage),
        })),
  }),
  route({
    operationId: 'createRetriever',
    method: 'POST',
    path: '/v1/retrievers',
    summary: 'Save a pipeline of stages',
    tag: 'retrievers',
    access: 'write',
    scope: 'namespace',
    body: z.object({
      ...pipeline,
      ...about,
      retriever_name: z.unknown().optional(),
      name: z.unknown().optional(),
      marketplace_listing_id: z.string().nullish(),
      requires_subscription: z.boolean().nullish(),
      cache_config: z.unknown().optional(),
    }),
    bodyRequired: true,
    response: RetrieverAnswer.extend({ retriever: RetrieverAnswer }),
    failures: ['request_invalid', 'bad_request', 'not_found', 'already_exists', 'not_enabled'],
    handle: async ({ ports, namespace, principal, body }) => {
      const answer = retrieverAnswer(
        await createRetriever(ports, namespace, principal.userId, body),
      )
      return { ...answer, retriever: answer }
    },
  }),
  route({
    operationId: 'listRetrieversByGet',
    method: 'GET',
    path: '/v1/retrievers',
    summary: 'The retrievers of a namespace',
    tag: 'retrievers',
    access: 'read',
    scope: 'namespace',
    query: pageQuery,
    response: ListAnswer,
    failures: ['request_invalid', 'bad_request'],
    handle: async ({ ports, namespace, query }) =>
      await list(
        ports,
        namespace,
        listRequest(query, undefined, { limit: 100, config: ports.config }),
      ),
  }),
  route({
    operationId: 'listRetrievers',
    method: 'POST',
    path: '/v1/retrievers/list',
    summary: 'The retrievers of a namespace, filtered and sorted',
    tag: 'retrievers',
    access: 'read',
    scope: 'namespace',
    query: pageQuery,
    body: pageBody,
    response: ListAnswer,
    failures: ['request_invalid', 'bad_request'],
    handle: async ({ ports, namespace, query, body }) =>
      await list(ports, namespace, listRequest(query, body, { limit: 100, config: ports.config })),
  }),
  route({
    operationId: 'getRetriever',
    method: 'GET',
    path: '/v1/retrievers/{retriever_id}',
    summary: 'One retriever, by id or name',
    tag: 'retrievers',
    access: 'read',
    scope: 'namespace',
    params: identifier,
    response: RetrieverAnswer,
    failures: ['not_found'],
    handle: async ({ ports, namespace, params }) =>
      retrieverAnswer(await findRetriever(ports, namespace, params.retriever_id)),
  }),
  route({
    operationId: 'patchRetriever',
    method: 'PATCH',
    path: '/v1/retrievers/{retriever_id}',
    summary: 'Change what describes a retriever; its stages stay',
    tag: 'retrievers',
    access: 'write',
    scope: 'namespace',
    params: identifier,
    body: z.looseObject({ ...about, retriever_name: z.string().nullish() }),
    bodyRequired: true,
    response: z.object({ retriever: RetrieverAnswer }),
    failures: ['request_invalid', 'not_found', 'already_exists'],
    handle: async ({ ports, namespace, params, body }) => ({
      retriever: retrieverAnswer(await patchRetriever(ports, namespace, params.retriever_id, body)),
    }),
  }),
  route({
    operationId: 'deleteRetriever',
    method: 'DELETE',
    path: '/v1/retrievers/{retriever_id}',
    summary: 'Delete a retriever and the records of its executions',
    tag: 'retrievers',
    access: 'delete',
    scope: 'namespace',
    params: identifier,
    response: z.object({ success: z.literal(true), message: z.string(), retriever_id: z.string() }),
    failures: ['not_found'],
    handle: async ({ ports, namespace, params }) => {
      const { id, name } = await deleteRetriever(ports, namespace, params.retriever_id)
      return {
        success: true as const,
        message: `Retriever '${name}' is deleted.`,
        retriever_id: id,
      }
    },
  }),
  route({
    operationId: 'executeRetriever',
    method: 'POST',
    path: '/v1/retrievers/{retriever_id}/execute',
    summary: 'Run a retriever',
    tag: 'retrievers',
    access: 'read',
    scope: 'namespace',
    params: identifier,
    query: executeQuery,
    // Loose: clients send settings, session ids and more that change nothing here (contract 17.3).
    body: z.looseObject(execution),
    response: ExecutionAnswer,
    event: ExecutionEvent,
    failures: executionFailures,
    handle: async (call) => {
      const runnable = await findRunnable(call.ports, call.namespace, call.params.retriever_id)
      return await execute(call, runnable)
    },
  }),
  route({
    operationId: 'executeAdhoc',
    method: 'POST',
    path: '/v1/retrievers/execute',
    summary: 'Run stages without saving them',
    tag: 'retrievers',
    access: 'read',
    scope: 'namespace',
    query: executeQuery,
    body: z.looseObject({ ...pipeline, ...execution }),
    bodyRequired: true,
    response: ExecutionAnswer,
    event: ExecutionEvent,
    failures: executionFailures,
    handle: async (call) => {
      const { plan, collectionIds, inputSchema, budgetLimits } = await parsePipeline(
        call.ports,
        call.namespace,
        call.body,
      )
      call.setHeader('X-Execution-Mode', 'adhoc')
      const runnable = {
        retrieverId: null,
        stages: plan,
        collectionIds,
        inputSchema,
        timeMsMax: timeMsMaxOf(budgetLimits),
      }
      const metadata = { execution_mode: 'adhoc', retriever_persisted: false }
      return await execute(call, runnable, { execution_metadata: metadata })
    },
  }),
]

type ExecuteCall = NamespaceCall & {
  query: z.infer<typeof executeQuery>
  body: z.infer<z.ZodObject<typeof execution>>
}

/** Results are never kept: every answer is computed, and says so. */
async function execute(call: ExecuteCall, runnable: Runnable, more: object = {}) {
  const { ports, namespace, query, body, signal } = call
  const { return_vectors: vectors } = query
  const explain = body.explain === true
  call.setHeader('X-Cache', 'MISS')
  call.setHeader('Cache-Control', 'private, no-cache')
  const answered = async (options: Pick<ExecuteOptions, 'onStage' | 'signal'>) => {
    const wanted = { ...options, withVectors: vectors, explain }
    const done = await executeRetriever(ports, namespace, runnable, body, wanted)
    return { ...executionAnswer(done, namespace, { vectors }), ...more }
  }
  if (body.stream === true) return await streamExecution(call, { vectors }, answered)
  const answer = await answered({ signal })
  const { text, tag } = executionText(answer)
  if (!explain && answer.error === null) call.setHeader('ETag', tag)
  return new JsonText(text)
}

async function list(
  ports: NamespaceCall['ports'],
  namespace: NamespaceCall['namespace'],
  request: ReturnType<typeof listRequest>,
): Promise<z.infer<typeof ListAnswer>> {
  const withTotal = { ...request, page: { ...request.page, includeTotal: true } }
  const result = await listRetrievers(ports, namespace, withTotal)
  return {
    results: result.rows.map(retrieverAnswer),
    total: result.total ?? result.rows.length,
    pagination: paginationAnswer(result, withTotal.page),
  }
}
