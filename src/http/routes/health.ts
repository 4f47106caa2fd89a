import { z } from 'zod'
import type { Ports } from '../../ports/ports.ts'
import { checkDatabase, checkQueue } from '../../store/checks.ts'
import { route } from '../route.ts'

const parts = [
  'cache',
  'metadata',
  'vector_store',
  'object_storage',
  'task_queue',
  'inference',
] as const
type Part = (typeof parts)[number]

/** A part that says nothing for so long is not well. */
const checkTimeoutMs = 2_000
/** A model may still be loading. */
const deepCheckTimeoutMs = 10_000

const healthAnswer = z.object({
  status: z.enum(['OK', 'DEGRADED']),
  data: z.object({
    ...Object.fromEntries(parts.map((part) => [part, z.boolean()])),
    analytics: z.boolean().nullable(),
  }),
  errors: z.record(z.string(), z.string().nullable()).nullable(),
  meta: z.record(z.string(), z.unknown()),
})

export const healthRoutes = [
  route({
    operationId: 'getHealth',
    method: 'GET',
    path: '/v1/health',
    summary: 'Whether every part answers; with deep=true also the model',
    tag: 'health',
    access: 'public',
    query: z.object({
      deep: z.stringbool().default(false),
      metrics: z.stringbool().default(false),
    }),
    response: healthAnswer,
    failures: [],
    handle: async ({ ports, query, about, signal }) => {
      const errors = await failedParts(ports, { isDeep: query.deep, signal })
      const isWell = Object.keys(errors).length === 0
      return {
        status: isWell ? ('OK' as const) : ('DEGRADED' as const),
        data: {
          ...Object.fromEntries(parts.map((part) => [part, !(part in errors)])),
          analytics: null,
        },
        errors: isWell
          ? null
          : Object.fromEntries(parts.map((part) => [part, errors[part] ?? null])),
        meta: {
          version: about.version,
          data_format: about.dataFormat,
          vector_engine: ports.vectors.kind,
          blob_store: ports.blobs.kind,
          uptime_seconds: Math.round((ports.now().getTime() - about.startedAt.getTime()) / 1000),
          ...(query.metrics && { memory_bytes: process.memoryUsage.rss() }),
        },
      }
    },
  }),
  route({
    operationId: 'getLiveness',
    method: 'GET',
    path: '/v1/health/liveness',
    summary: 'Whether this process answers at all',
    tag: 'health',
    access: 'public',
    response: z.object({ status: z.literal('OK') }),
    failures: [],
    handle: async () => ({ status: 'OK' as const }),
  }),
  route({
    operationId: 'getBeat',
    method: 'GET',
    path: '/v1/health/beat',
    summary: 'Whether work for later can be queued, and since when this process runs',
    tag: 'health',
    access: 'public',
    response: z.object({
      status: z.enum(['OK', 'DEGRADED']),
      time: z.string(),
      started_at: z.string(),
    }),
    failures: [],
    handle: async ({ ports, about, signal }) => {
      const reason = await reasonOf(() => checkQueue(ports.db), checkTimeoutMs, signal)
      return {
        status: reason === null ? ('OK' as const) : ('DEGRADED' as const),
        time: ports.now().toISOString(),
        started_at: about.startedAt.toISOString(),
      }
    },
  }),
]

interface Asked {
  isDeep: boolean
  signal: AbortSignal
}

/** Which parts do not answer, and why. A part that this size of the product does not have is well. */
async function failedParts(
  ports: Ports,
  { isDeep, signal }: Asked,
): Promise<Partial<Record<Part, string>>> {
  const checks: Partial<Record<Part, (signal: AbortSignal) => Promise<unknown>>> = {
    metadata: () => checkDatabase(ports.db),
    task_queue: () => checkQueue(ports.db),
    vector_store: (own) => ports.vectors.ping(own),
    object_storage: async (own) => {
      await ports.blobs.ping(own)
      await ports.room.assertRoom()
    },
    ...(isDeep && {
      inference: (own: AbortSignal) =>
        ports.embedder.embed(ports.config.embeddingModel, ['health'], 'query', own),
    }),
  }
  const timeoutMs = isDeep ? deepCheckTimeoutMs : checkTimeoutMs
  const failed: Partial<Record<Part, string>> = {}
  await Promise.all(
    parts.map(async (part) => {
      const check = checks[part]
      const reason = check ? await reasonOf(check, timeoutMs, signal) : null
      if (reason !== null) failed[part] = reason
    }),
  )
  return failed
}

/** Null where the check passes in time. */
async function reasonOf(
  check: (signal: AbortSignal) => Promise<unknown>,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<string | null> {
  const controller = new AbortController()
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => late.reject(new Error(`no answer within ${timeoutMs} ms`)),
    timeoutMs,
  )
  try {
    await Promise.race([check(AbortSignal.any([signal, controller.signal])), late.promise])
    return null
  } catch (error) {
    controller.abort(error)
    return error instanceof Error ? error.message : String(error)
  } finally {
    clearTimeout(timer)
  }
}
