import { z } from 'zod'
import { dumpNamespace } from '../../domain/archive/dump-namespace.ts'
import {
  dumpChanges,
  dumpPoints,
  namespaceToDump,
  pointsBegin,
} from '../../domain/archive/dump-points.ts'
import { dumpServer, planDump } from '../../domain/archive/dump-server.ts'
import { begunStream, lineStream } from '../../domain/archive/line-stream.ts'
import { checkOperator } from '../../domain/archive/operator.ts'
import { openOriginal } from '../../domain/archive/originals.ts'
import { Download } from '../answer.ts'
import { route } from '../route.ts'

const oneNamespace = z.object({ namespace_id: z.string().min(1).max(100) })
const since = z.object({ since: z.iso.datetime().transform((text) => new Date(text)) })
const general = ['unauthorized', 'forbidden', 'request_invalid'] as const
const lines = { response: z.instanceof(Download), answerType: 'application/x-ndjson' } as const

/** What `nacre dump` is made of: an archive of the whole server, in pieces that can be fetched again. */
export const dumpRoutes = [
  route({
    operationId: 'planDump',
    method: 'GET',
    path: '/v1/dump',
    summary: 'What an archive of this server would hold',
    tag: 'archive',
    access: 'admin',
    response: z.object({
      archive_format: z.int(),
      schema: z.int(),
      server_id: z.string(),
      namespaces: z.array(
        z.object({ id: z.string(), name: z.string(), organization_id: z.string() }),
      ),
    }),
    failures: ['unauthorized', 'forbidden'],
    handle: async ({ ports, principal }) => {
      await checkOperator(ports, principal)
      return await planDump(ports)
    },
  }),
  route({
    operationId: 'dumpServer',
    method: 'GET',
    path: '/v1/dump/server',
    summary: 'Rows that belong to no namespace, as of one moment',
    tag: 'archive',
    access: 'admin',
    ...lines,
    failures: ['unauthorized', 'forbidden'],
    handle: async ({ ports, principal }) => {
      await checkOperator(ports, principal)
      return download('server', () => lineStream((tell) => dumpServer(ports, tell)))
    },
  }),
  route({
    operationId: 'dumpPoints',
    method: 'GET',
    path: '/v1/dump/namespaces/{namespace_id}/points',
    summary: 'Documents with their vectors by id, while writes go on; `since`: those written since',
    tag: 'archive',
    access: 'admin',
    params: oneNamespace,
    query: z.object({ after: z.uuid().optional(), since: since.shape.since.optional() }),
    ...lines,
    failures: [...general, 'not_found', 'engine_unavailable', 'engine_busy'],
    handle: async ({ ports, principal, params, query }) => {
      await checkOperator(ports, principal)
      const namespace = await namespaceToDump(ports, params.namespace_id)
      const { after = null, since: from } = query
      return download('points', () =>
        lineStream(async (tell, signal) => {
          if (!from) return await dumpPoints(ports, namespace, after, tell, signal)
          await tell([JSON.stringify({ begin: await pointsBegin(ports, namespace) })])
          await dumpChanges(ports, namespace, { since: from, withIds: false }, tell, signal)
          await tell(['{"end":{}}'])
        }),
      )
    },
  }),
  route({
    operationId: 'dumpNamespace',
    method: 'POST',
    path: '/v1/dump/namespaces/{namespace_id}/state',
    summary:
      'One state of a namespace: ids, documents written since, then its rows as of that moment',
    tag: 'archive',
    access: 'admin',
    params: oneNamespace,
    query: since,
    ...lines,
    failures: [...general, 'not_found', 'conflict', 'engine_unavailable', 'engine_busy'],
    handle: async ({ ports, principal, params, query }) => {
      await checkOperator(ports, principal)
      const stream = await begunStream((tell, signal) =>
        dumpNamespace(ports, params.namespace_id, query.since, tell, signal),
      )
      return download('state', () => stream)
    },
  }),
  route({
    operationId: 'dumpOriginal',
    method: 'GET',
    path: '/v1/dump/originals/{hash}',
    summary: 'The bytes of one original, by their SHA-256',
    tag: 'archive',
    access: 'admin',
    params: z.object({ hash: z.string().regex(/^[0-9a-f]{64}$/) }),
    response: z.instanceof(Download),
    answerType: 'application/octet-stream',
    failures: [...general, 'not_found', 'storage_unavailable'],
    handle: async ({ ports, principal, params }) => {
      await checkOperator(ports, principal)
      const open = await openOriginal(ports, params.hash)
      return new Download({
        contentType: 'application/octet-stream',
        filename: params.hash,
        sizeBytes: null,
        open,
      })
    },
  }),
]

function download(name: string, open: () => AsyncIterable<Uint8Array>): Download {
  const contentType = 'application/x-ndjson'
  return new Download({ contentType, filename: `${name}.ndjson`, sizeBytes: null, open })
}
