import { z } from 'zod'
import { ArchiveHeader } from '../../domain/archive/archive.ts'
import { beginLoad, loadStatus } from '../../domain/archive/begin-load.ts'
import { endLoad, parseEnd } from '../../domain/archive/end-load.ts'
import { loadPoints, settleLoaded } from '../../domain/archive/load-points.ts'
import { loadRows } from '../../domain/archive/load-rows.ts'
import { checkOperator } from '../../domain/archive/operator.ts'
import { loadOriginal, missingOriginals } from '../../domain/archive/originals.ts'
import { linesOf } from '../../domain/documents/lines.ts'
import { fail, invalid } from '../../domain/failure.ts'
import { route, type CallContext } from '../route.ts'

const status = z.object({
  archive_id: z.string(),
  state: z.enum(['loading', 'loaded']),
  positions: z.record(z.string(), z.int()),
})
const hash = z.string().regex(/^[0-9a-f]{64}$/)
/** Lines of a part that are here already; PostgreSQL's own limit of an integer. */
const from = z.coerce.number().int().min(0).max(2_000_000_000)
const namespaceId = z.string().min(1).max(100)
const position = z.object({ position: z.int() })
const general = ['unauthorized', 'forbidden', 'request_invalid'] as const
const pieces = [...general, 'bad_request', 'conflict', 'body_too_large'] as const

/** What `nacre load` is made of: an archive into an empty server, in pieces that can be sent again. */
export const loadRoutes = [
  route({
    operationId: 'beginLoad',
    method: 'POST',
    path: '/v1/load',
    summary: 'Begin to load an archive into this empty server, or go on with it',
    tag: 'archive',
    access: 'admin',
    body: ArchiveHeader,
    bodyRequired: true,
    response: status,
    failures: [...general, 'bad_request', 'conflict'],
    handle: async ({ ports, principal, body }) => {
      await checkOperator(ports, principal)
      return await beginLoad(ports, principal, body)
    },
  }),
  route({
    operationId: 'getLoad',
    method: 'GET',
    path: '/v1/load/{archive_id}',
    summary: 'How far the loading of an archive has come',
    tag: 'archive',
    access: 'admin',
    params: z.object({ archive_id: z.string() }),
    response: status,
    failures: ['unauthorized', 'forbidden', 'not_found'],
    handle: async ({ ports, principal, params }) => {
      await checkOperator(ports, principal)
      return await loadStatus(ports, params.archive_id)
    },
  }),
  route({
    operationId: 'loadRows',
    method: 'POST',
    path: '/v1/load/tables/{table}',
    summary: 'Rows of a table, from a line of its part on',
    tag: 'archive',
    access: 'admin',
    params: z.object({ table: z.string() }),
    query: z.object({ from, namespace_id: namespaceId.optional() }),
    bodyKind: 'ndjson',
    response: position,
    failures: pieces,
    handle: async (call) => {
      await checkOperator(call.ports, call.principal)
      const { from: first, namespace_id: id = null } = call.query
      const piece = { namespaceId: id, from: first, lines: await linesIn(call) }
      return { position: await loadRows(call.ports, call.params.table, piece) }
    },
  }),
  route({
    operationId: 'loadPoints',
    method: 'POST',
    path: '/v1/load/points',
    summary: 'Documents of a namespace, from a line of its part on',
    tag: 'archive',
    access: 'admin',
    query: z.object({ from, namespace_id: namespaceId }),
    bodyKind: 'ndjson',
    response: position,
    failures: [...pieces, 'engine_unavailable', 'engine_busy'],
    handle: async (call) => {
      await checkOperator(call.ports, call.principal)
      const { from: first, namespace_id: id } = call.query
      const piece = { namespaceId: id, from: first, lines: await linesIn(call) }
      return { position: await loadPoints(call.ports, piece) }
    },
  }),
  route({
    operationId: 'findMissingOriginals',
    method: 'POST',
    path: '/v1/load/originals/missing',
    summary: 'Of these originals those that are not here yet',
    tag: 'archive',
    access: 'admin',
    body: z.object({ hashes: z.array(hash).max(1_000) }),
    bodyRequired: true,
    response: z.object({ missing: z.array(z.string()) }),
    failures: [...general, 'conflict', 'storage_unavailable'],
    handle: async ({ ports, principal, body }) => {
      await checkOperator(ports, principal)
      return { missing: await missingOriginals(ports, body.hashes) }
    },
  }),
  route({
    operationId: 'loadOriginal',
    method: 'PUT',
    path: '/v1/load/originals/{hash}',
    summary: 'The bytes of one original',
    tag: 'archive',
    access: 'admin',
    params: z.object({ hash }),
    bodyKind: 'raw',
    bodyRequired: true,
    response: null,
    failures: [...general, 'bad_request', 'conflict', 'storage_unavailable'],
    handle: async ({ ports, principal, params, stream, signal }) => {
      await checkOperator(ports, principal)
      await loadOriginal(ports, params.hash, stream, signal)
    },
  }),
  route({
    operationId: 'settleLoadedNamespace',
    method: 'POST',
    path: '/v1/load/namespaces/{namespace_id}/settle',
    summary: "Build a namespace's payload indexes, flush and count its documents",
    tag: 'archive',
    access: 'admin',
    params: z.object({ namespace_id: namespaceId }),
    // Nothing is sent; but an index of many documents takes longer than a request of JSON may.
    bodyKind: 'ndjson',
    response: z.object({ points: z.int() }),
    failures: [...general, 'conflict', 'engine_unavailable', 'engine_busy'],
    handle: async ({ ports, principal, params, signal }) => {
      await checkOperator(ports, principal)
      return await settleLoaded(ports, params.namespace_id, signal)
    },
  }),
  route({
    operationId: 'endLoad',
    method: 'POST',
    path: '/v1/load/end',
    summary: 'Users, keys and waiting jobs; then the archive answers',
    tag: 'archive',
    access: 'admin',
    bodyKind: 'ndjson',
    response: status,
    failures: pieces,
    handle: async (call) => {
      await checkOperator(call.ports, call.principal)
      return await endLoad(call.ports, parseEnd(await linesIn(call)))
    },
  }),
]

/** One piece, held in memory whole. Throws `body_too_large`, `request_invalid`. */
async function linesIn({
  ports,
  stream,
}: Pick<CallContext, 'ports' | 'stream'>): Promise<string[]> {
  const limitBytes = ports.config.loadBytesMax
  const texts: string[] = []
  for await (const lines of linesOf(limited(stream, limitBytes), limitBytes)) {
    for (const line of lines) {
      if ('reason' in line) throw invalid(['body', line.number - 1], line.reason)
      if (line.text !== '') texts.push(line.text)
    }
  }
  return texts
}

async function* limited(
  stream: AsyncIterable<Uint8Array>,
  limitBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let sizeBytes = 0
  for await (const chunk of stream) {
    sizeBytes += chunk.length
    if (sizeBytes > limitBytes)
      throw fail('body_too_large', { limitBytes, setting: 'NACRE_LOAD_BYTES_MAX' })
    yield chunk
  }
}
