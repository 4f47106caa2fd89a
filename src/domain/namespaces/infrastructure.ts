import { z } from 'zod'
import { fail, type Fault } from '../failure.ts'
import { allows, type Principal } from '../organizations/principal.ts'
import { suggestion } from '../nearest-name.ts'
import { aliasOf, type Namespace } from './namespace.ts'

/** What may be written, with admin permission (design 6), within the contract's bounds (7.2). */
const writable = {
  description: z.string().max(10_000).nullable(),
  max_concurrent_jobs: z.int().min(1).max(1_000),
  autoscaling_enabled: z.boolean(),
  min_workers: z.int().min(0).max(100),
  max_workers: z.int().min(1).max(100),
}
type WritableName = keyof typeof writable

const defaults: Record<WritableName, unknown> = {
  description: null,
  max_concurrent_jobs: 10,
  autoscaling_enabled: true,
  min_workers: 1,
  max_workers: 10,
}

/** Secrets and addresses: accepted from nobody, shown to nobody. */
const neverShown = ['qdrant_api_key']

/** `infrastructure` of an answer: what is stored, and what the server reports of itself (contract 7.2). */
export function infrastructureAnswer(namespace: Pick<Namespace, 'id' | 'infrastructure'>) {
  return {
    qdrant_collection: aliasOf(namespace),
    compute_tier: 'shared',
    ...defaults,
    ...namespace.infrastructure,
    gpus_per_worker: 1,
    gpu_type: null,
    ray_cluster_id: null,
    ray_head_node_url: null,
    ray_dashboard_url: null,
    qdrant_url: null,
    s3_vector_bucket: null,
    s3_plugin_bucket: null,
    s3_plugin_prefix: null,
    max_custom_plugins: 0,
    max_custom_models: 0,
  }
}

/**
 * What a client's `infrastructure` changes in the stored one; null where it changes nothing. Values that are as
 * the answer shows them, null, and the defaults that generated clients fill in are echoes (design 6).
 * Throws `forbidden` without admin permission, `request_invalid` for what only the server says.
 */
export function parseInfrastructure(
  given: Record<string, unknown>,
  namespace: Pick<Namespace, 'id' | 'infrastructure'>,
  principal: Principal,
  location: Fault['location'],
): Record<string, unknown> | null {
  const shown: Record<string, unknown> = infrastructureAnswer(namespace)
  const told = Object.entries(given).filter(([key, value]) => !isEcho(key, value, shown))
  const faults = told.flatMap(([key, value]) => faultsOf(key, value, shown, [...location, key]))
  const next = { ...shown, ...Object.fromEntries(told) }
  if (faults.length === 0 && Number(next['min_workers']) > Number(next['max_workers'])) {
    const message = `is ${String(next['min_workers'])}, more than max_workers, ${String(next['max_workers'])}`
    faults.push({ location: [...location, 'min_workers'], message, type: 'out_of_range' })
  }
  if (faults.length > 0) throw fail('request_invalid', { faults })
  if (told.length === 0) return null
  if (!allows(principal, 'admin')) {
    throw fail('forbidden', {
      reason: 'infrastructure can be changed with admin permission only.',
      needed: 'admin',
    })
  }
  return { ...namespace.infrastructure, ...Object.fromEntries(told) }
}

function isEcho(key: string, value: unknown, shown: Record<string, unknown>): boolean {
  if (value === shown[key]) return true
  if (value === null || value === undefined) return key !== 'description'
  // The contract's own default, which generated clients send where an answer says null.
  return key === 's3_plugin_bucket' && typeof value === 'string' && value.endsWith('-plugins')
}

function faultsOf(
  key: string,
  value: unknown,
  shown: Record<string, unknown>,
  location: Fault['location'],
): Fault[] {
  if (Object.hasOwn(writable, key)) {
    const { error } = writable[key as WritableName].safeParse(value)
    return (error?.issues ?? []).map(({ message }) => ({
      location,
      message,
      type: 'invalid_value',
    }))
  }
  if (!Object.hasOwn(shown, key) && !neverShown.includes(key)) {
    const message = `is no key of infrastructure${suggestion(key, Object.keys(shown))}`
    return [{ location, message, type: 'unknown_field' }]
  }
  const writableNames = Object.keys(writable).join(', ')
  const message = `is reported by the server and cannot be set; writable are ${writableNames}`
  return [{ location, message, type: 'read_only' }]
}
