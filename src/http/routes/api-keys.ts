import { z } from 'zod'
import { apiKeyAnswer, keyStatuses } from '../../domain/organizations/api-key.ts'
import {
  changeApiKey,
  createApiKey,
  listApiKeys,
  revokeApiKey,
  rotateApiKey,
  type NewApiKey,
} from '../../domain/organizations/manage-api-keys.ts'
import { permissions } from '../../domain/organizations/principal.ts'
import { datetime } from '../datetime.ts'
import { route, type CallContext } from '../route.ts'
import { doneAnswer, userEmailParam } from './users.ts'

const keyParams = userEmailParam.extend({ key_name: z.string().min(1).max(100) })

const scope = z.looseObject({
  resource_type: z.enum([
    'organization',
    'user',
    'api_key',
    'namespace',
    'collection',
    'bucket',
    'retriever',
    'cluster',
    'taxonomy',
    'storage_connection',
    'alert',
  ]),
  resource_id: z.string().min(1).max(200),
  operations: z.array(z.string()).max(50).nullish(),
})

const fields = {
  description: z.string().max(500).nullish(),
  permissions: z.array(z.enum(permissions)).min(1).max(4).nullish(),
  scopes: z.array(scope).max(100).nullish(),
  rate_limit_override: z.int().min(1).max(1_000_000_000).nullish(),
  expires_at: datetime.nullish(),
}
const newKey = z.object({ name: z.string().trim().min(1).max(100), ...fields })
const keyChange = z.object({
  name: z.string().trim().min(1).max(100).nullish(),
  status: z.enum(keyStatuses).nullish(),
  ...fields,
})

const time = z.iso.datetime().nullable()
const apiKey = z.object({
  key_id: z.string(),
  key_hash: z.string(),
  key_prefix: z.string(),
  key_type: z.literal('standard'),
  internal_id: z.string(),
  organization_id: z.string(),
  user_id: z.string(),
  name: z.string(),
  description: z.string(),
  permissions: z.array(z.enum(permissions)),
  scopes: z.array(z.record(z.string(), z.unknown())),
  rate_limit_override: z.int().nullable(),
  status: z.enum(keyStatuses),
  expires_at: time,
  last_used_at: time,
  created_at: z.iso.datetime(),
  created_by: z.string().nullable(),
  revoked_at: time,
  revoked_by: z.string().nullable(),
  allowed_origins: z.null(),
  subscription_id: z.null(),
})
const shownOnce = apiKey.extend({ key: z.string() })

export const apiKeyRoutes = [
  route({
    operationId: 'createApiKey',
    method: 'POST',
    path: '/v1/organizations/users/{user_email}/api-keys',
    summary: 'Make a key; it is shown in this answer and never again',
    tag: 'api-keys',
    access: 'admin',
    params: userEmailParam,
    body: newKey,
    bodyRequired: true,
    response: shownOnce,
    failures: ['unauthorized', 'forbidden', 'request_invalid', 'not_found', 'already_exists'],
    handle: async (call) => {
      const { ports, principal, params, body } = call
      const spec = { ...specOf(body), name: body.name }
      return newKeyAnswer(call, await createApiKey(ports, principal, params.user_email, spec))
    },
  }),
  route({
    operationId: 'listApiKeys',
    method: 'GET',
    path: '/v1/organizations/users/{user_email}/api-keys',
    summary: 'The keys of a user, without the keys themselves',
    tag: 'api-keys',
    access: 'admin',
    params: userEmailParam,
    query: z.object({ include_revoked: z.stringbool().default(false) }),
    response: z.object({ results: z.array(apiKey), total: z.int() }),
    failures: ['unauthorized', 'forbidden', 'not_found'],
    handle: async ({ ports, principal, params, query }) => {
      const withRevoked = query.include_revoked
      const keys = await listApiKeys(ports, principal, params.user_email, { withRevoked })
      const results = keys.map((key) => apiKeyAnswer(key, principal.internalId, ports.now()))
      return { results, total: results.length }
    },
  }),
  route({
    operationId: 'updateApiKey',
    method: 'PATCH',
    path: '/v1/organizations/users/{user_email}/api-keys/{key_name}',
    summary: 'Change what is given of a key',
    tag: 'api-keys',
    access: 'admin',
    params: keyParams,
    body: keyChange,
    response: apiKey,
    failures: ['unauthorized', 'forbidden', 'request_invalid', 'not_found', 'already_exists'],
    handle: async ({ ports, principal, params, body }) => {
      const change = {
        ...specOf(body),
        name: body.name ?? undefined,
        status: body.status ?? undefined,
      }
      const key = await changeApiKey(ports, principal, params.user_email, params.key_name, change)
      return apiKeyAnswer(key, principal.internalId, ports.now())
    },
  }),
  route({
    operationId: 'deleteApiKey',
    method: 'DELETE',
    path: '/v1/organizations/users/{user_email}/api-keys/{key_name}',
    summary: 'Revoke a key',
    tag: 'api-keys',
    access: 'admin',
    params: keyParams,
    status: 200,
    response: doneAnswer,
    failures: ['unauthorized', 'forbidden', 'not_found'],
    handle: async ({ ports, principal, params }) => {
      await revokeApiKey(ports, principal, params.user_email, params.key_name)
      return { success: true as const, message: `Key '${params.key_name}' is revoked.` }
    },
  }),
  route({
    operationId: 'rotateApiKey',
    method: 'POST',
    path: '/v1/organizations/users/{user_email}/api-keys/{key_name}/rotate',
    summary: 'Replace the secret of a key; the old one stops to work at once',
    tag: 'api-keys',
    access: 'admin',
    params: keyParams,
    response: shownOnce,
    failures: ['unauthorized', 'forbidden', 'not_found'],
    handle: async (call) => {
      const { ports, principal, params } = call
      return newKeyAnswer(
        call,
        await rotateApiKey(ports, principal, params.user_email, params.key_name),
      )
    },
  }),
]

function newKeyAnswer({ ports, principal }: CallContext, { apiKey: made, key }: NewApiKey) {
  return { ...apiKeyAnswer(made, principal.internalId, ports.now()), key }
}

/** Null is as absent, but for the limit and the expiry, which it clears. */
function specOf(body: Omit<z.infer<typeof keyChange>, 'name' | 'status'>) {
  return {
    description: body.description ?? undefined,
    permissions: body.permissions ?? undefined,
    scopes: body.scopes ?? undefined,
    rateLimitOverride: body.rate_limit_override,
    expiresAt: body.expires_at,
  }
}
