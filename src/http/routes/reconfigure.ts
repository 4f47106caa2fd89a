import { z } from 'zod'
import { findNamespace } from '../../domain/namespaces/find-namespace.ts'
import type { Namespace } from '../../domain/namespaces/namespace.ts'
import { reconfigure } from '../../domain/reconfiguration/reconfigure.ts'
import {
  ReconfigureAnswer,
  reconfigureAnswer,
} from '../../domain/reconfiguration/reconfigure-answer.ts'
import {
  ReconfigurationAnswer,
  reconfigurationAnswer,
} from '../../domain/reconfiguration/reconfiguration-answer.ts'
import { reconfigureStrategies } from '../../domain/reconfiguration/reconfiguration.ts'
import { undoReconfigure } from '../../domain/reconfiguration/undo-reconfigure.ts'
import { UndoAnswer, undoAnswer } from '../../domain/reconfiguration/undo-answer.ts'
import { readReconfigurations } from '../../store/reconfigurations.ts'
import { route, type CallContext } from '../route.ts'

const path = '/v1/namespaces/{namespace_id}/plugins/reconfigure'
const inNamespace = z.object({ namespace_id: z.string().min(1) })
const failures = [
  'unauthorized',
  'forbidden',
  'request_invalid',
  'bad_request',
  'not_found',
  'conflict',
  'engine_busy',
  'engine_unavailable',
] as const

export const reconfigureRoutes = [
  route({
    operationId: 'reconfigureNamespace',
    method: 'POST',
    path,
    summary: 'Make the schema follow the extractors and deployed plugins',
    tag: 'plugins',
    access: 'write',
    params: inNamespace,
    body: z.object({
      /** Must be true; not looked at in a dry run. */
      confirm: z.unknown().optional(),
      dry_run: z.boolean().nullish(),
      strategy: z.enum(reconfigureStrategies).nullish(),
      reprocess: z.boolean().nullish(),
    }),
    response: ReconfigureAnswer,
    failures,
    handle: async ({ body, ...call }) => {
      const namespace = await namespaceOf(call)
      const result = await reconfigure(call.ports, namespace, {
        confirm: body.confirm,
        dryRun: body.dry_run ?? false,
        strategy: body.strategy ?? 'recreate',
        isReprocess: body.reprocess ?? false,
      })
      return reconfigureAnswer(call.ports, namespace, result)
    },
  }),
  route({
    operationId: 'undoReconfigure',
    method: 'POST',
    path: `${path}/undo`,
    summary: 'Bring back the generation from before the last reconfigure',
    tag: 'plugins',
    access: 'write',
    params: inNamespace,
    body: z.object({ discard_writes: z.boolean().nullish() }),
    response: UndoAnswer,
    failures,
    handle: async ({ body, ...call }) => {
      const namespace = await namespaceOf(call)
      const discardWrites = body.discard_writes ?? false
      return undoAnswer(namespace, await undoReconfigure(call.ports, namespace, { discardWrites }))
    },
  }),
  route({
    operationId: 'listReconfigurations',
    method: 'GET',
    path,
    summary: 'The reconfigures of a namespace, newest first, with state and progress',
    tag: 'plugins',
    access: 'read',
    params: inNamespace,
    response: z.object({ namespace_id: z.string(), results: z.array(ReconfigurationAnswer) }),
    failures: ['unauthorized', 'forbidden', 'not_found'],
    handle: async (call) => {
      const { id } = await namespaceOf(call)
      const { db, config } = call.ports
      const rows = await readReconfigurations(db, id, { limit: config.reconfigurationsMax })
      return { namespace_id: id, results: rows.map(reconfigurationAnswer) }
    },
  }),
]

async function namespaceOf({
  ports,
  principal,
  params,
}: Pick<CallContext, 'ports' | 'principal'> & {
  params: { namespace_id: string }
}): Promise<Namespace> {
  return await findNamespace(ports, principal.organizationId, params.namespace_id)
}
