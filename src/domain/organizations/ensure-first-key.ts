import {
  insertApiKey,
  lockFirstStart,
  readAdminKey,
  replaceKeySecret,
} from '../../store/api-keys.ts'
import { insertOrganization, readFirstOrganization } from '../../store/organizations.ts'
import { insertUser, readUserByEmail } from '../../store/users.ts'
import { readOpenLoad } from '../../store/loads.ts'
import type { Ports } from '../../ports/ports.ts'
import type { Db } from '../../store/tables.ts'
import { adminKeyName, hashOf, newApiKey, prefixOf, type ApiKey } from './api-key.ts'
import type { Organization } from './organization.ts'
import type { User } from './user.ts'

export const adminEmail = 'admin@localhost'

type Needs = Pick<Ports, 'db' | 'cache' | 'now' | 'newId'>

export interface FirstKey {
  /** Null: one is made up where there is none. */
  adminKey: string | null
  /** Puts a key that was made up where its owner finds it. Killed at any point, there is no valid key that nobody knows. */
  keep?: (key: string) => Promise<void>
}

/**
 * An organization, its admin and the admin's key, made where they are absent; of processes that start at once, one
 * makes them. A given key replaces another that was there. Answers the plaintext of a key that was made up here, else
 * null: a given key is known to who gave it.
 */
export async function ensureFirstKey(
  ports: Needs,
  { adminKey, keep }: FirstKey,
): Promise<string | null> {
  const made = await ports.db.transaction().execute(async (tx) => {
    await lockFirstStart(tx)
    // It was begun with such a key, and brings organizations of its own.
    if (await readOpenLoad(tx)) return null
    const organization = await ensureOrganization(tx, ports)
    const admin = await ensureAdmin(tx, ports, organization)
    const present = await readAdminKey(tx, admin.id)
    if (present === null) {
      const key = adminKey ?? newApiKey()
      // Before the commit that makes it valid: a later start cannot tell it again.
      if (adminKey === null) await keep?.(key)
      await insertApiKey(tx, adminApiKey(ports, admin, key))
      return adminKey === null ? key : null
    }
    const isOther = adminKey !== null && present.hash !== hashOf(adminKey)
    if (isOther) await replaceKeySecret(tx, present.id, hashOf(adminKey), prefixOf(adminKey))
    return null
  })
  ports.cache.forget('api_keys')
  return made
}

/** The first one there is, made where there is none; in a transaction. */
export async function ensureOrganization(tx: Db, { now, newId }: Needs): Promise<Organization> {
  const present = await readFirstOrganization(tx)
  if (present) return present
  const organization: Organization = {
    id: newId('org'),
    internalId: newId('int'),
    name: 'default',
    accountType: 'enterprise',
    profile: {},
    metadata: {},
    createdAt: now(),
    updatedAt: now(),
  }
  await insertOrganization(tx, organization)
  return organization
}

/** The organization's admin of the first start, made where it has none; in a transaction. */
export async function ensureAdmin(
  tx: Db,
  { now, newId }: Needs,
  organization: Organization,
): Promise<User> {
  const present = await readUserByEmail(tx, organization.id, adminEmail)
  if (present) return present
  const admin: User = {
    id: newId('usr'),
    organizationId: organization.id,
    email: adminEmail,
    name: 'admin',
    role: 'admin',
    status: 'active',
    avatarUrl: null,
    metadata: {},
    createdAt: now(),
    updatedAt: now(),
  }
  await insertUser(tx, admin)
  return admin
}

function adminApiKey({ now, newId }: Needs, admin: User, key: string): ApiKey {
  return {
    id: newId('key'),
    organizationId: admin.organizationId,
    userId: admin.id,
    name: adminKeyName,
    hash: hashOf(key),
    prefix: prefixOf(key),
    description: 'Made by the first start.',
    permissions: ['admin'],
    scopes: [],
    status: 'active',
    rateLimitOverride: null,
    expiresAt: null,
    lastUsedAt: null,
    createdAt: now(),
    createdBy: null,
    revokedAt: null,
    revokedBy: null,
  }
}
