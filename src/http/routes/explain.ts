import { z } from 'zod'
import {
  estimateExecution,
  ExecutionEstimate,
} from '../../domain/retrievers/explain/estimate-execution.ts'
import { findRetriever, findRunnable } from '../../domain/retrievers/find-retriever.ts'
import { route } from '../route.ts'

const inputs = z.record(z.string(), z.unknown()).nullish()

export const explainRoutes = [
  route({
    operationId: 'explainRetriever',
    method: 'POST',
    path: '/v1/retrievers/{retriever_id}/execute/explain',
    summary: 'What running a retriever would do, without running it',
    tag: 'retrievers',
    access: 'read',
    scope: 'namespace',
    params: z.object({ retriever_id: z.string() }),
    // Loose, as execution is: a client may send the same body to both.
    body: z.looseObject({ inputs, input: inputs }),
    response: ExecutionEstimate,
    failures: ['request_invalid', 'bad_request', 'not_found', 'not_enabled', 'engine_unavailable'],
    handle: async ({ ports, namespace, params, body, signal }) => {
      const retriever = await findRetriever(ports, namespace, params.retriever_id)
      const runnable = await findRunnable(ports, namespace, params.retriever_id)
      const given = { inputs: { ...body.input, ...body.inputs }, signal }
      return await estimateExecution(ports, namespace, retriever, runnable, given)
    },
  }),
]
