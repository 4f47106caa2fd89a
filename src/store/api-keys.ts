import { sql, type Selectable } from 'kysely'
import { adminKeyName, type ApiKey } from '../domain/organizations/api-key.ts'
import type { Principal } from '../domain/organizations/principal.ts'
import type { UserStatus } from '../domain/organizations/user.ts'
import type { Db, Tables } from './tables.ts'

/** What a request needs to know of the key it carries: one row, kept in memory. */
export interface Credential {
  principal: Principal
  status: ApiKey['status']
  expiresAt: Date | null
  userStatus: UserStatus
}

/** Null where no key has this hash. */
export async function findCredential(db: Db, hash: string): Promise<Credential | null> {
  const row = await db
    .selectFrom('api_keys')
    .innerJoin('users', 'users.id', 'api_keys.user_id')
    .innerJoin('organizations', 'organizations.id', 'api_keys.organization_id')
    .selectAll('api_keys')
    .select(['users.status as user_status', 'organizations.internal_id'])
    .where('api_keys.hash', '=', hash)
    .executeTakeFirst()
  if (!row) return null
  return {
    principal: {
      organizationId: row.organization_id,
      internalId: row.internal_id,
      userId: row.user_id,
      keyId: row.id,
      permissions: row.permissions,
      scopes: row.scopes,
    },
    status: row.status,
    expiresAt: row.expires_at,
    userStatus: row.user_status,
  }
}

/** Of processes that start at once, one makes the first key; held to the end of the transaction. */
export async function lockFirstStart(tx: Db): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('nacre.first_key', 0))`.execute(tx)
}

/** The admin key of that user, whatever its status; null before the first start. */
export async function readAdminKey(db: Db, userId: string): Promise<ApiKey | null> {
  const row = await db
    .selectFrom('api_keys')
    .selectAll()
    .where('user_id', '=', userId)
    .where('name', '=', adminKeyName)
    .orderBy('created_at')
    .limit(1)
    .executeTakeFirst()
  return row ? apiKeyOf(row) : null
}

export async function replaceKeySecret(
  db: Db,
  id: string,
  hash: string,
  prefix: string,
): Promise<void> {
  await db
    .updateTable('api_keys')
    .set({ hash, prefix, status: 'active', expires_at: null, revoked_at: null, revoked_by: null })
    .where('id', '=', id)
    .execute()
}

/** A unique violation where the user has a key of this name that is not revoked. */
export async function insertApiKey(db: Db, key: ApiKey): Promise<void> {
  const { id, organizationId, userId, createdAt, createdBy } = key
  await db
    .insertInto('api_keys')
    .values({
      id,
      organization_id: organizationId,
      user_id: userId,
      created_at: createdAt,
      created_by: createdBy,
      ...columnsOf(key),
    })
    .execute()
}

export async function updateApiKey(db: Db, key: ApiKey): Promise<void> {
  await db.updateTable('api_keys').set(columnsOf(key)).where('id', '=', key.id).execute()
}

/** The user's key of this name that is not revoked. */
export async function readApiKeyByName(
  db: Db,
  userId: string,
  name: string,
): Promise<ApiKey | null> {
  const row = await db
    .selectFrom('api_keys')
    .selectAll()
    .where('user_id', '=', userId)
    .where('name', '=', name)
    .where('status', '!=', 'revoked')
    .executeTakeFirst()
  return row ? apiKeyOf(row) : null
}

const keysMax = 1_000

/** In the order they were made. */
export async function listApiKeys(
  db: Db,
  userId: string,
  { withRevoked }: { withRevoked: boolean },
): Promise<ApiKey[]> {
  let query = db.selectFrom('api_keys').selectAll().where('user_id', '=', userId)
  if (!withRevoked) query = query.where('status', '!=', 'revoked')
  const rows = await query.orderBy('created_at').orderBy('id').limit(keysMax).execute()
  return rows.map(apiKeyOf)
}

export async function writeLastUse(db: Db, keyIds: readonly string[], at: Date): Promise<void> {
  await db.updateTable('api_keys').set({ last_used_at: at }).where('id', 'in', keyIds).execute()
}

function columnsOf(key: ApiKey) {
  return {
    name: key.name,
    hash: key.hash,
    prefix: key.prefix,
    description: key.description,
    permissions: JSON.stringify(key.permissions),
    scopes: JSON.stringify(key.scopes),
    status: key.status,
    rate_limit_override: key.rateLimitOverride,
    expires_at: key.expiresAt,
    revoked_at: key.revokedAt,
    revoked_by: key.revokedBy,
  }
}

function apiKeyOf(row: Selectable<Tables['api_keys']>): ApiKey {
  return {
    id: row.id,
    organizationId: row.organization_id,
    userId: row.user_id,
    name: row.name,
    hash: row.hash,
    prefix: row.prefix,
    description: row.description,
    permissions: row.permissions,
    scopes: row.scopes,
    status: row.status,
    rateLimitOverride: row.rate_limit_override,
    expiresAt: row.expires_at,
    lastUsedAt: row.last_used_at,
    createdAt: row.created_at,
    createdBy: row.created_by,
    revokedAt: row.revoked_at,
    revokedBy: row.revoked_by,
  }
}
