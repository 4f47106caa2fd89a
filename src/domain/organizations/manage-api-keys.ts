import type { Ports } from '../../ports/ports.ts'
import {
  insertApiKey,
  listApiKeys as readApiKeys,
  readApiKeyByName,
  updateApiKey,
} from '../../store/api-keys.ts'
import { isUniqueViolation } from '../../store/unique-violation.ts'
import { fail } from '../failure.ts'
import {
  adminKeyName,
  hashOf,
  newApiKey,
  prefixOf,
  type ApiKey,
  type KeyStatus,
} from './api-key.ts'
import { findUser } from './manage-users.ts'
import type { Permission, Principal } from './principal.ts'

type Needs = Pick<Ports, 'db' | 'cache' | 'now' | 'newId'>

export interface ApiKeySpec {
  name: string
  description?: string | undefined
  permissions?: Permission[] | undefined
  scopes?: Record<string, unknown>[] | undefined
  rateLimitOverride?: number | null | undefined
  expiresAt?: Date | null | undefined
}

/** What is undefined stays as it is. */
export type ApiKeyChange = { [K in keyof ApiKeySpec]?: ApiKeySpec[K] | undefined } & {
  status?: KeyStatus | undefined
}

/** A key and its plaintext, which is told this once. */
export interface NewApiKey {
  apiKey: ApiKey
  key: string
}

/** Throws `not_found` for the user, `already_exists` where that user has a key of this name that is not revoked. */
export async function createApiKey(
  ports: Needs,
  caller: Principal,
  email: string,
  spec: ApiKeySpec,
): Promise<NewApiKey> {
  const user = await findUser(ports, caller, email)
  refuseAdminName(spec.name)
  const key = newApiKey()
  const apiKey: ApiKey = {
    id: ports.newId('key'),
    organizationId: caller.organizationId,
    userId: user.id,
    name: spec.name,
    hash: hashOf(key),
    prefix: prefixOf(key),
    description: spec.description ?? '',
    permissions: spec.permissions ?? ['read', 'write', 'delete'],
    scopes: spec.scopes ?? [],
    status: 'active',
    rateLimitOverride: spec.rateLimitOverride ?? null,
    expiresAt: spec.expiresAt ?? null,
    lastUsedAt: null,
    createdAt: ports.now(),
    createdBy: caller.userId,
    revokedAt: null,
    revokedBy: null,
  }
  await unlessTaken(spec.name, () => insertApiKey(ports.db, apiKey))
  ports.cache.forget('api_keys')
  return { apiKey, key }
}

export async function listApiKeys(
  ports: Pick<Ports, 'db'>,
  caller: Principal,
  email: string,
  { withRevoked }: { withRevoked: boolean },
): Promise<ApiKey[]> {
  const user = await findUser(ports, caller, email)
  return await readApiKeys(ports.db, user.id, { withRevoked })
}

/** Throws `not_found`; `forbidden` for the admin key. */
export async function changeApiKey(
  ports: Needs,
  caller: Principal,
  email: string,
  name: string,
  change: ApiKeyChange,
): Promise<ApiKey> {
  const before = await findApiKey(ports, caller, email, name)
  if (change.name !== undefined && change.name !== before.name) refuseAdminName(change.name)
  const after: ApiKey = {
    ...before,
    name: change.name ?? before.name,
    description: change.description ?? before.description,
    permissions: change.permissions ?? before.permissions,
    scopes: change.scopes ?? before.scopes,
    rateLimitOverride:
      change.rateLimitOverride === undefined ? before.rateLimitOverride : change.rateLimitOverride,
    expiresAt: change.expiresAt === undefined ? before.expiresAt : change.expiresAt,
  }
  return await save(ports, withStatus(ports, caller, after, change.status))
}

/** Its name is free again. Throws `not_found`; `forbidden` for the admin key. */
export async function revokeApiKey(
  ports: Needs,
  caller: Principal,
  email: string,
  name: string,
): Promise<void> {
  const key = await findApiKey(ports, caller, email, name)
  await save(ports, withStatus(ports, caller, key, 'revoked'))
}

/** The old secret stops to work at once. Throws `not_found`; `forbidden` for the admin key. */
export async function rotateApiKey(
  ports: Needs,
  caller: Principal,
  email: string,
  name: string,
): Promise<NewApiKey> {
  const before = await findApiKey(ports, caller, email, name)
  const key = newApiKey()
  const apiKey = await save(ports, { ...before, hash: hashOf(key), prefix: prefixOf(key) })
  return { apiKey, key }
}

async function findApiKey(
  ports: Needs,
  caller: Principal,
  email: string,
  name: string,
): Promise<ApiKey> {
  const user = await findUser(ports, caller, email)
  const key = await readApiKeyByName(ports.db, user.id, name)
  if (!key) throw fail('not_found', { resource: 'api_key', id: name })
  if (key.name === adminKeyName) {
    const reason = `'${adminKeyName}' cannot be changed over the API; set NACRE_ADMIN_KEY to replace it.`
    throw fail('forbidden', { reason })
  }
  return key
}

async function save(ports: Needs, key: ApiKey): Promise<ApiKey> {
  await unlessTaken(key.name, () => updateApiKey(ports.db, key))
  ports.cache.forget('api_keys')
  return key
}

function withStatus(
  ports: Needs,
  caller: Principal,
  key: ApiKey,
  status: KeyStatus | undefined,
): ApiKey {
  if (status === 'revoked')
    return { ...key, status, revokedAt: ports.now(), revokedBy: caller.userId }
  if (status === 'expired') return { ...key, status: 'active', expiresAt: ports.now() }
  return key
}

async function unlessTaken(name: string, write: () => Promise<void>): Promise<void> {
  try {
    await write()
  } catch (error) {
    if (isUniqueViolation(error))
      throw fail('already_exists', { resource: 'api_key', name }, { cause: error })
    throw error
  }
}

function refuseAdminName(name: string): void {
  if (name !== adminKeyName) return
  throw fail('forbidden', {
    reason: `The name '${adminKeyName}' is kept for the key of the first start.`,
  })
}
