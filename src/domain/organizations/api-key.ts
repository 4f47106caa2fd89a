import { createHash, randomBytes } from 'node:crypto'
import type { Permission } from './principal.ts'

export const keyStatuses = ['active', 'revoked', 'expired'] as const
export type KeyStatus = (typeof keyStatuses)[number]

/** The key that the first start makes: it cannot be changed, revoked or rotated over the API (contract 6.3). */
export const adminKeyName = 'admin-key'

/** What a caller proves its organization and rights with. The key itself is kept nowhere, only its hash. */
export interface ApiKey {
  id: string
  organizationId: string
  userId: string
  name: string
  /** SHA-256, lower-case hex. */
  hash: string
  /** The first ten characters and `...`. */
  prefix: string
  description: string
  permissions: Permission[]
  scopes: Record<string, unknown>[]
  status: KeyStatus
  rateLimitOverride: number | null
  expiresAt: Date | null
  lastUsedAt: Date | null
  createdAt: Date
  createdBy: string | null
  revokedAt: Date | null
  revokedBy: string | null
}

/** `sk_` and 32 random bytes: too much entropy for the hash to tell anything. */
export function newApiKey(): string {
  return `sk_${randomBytes(32).toString('base64url')}`
}

export function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('hex')
}

export function prefixOf(key: string): string {
  return `${key.slice(0, 10)}...`
}

/** `expired` is not stored: time makes it. */
export function statusAt(key: Pick<ApiKey, 'status' | 'expiresAt'>, now: Date): KeyStatus {
  const isOver = key.expiresAt !== null && key.expiresAt.getTime() <= now.getTime()
  return key.status === 'active' && isOver ? 'expired' : key.status
}

/** The wire shape of contract 6.3; clients insist on `key_hash` and `internal_id`, which are harmless here. */
export function apiKeyAnswer(key: ApiKey, internalId: string, now: Date) {
  return {
    key_id: key.id,
    key_hash: key.hash,
    key_prefix: key.prefix,
    key_type: 'standard' as const,
    internal_id: internalId,
    organization_id: key.organizationId,
    user_id: key.userId,
    name: key.name,
    description: key.description,
    permissions: key.permissions,
    scopes: key.scopes,
    rate_limit_override: key.rateLimitOverride,
    status: statusAt(key, now),
    expires_at: key.expiresAt?.toISOString() ?? null,
    last_used_at: key.lastUsedAt?.toISOString() ?? null,
    created_at: key.createdAt.toISOString(),
    created_by: key.createdBy,
    revoked_at: key.revokedAt?.toISOString() ?? null,
    revoked_by: key.revokedBy,
    allowed_origins: null,
    subscription_id: null,
  }
}
