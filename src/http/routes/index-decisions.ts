import { z } from 'zod'
import { invalid } from '../../domain/failure.ts'
import { decisionStates } from '../../domain/index-advisor/decision.ts'
import { undoDecision } from '../../domain/index-advisor/undo-decision.ts'
import {
  IndexDecisionAnswer,
  IndexEventAnswer,
  decisionAnswer,
  eventAnswer,
  type Reader,
} from '../../domain/index-analytics/decision-answer.ts'
import { eventIdsOf } from '../../domain/index-analytics/event-ids.ts'
import { findDecision, listDecisions } from '../../domain/index-analytics/list-decisions.ts'
import { listIndexEvents } from '../../domain/index-analytics/list-events.ts'
import { requestCheck } from '../../domain/index-analytics/request-check.ts'
import { findNamespace } from '../../domain/namespaces/find-namespace.ts'
import type { Namespace } from '../../domain/namespaces/namespace.ts'
import { allows } from '../../domain/organizations/principal.ts'
import {
  countText,
  listPage,
  pageQuery,
  paginationAnswer,
  paginationSchema,
} from '../pagination.ts'
import { route, type CallContext } from '../route.ts'

const path = '/v1/namespaces/{namespace_id}/index-decisions'
const inNamespace = z.object({ namespace_id: z.string().min(1) })
const one = inNamespace.extend({ decision_id: z.string().min(1) })
const failures = ['unauthorized', 'forbidden', 'request_invalid', 'not_found'] as const

/** Each carries its steps with it: fewer to a page than elsewhere. */
const pageLimits = { limit: 20, limitMax: 200 }
const state = z.enum(decisionStates)

export const indexDecisionRoutes = [
  route({
    operationId: 'listIndexDecisions',
    method: 'GET',
    path,
    summary: 'What was decided about payload indexes that make themselves, newest first, and why',
    tag: 'indexes',
    access: 'read',
    params: inNamespace,
    query: pageQuery.extend({
      /** Given more than once: any of them. */
      state: z.union([state, z.array(state).max(decisionStates.length)]).optional(),
      field: z.string().max(255).optional(),
    }),
    response: z.object({ results: z.array(IndexDecisionAnswer), pagination: paginationSchema }),
    failures,
    handle: async ({ query, ...call }) => {
      const namespace = await namespaceOf(call)
      const page = listPage(query, undefined, pageLimits)
      const states = query.state === undefined ? null : [query.state].flat()
      const only = { states, field: query.field ?? null }
      const result = await listDecisions(call.ports, namespace, only, page)
      const reader = await readerOf(call, namespace)
      return {
        results: result.rows.map(({ decision, events }) =>
          decisionAnswer(decision, events, reader),
        ),
        pagination: paginationAnswer(result, page),
      }
    },
  }),
  route({
    operationId: 'getIndexDecision',
    method: 'GET',
    path: `${path}/{decision_id}`,
    summary: 'One decision with its inputs, thresholds, census, proof and steps',
    tag: 'indexes',
    access: 'read',
    params: one,
    response: IndexDecisionAnswer,
    failures,
    handle: async (call) => {
      const namespace = await namespaceOf(call)
      const { decision, events } = await findDecision(
        call.ports,
        namespace,
        call.params.decision_id,
      )
      return decisionAnswer(decision, events, await readerOf(call, namespace))
    },
  }),
  route({
    operationId: 'undoIndexDecision',
    method: 'POST',
    path: `${path}/{decision_id}/undo`,
    summary: 'Drop the index that a decision made; its field is left alone for a while',
    tag: 'indexes',
    access: 'write',
    params: one,
    response: IndexDecisionAnswer,
    failures: [...failures, 'conflict', 'engine_busy', 'engine_unavailable'],
    handle: async (call) => {
      const namespace = await namespaceOf(call)
      const { id } = await undoDecision(
        call.ports,
        call.principal,
        namespace,
        call.params.decision_id,
      )
      const { decision, events } = await findDecision(call.ports, namespace, id)
      return decisionAnswer(decision, events, await readerOf(call, namespace))
    },
  }),
  route({
    operationId: 'checkIndexes',
    method: 'POST',
    path: `${path}/check`,
    summary: 'Look now whether fields need an index, rather than when the next check is due',
    tag: 'indexes',
    access: 'admin',
    params: inNamespace,
    status: 202,
    response: z.object({
      namespace_id: z.string(),
      status: z.literal('PENDING'),
      message: z.string(),
    }),
    failures: [...failures, 'conflict'],
    handle: async (call) => {
      const namespace = await namespaceOf(call)
      await requestCheck(call.ports, namespace)
      return {
        namespace_id: namespace.id,
        status: 'PENDING' as const,
        message: `The check begins within seconds; GET ${path.replace('{namespace_id}', namespace.id)} tells what it decides.`,
      }
    },
  }),
  route({
    operationId: 'listIndexEvents',
    method: 'GET',
    path: '/v1/namespaces/{namespace_id}/index-events',
    summary:
      'The ledger of payload indexes, newest first: steps of decisions, actions of the guard',
    tag: 'indexes',
    access: 'read',
    params: inNamespace,
    query: z.object({
      limit: countText(1, 1_000).default(100),
      cursor: z.string().max(100).optional(),
      field: z.string().max(255).optional(),
    }),
    response: z.object({
      results: z.array(IndexEventAnswer),
      pagination: z.object({ next_cursor: z.string().nullable(), has_more: z.boolean() }),
    }),
    failures,
    handle: async ({ query, ...call }) => {
      const namespace = await namespaceOf(call)
      const { limit, field = null } = query
      const reader = await readerOf(call, namespace)
      const cursor = query.cursor === undefined ? null : numberIn(query.cursor, reader)
      const { rows, nextCursor } = await listIndexEvents(call.ports, namespace, {
        limit,
        cursor,
        field,
      })
      const next = nextCursor === null ? null : reader.events.idOf(nextCursor)
      return {
        results: rows.map((event) => eventAnswer(event, reader)),
        pagination: { next_cursor: next, has_more: next !== null },
      }
    },
  }),
]

/** Values of documents and filters are shown to admins alone (design 4). */
async function readerOf(
  { ports, principal }: Pick<CallContext, 'ports' | 'principal'>,
  namespace: Namespace,
): Promise<Reader> {
  return { seesValues: allows(principal, 'admin'), events: await eventIdsOf(ports, namespace) }
}

/** Throws `request_invalid` for what no page of this ledger gave. */
function numberIn(cursor: string, { events }: Reader): string {
  const number = events.numberOf(cursor)
  if (number !== null) return number
  const message = 'is no cursor of this list; take next_cursor of the page before'
  throw invalid(['query', 'cursor'], message, 'invalid_cursor')
}

async function namespaceOf({
  ports,
  principal,
  params,
}: Pick<CallContext, 'ports' | 'principal'> & {
  params: { namespace_id: string }
}): Promise<Namespace> {
  return await findNamespace(ports, principal.organizationId, params.namespace_id)
}
