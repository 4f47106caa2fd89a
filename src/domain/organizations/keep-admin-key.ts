import { findCredential, insertApiKey, readAdminKey, updateApiKey } from '../../store/api-keys.ts'
import { readUserByEmail } from '../../store/users.ts'
import type { Ports } from '../../ports/ports.ts'
import type { Db } from '../../store/tables.ts'
import { adminKeyName, type ApiKey } from './api-key.ts'
import { adminEmail, ensureAdmin, ensureOrganization } from './ensure-first-key.ts'

/** The key that the first start of this server made for the organization; null where it has none. */
export async function firstKeyOf(tx: Db, organizationId: string): Promise<ApiKey | null> {
  const admin = await readUserByEmail(tx, organizationId, adminEmail)
  return admin && (await readAdminKey(tx, admin.id))
}

/**
 * A server's own admin key, after its organization has given way to those of an archive: it is the admin's of the
 * first one now, and the one that had its place keeps working under the name given.
 */
export async function keepAdminKey(
  tx: Db,
  ports: Pick<Ports, 'db' | 'cache' | 'now' | 'newId'>,
  key: ApiKey,
  nameOfOther: string,
): Promise<void> {
  // Both servers may have been given one key.
  if (await findCredential(tx, key.hash)) return
  const organization = await ensureOrganization(tx, ports)
  const admin = await ensureAdmin(tx, ports, organization)
  const other = await readAdminKey(tx, admin.id)
  if (other) await updateApiKey(tx, { ...other, name: nameOfOther })
  const owner = { organizationId: organization.id, userId: admin.id }
  await insertApiKey(tx, { ...key, ...owner, name: adminKeyName })
}
